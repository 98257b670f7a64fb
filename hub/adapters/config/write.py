"""A configuration's text from a template: values are spelt as TOML, so that none can break out of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import tomli_w

_MARK: Final = re.compile(r"<<([a-z0-9_]+)>>")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put each value in the place of its `<<name>>`. Raises KeyError for a mark without a value."""
    return _MARK.sub(lambda found: _spell(values[found[1]]), template)


def _spell(value: str) -> str:
    return tomli_w.dumps({"k": value}).removeprefix("k = ").rstrip("\n")
