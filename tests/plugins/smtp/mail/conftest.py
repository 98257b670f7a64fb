"""One world for all tests of mail: making keys takes longer than using them."""

from __future__ import annotations

import pytest

from tests.plugins.smtp.mail.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Make the hospital's and the hub's keys."""
    return World(tmp_path_factory.mktemp("mail"))
