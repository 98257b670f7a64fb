"""The papers that all tests of the SMTP sessions show to each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from hub_smtp.settings import TlsSettings
from tests.plugins.smtp.wire.world import Papers


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """Return an authority that both ends believe in."""
    return Papers(tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="session")
def operator(papers: Papers) -> TlsSettings:
    """Return the certificate of an operator that the hub knows."""
    return papers.issue("mx.chu.example")


@pytest.fixture(scope="session")
def mailbox(papers: Papers) -> TlsSettings:
    """Return the certificate of the server that the hub delivers to."""
    return papers.issue("mx.cabinet.example")


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test on both loops: their TLS differs."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
