"""What is taken at most, and which versions of the model: known before a document is looked at."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 8 << 20
"""Bytes of one document, whatever the settings say."""
MAX_ELEMENTS: Final = 50_000
"""Published documents have up to 1,400."""
MAX_LINES: Final = 200
MAX_TEXT: Final = 10_000
"""Signs of a name, a dosage or a note."""
VERSIONS: Final = ("2022.01", "2023.01", "2024.01")
"""Versions of eP-MED-DM that were read in published documents."""
