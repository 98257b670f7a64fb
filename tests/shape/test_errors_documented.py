"""Every code that the hub can give is in the reference, and the reference holds no others."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from tests.shape.codes import ROOT, codes, sources

REFERENCE = ROOT / "docs" / "reference" / "errors.md"


def documented() -> set[str]:
    """Return the codes in the first column of every table."""
    rows = [line.split("|")[1] for line in REFERENCE.read_text().splitlines() if line.startswith("| `")]
    return {code for row in rows for code in re.findall(r"`([^`]+)`", row)}


def test_every_code_is_documented() -> None:
    """Somebody who sees a code finds what it means and what to do."""
    known = documented()
    missing = {one for one in codes() if one not in known and not _covered(one, known)}
    assert missing == set()


def test_the_reference_holds_no_code_that_is_gone() -> None:
    """What stands there can be met."""
    found, text = codes(), "".join(file.read_text() for file in sources())
    gone = {
        one
        for one in documented() - found
        if not one.endswith("*") and not re.search(rf"[\"'.]{re.escape(one.rpartition('.')[2])}[\"']", text)
    }
    assert gone == set()


def test_every_row_says_what_and_who() -> None:
    """No empty promises."""
    for line in REFERENCE.read_text().splitlines():
        if line.startswith("| `"):
            _, _, what, who, _, _ = line.split("|")
            assert what.strip(), line
            assert who.strip(), line


def _covered(code: str, known: set[str]) -> bool:
    return any(one.endswith("*") and fnmatchcase(code, one) for one in known)
