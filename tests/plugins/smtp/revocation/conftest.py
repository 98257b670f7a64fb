"""One authority by OpenSSL for all tests that change nothing of it, and one of each test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.smtp.revocation.authority import OpensslAuthority


@pytest.fixture
def authority(tmp_path: Path) -> OpensslAuthority:
    """Make an authority."""
    return OpensslAuthority(tmp_path / "authority")
