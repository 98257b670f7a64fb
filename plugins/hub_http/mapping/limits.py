"""How much templates and answers may ask for."""

from __future__ import annotations

from typing import Final

MAX_SOURCE: Final = 64 << 10
"""Characters of a template."""
MAX_DEPTH: Final = 50
"""Levels of a template's expressions, and of a JSON tree in a description."""
MAX_TEXT: Final = 1 << 20
"""Characters (and members of a list) that anything in a template may come to, documents apart."""
MAX_INTEGER: Final = 2**63
"""Numbers in a template stay below it."""
MAX_LOOPS: Final = 100_000
"""Passes of all loops of one XML body together."""
MAX_NESTED: Final = 100
"""Levels of a JSON or XML answer."""
MAX_VALUES: Final = 1_000_000
"""Values of a JSON answer, or tags and attributes of an XML one: each weighs far more than its signs."""
MAX_PATTERN_TEXT: Final = 64 << 10
"""Characters that a pattern is tried on."""
PATTERN_SECONDS: Final = 0.25
"""How long a pattern may be tried; a sane one takes microseconds."""
