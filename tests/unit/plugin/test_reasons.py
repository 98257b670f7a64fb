"""The words for files that can't be used."""

from __future__ import annotations

import errno

from hub.errors import Words
from hub.plugin import reasons


def test_a_reason_is_in_both_languages() -> None:
    """The system's own words would be English only."""
    assert reasons.why(FileNotFoundError(errno.ENOENT, "x")) == Words(
        en="there is no such file or folder", fr="ce fichier ou dossier n'existe pas"
    )


def test_a_rare_reason_is_its_code() -> None:
    """A code can be looked up; an error without one is named by its type."""
    assert reasons.why(OSError(errno.EIO, "x")) == Words(en="EIO", fr="EIO")
    assert reasons.why(OSError("x")) == Words(en="OSError", fr="OSError")
