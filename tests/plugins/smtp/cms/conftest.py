"""An authority and one certificate of every kind, made once for all tests of CMS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins.smtp.cms.made import KINDS, Authority, Pair


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Make the authority that everybody trusts."""
    return Authority()


@pytest.fixture(scope="session")
def pairs(authority: Authority) -> dict[str, Pair]:
    """Make one certificate of each kind, and a second RSA one under `other`."""
    made = {kind: authority.issue(kind) for kind in (*KINDS, "ed25519")}
    return made | {"other": authority.issue("rsa", addresses=["other@example.org"])}


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, bytes], str]:
    """Write bytes to a file of the test's own and return its path."""

    def write(name: str, data: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return write
