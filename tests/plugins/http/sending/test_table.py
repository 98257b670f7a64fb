"""The fault table that docs print is what really happens: each description × step × fault, over the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hub.domain.outcome import Deferred, Outcome, Refused, Uncertain
from hub.testing.connector_contract import deliver, make
from hub_http.sending.table import Fault, answer_of, outcomes_of
from tests.plugins.http.sending.world import DRAFT, JSON, TWO_PHASE, HttpRig, described, rig_of

APIS = {"json": JSON, "two_phase": TWO_PHASE, "draft": DRAFT}
IN_TIME: dict[str, Any] = {"limits": {"answer_timeout": "300ms"}}
SAID = {Fault.LOST: "cut", Fault.SILENCE: "hang"}


def _kind(outcome: Outcome) -> tuple[str, str]:
    code = outcome.code if isinstance(outcome, Deferred | Refused | Uncertain) else ""
    return type(outcome).__name__.lower(), code


async def _commit(rig: HttpRig, steps: list[str], step: str, fault: Fault) -> None:
    """Make the operator commit a fault at a step; earlier ones go well."""
    if fault is Fault.CONNECTION:
        await rig.shut()
        return
    answer = answer_of(fault)
    said: web.Response | str = SAID.get(fault, "cut")
    if answer is not None:
        status, headers, body = answer
        said = web.Response(status=status, headers=headers, body=body)
    # each document is attached by a request of its own
    count = sum(1 for name in steps[: steps.index(step)])
    rig.service.script = [*([None] * count), said]


@pytest.mark.parametrize("api", list(APIS))
@pytest.mark.parametrize("fault", list(Fault), ids=lambda one: one.name.lower())
async def test_the_table_is_what_happens(tmp_path: Path, api: str, fault: Fault) -> None:
    """At every step: the outcome, and its code, that the description alone foretells."""
    description = described(APIS[api], **IN_TIME)
    assert description.send is not None
    steps = [one.name for one in description.send.steps]
    table = {(one.step, one.fault): (one.outcome, one.code) for one in outcomes_of(description)}
    for step in steps:
        if fault is Fault.TLS or (fault is Fault.CONNECTION and step != steps[0]):
            continue  # a server can't change its certificate between two requests of one connection
        async with rig_of(tmp_path / step, description) as rig:
            await _commit(rig, steps, step, fault)
            (outcome,) = (await deliver(rig, make(rig, rig.good[:1]))).values()
            assert _kind(outcome) == table[step, fault], step


def test_every_fault_of_every_step_has_its_line() -> None:
    """Nobody has to guess."""
    table = outcomes_of(described(DRAFT))
    assert [(one.step, one.fault) for one in table] == [
        (step, fault) for step in ("draft", "attach", "send") for fault in Fault
    ]


def test_what_follows_depends_on_the_idempotency() -> None:
    """Asked about, sent again under its id, or a person decides."""
    said = {
        name: {one.then for one in outcomes_of(described(api)) if one.outcome == "uncertain"}
        for name, api in APIS.items()
    }
    assert said == {
        "json": {"asked about"},
        "two_phase": {"sent again under its id"},
        "draft": {"a person decides"},
    }
