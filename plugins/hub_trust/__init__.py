"""The space of trust, as a signed list of operators and their domains."""

from __future__ import annotations
