"""The sample files are what their builder makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import build_annuaire as sample


def test_building_the_sample_again_leaves_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So nobody edits them by hand."""
    committed = {path.relative_to(sample.FOLDER): path.read_bytes() for path in sample.FOLDER.rglob("*.txt")}
    monkeypatch.setattr(sample, "FOLDER", tmp_path)
    sample.main()
    assert committed == {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.txt")}


def test_the_files_have_the_real_number_of_columns() -> None:
    """31 and 56."""
    assert (len(sample.MAILBOX_COLUMNS), len(sample.ACTIVITY_COLUMNS)) == (31, 56)


def test_every_address_is_a_documentation_domain() -> None:
    """Nobody's mailbox can be meant (RFC 2606, 2)."""
    assert all(one.address.endswith(".mssante.example") for one in sample.professionals())
    assert len(sample.professionals()) == 40
