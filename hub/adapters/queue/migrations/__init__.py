"""Numbered migrations. One that old code can't live with is split: `pre_` before, `post_` after it."""
