"""One authority and one slapd for all tests that leave it alive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.annuaire_ldap import people, slapd
from tests.plugins.annuaire_ldap.slapd import Authority, Server


@pytest.fixture(scope="session")
def by(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority."""
    return slapd.authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def server(by: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a running slapd that holds everybody."""
    with slapd.running(tmp_path_factory.mktemp("slapd"), by, people.records(by)) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder for one test."""
    return tmp_path
