"""Which edition of some files was read."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from hub.plugin.edition import Edition


def test_time_and_digest_name_the_content(tmp_path: Path) -> None:
    """The time is the newest file's, the age the oldest's, and another content has another digest."""
    for name, at in (("a", 1_000_000_000), ("b", 2_000_000_000)):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (at, at))
    edition, other = Edition(), Edition()
    for name in ("a", "b"):
        edition.add(tmp_path / name)
    assert edition.oldest == datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)
    assert edition.name[:16] == "2033-05-18T03:33"
    (tmp_path / "b").write_text("c")
    os.utime(tmp_path / "b", (2_000_000_000, 2_000_000_000))
    for name in ("a", "b"):
        other.add(tmp_path / name)
    assert edition.name[:16] == other.name[:16]
    assert edition.name != other.name


def test_no_files_have_no_name() -> None:
    """What was not read from files is not named after them."""
    assert (Edition().name, Edition().oldest) == ("", None)
