"""The recordings are read whole: other tests stand on them."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.counterparts import shared
from tests.plugins.eprescription import scenarios
from tests.plugins.eprescription.scenarios import What


@pytest.mark.parametrize("name", scenarios.names())
def test_every_recorded_file_is_known_and_there(name: str) -> None:
    """No step of a recording is passed over because its line could not be read."""
    one = scenarios.scenario(name)
    assert one.files
    assert all(file.path.is_file() for file in one.files)
    assert [file for file in one.files if file.what is What.ANSWER] == [
        exchange.answer for exchange in one.exchanges
    ]


def test_the_recordings_are_all_there() -> None:
    """All 84 scenarios with their 37 refusals, and as many activations as were recorded."""
    shared("gematik-erezept")
    everything = list(scenarios.scenarios())
    assert len(everything) == 84
    counted = Counter(file.what for one in everything for file in one.files)
    assert counted[What.SIGNED] == counted[What.TO_SIGN] == 110
    asked = [file for one in everything for file in one.files if file.what is What.REQUEST]
    assert sum(file.target == "/Task/$create" for file in asked) == 88
    assert sum(file.target.endswith("/$activate") for file in asked) == 87


def test_the_table_of_a_step_is_read() -> None:
    """What a prescription is to say stands in a table below the sentence."""
    one = scenarios.scenario("Arztpraxis/e_rezept_durch_verordnenden_löschen")
    rows = [step.table for step in one.steps if step.table]
    assert rows == [[{"Name": "Schmerzmittel", "PZN": "12345678"}]]
