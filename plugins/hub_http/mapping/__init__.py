"""From messages to what an operator's API wants, and back: templates, functions, paths."""
