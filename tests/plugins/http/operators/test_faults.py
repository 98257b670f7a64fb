"""The fault table that docs print is what really happens: each shipped operator × request × fault, for real.

Against the operator's own double. Whatever fails, what the hub does next leaves exactly one message at the
operator, or at the hub; none at all only where a person decides, or the operator refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.errors import HubError
from hub.ports.connector import Parcel, Recovers
from hub_http.description.simulation import Route, Simulation
from hub_http.fetching.table import reads_of
from hub_http.sending.table import Fault, outcomes_of
from tests import build_faults
from tests.plugins.http.double.stage import Stage, again, described, shipped, staged

AGAIN = 10
"""How often a fault is committed: a request that may be made twice at once is."""
LONG = 60
A_DAY = timedelta(days=1)
FIRST = "*"
ROUTES = {
    ("fhir-messaging", "token"): (FIRST, "token"),
    ("fhir-messaging", "communicate"): ("token", "communicate"),
    ("fhir-messaging", "track"): (FIRST, "tracking"),
    ("mesh", "send"): (FIRST, "send"),
    ("mesh", "recover"): (FIRST, "recover"),
    ("mesh", "track"): (FIRST, "track"),
    ("mesh", "inbox.listing"): (FIRST, "inbox"),
    ("mesh", "inbox.download"): ("inbox", "download"),
    ("mesh", "inbox.acknowledge"): ("download", "acknowledge"),
    ("two-phase", "register"): (FIRST, "register"),
    ("two-phase", "upload"): ("register", "upload"),
    ("two-phase", "inbox.listing"): (FIRST, "messages"),
    ("two-phase", "inbox.download"): ("messages", "payload"),
    ("two-phase", "inbox.acknowledge"): ("payload", "take_message"),
    ("two-phase", "receipts.listing"): (FIRST, "receipts"),
    ("two-phase", "receipts.acknowledge"): ("receipts", "take_receipt"),
    ("hub", "relay"): (FIRST, "relay"),
    ("webhook", "send"): (FIRST, "send"),
}
"""For each request: the route that the double answers just before it, and its own."""
DESCRIBED = {name: described(name) for name in shipped()}
DESCRIBED["hub"] = described("hub").model_copy(
    update={
        "simulate": Simulation(
            routes=(Route(name="relay", method="POST", path="/operators/{name}/envelopes", does="create"),)
        )
    }
)
"""A double can't countersign: it is good enough for what goes wrong. What follows, the tests of hubs tell."""
LINES = {name: {(one.step, one.fault): one for one in outcomes_of(one_)} for name, one_ in DESCRIBED.items()}
READS = {name: {(one.request, one.fault): one for one in reads_of(one_)} for name, one_ in DESCRIBED.items()}


def _kind(fault: Fault) -> str:
    """Return by which of its kinds the double commits a fault; of errors, the one that hurts most."""
    done = fault in {Fault.S500, Fault.S502, Fault.S503}
    return _KINDS.get(fault) or f"{'done' if done else 'status'}:{fault.value}"


_KINDS = {
    Fault.CONNECTION: "refused",
    Fault.TLS: "tls",
    Fault.SILENCE: "silent",
    Fault.LOST: "lost",
    Fault.MALFORMED: "malformed",
    Fault.S503_LATER: "busy",
    Fault.REDIRECT: "redirect",
}


def _spoil(stage: Stage, name: str, request: str, fault: Fault) -> None:
    before, route = ROUTES[name, request]
    kind = _kind(fault)
    if kind in {"refused", "tls"}:
        stage.double.fault(before, kind, LONG)
    else:
        stage.double.fault(route, kind, AGAIN)


def _cells(kind: Any) -> Iterator[Any]:
    for name, table in kind.items():
        for request, fault in table:
            yield pytest.param(name, request, fault, id=f"{name}-{request}-{fault.name.lower()}")


def _reads(*requests: str) -> list[Any]:
    return [one for one in _cells(READS) if one.values[1] in requests]


def _told(outcome: Outcome) -> tuple[str, str]:
    code = outcome.code if isinstance(outcome, Deferred | Refused | Uncertain) else ""
    return type(outcome).__name__.lower(), code


async def _followed(stage: Stage, sent: Parcel, outcome: Outcome) -> Outcome:
    """Do what the hub does next, until there is nothing more to do by itself."""
    send = stage.description.send
    assert send is not None
    for _ in range(5):
        await stage.double.heal()
        stage.clock.advance(timedelta(hours=1))
        if isinstance(outcome, Uncertain) and send.idempotency == "recover":
            async with stage.restarted() as connector:
                assert isinstance(connector, Recovers)
                (outcome,) = (await connector.recover(sent)).values()
        elif isinstance(outcome, Deferred) or (
            isinstance(outcome, Uncertain) and send.idempotency in {"key", "transaction"}
        ):
            sent = again(sent)
            async with stage.restarted() as connector:
                (outcome,) = (await connector.deliver(sent)).values()
        else:
            break
    return outcome


@pytest.mark.parametrize(("name", "step", "fault"), list(_cells(LINES)))
async def test_a_step_that_fails(tmp_path: Path, name: str, step: str, fault: Fault) -> None:
    """The outcome is the documented one, and what follows sends nothing twice and loses nothing."""
    line = LINES[name][step, fault]
    async with staged(tmp_path, DESCRIBED[name]) as stage:
        _spoil(stage, name, step, fault)
        sent = stage.parcel()
        outcome = await stage.outcome(sent)
        if line.outcome == "hook":
            assert _told(outcome) == ("uncertain", "hubs.receipt")
        else:
            assert _told(outcome) == (line.outcome, line.code)
        if name == "hub":
            return
        last = await _followed(stage, sent, outcome)
        count = len(stage.double.messages)
        if isinstance(outcome, Refused):
            assert (last, count) == (outcome, 0)
        elif line.then == "a person decides":
            assert last is outcome
            assert count <= 1
        elif isinstance(outcome, Delivered):
            assert count <= 1
        else:
            assert isinstance(last, Delivered), last
            assert count == 1


@pytest.mark.parametrize(("name", "request_", "fault"), _reads("token"))
async def test_no_token(tmp_path: Path, name: str, request_: str, fault: Fault) -> None:
    """Nothing has left: the message waits, and goes once there is a token."""
    line = READS[name][request_, fault]
    async with staged(tmp_path, DESCRIBED[name]) as stage:
        _spoil(stage, name, request_, fault)
        sent = stage.parcel()
        outcome = await stage.outcome(sent)
        assert _told(outcome) == ("deferred", line.code)
        assert not stage.double.messages
        assert isinstance(await _followed(stage, sent, outcome), Delivered)
        assert len(stage.double.messages) == 1


@pytest.mark.parametrize(("name", "request_", "fault"), _reads("recover"))
async def test_reading_back_fails(tmp_path: Path, name: str, request_: str, fault: Fault) -> None:
    """It stays uncertain, is asked again, and in the end there is one message."""
    line = READS[name][request_, fault]
    async with staged(tmp_path, DESCRIBED[name]) as stage:
        stage.double.fault("send", "lost")
        sent = stage.parcel()
        assert isinstance(await stage.outcome(sent), Uncertain)
        _spoil(stage, name, request_, fault)
        assert isinstance(stage.connector, Recovers)
        (outcome,) = (await stage.connector.recover(sent)).values()
        assert _told(outcome) == (line.then.split(";")[0], line.code)
        assert isinstance(await _followed(stage, sent, outcome), Delivered)
        assert len(stage.double.messages) == 1


@pytest.mark.parametrize(("name", "request_", "fault"), _reads("track"))
async def test_tracking_fails(tmp_path: Path, name: str, request_: str, fault: Fault) -> None:
    """The delivery is what it was; the operator is asked again, unless it says that there is nothing."""
    line = READS[name][request_, fault]
    async with staged(tmp_path, DESCRIBED[name]) as stage:
        await stage.outcome(stage.parcel())
        held = stage.double.messages[0]
        if name == "mesh":
            held.state = "acknowledged"
        _spoil(stage, name, request_, fault)
        stage.clock.advance(timedelta(minutes=40))
        code = ""
        try:
            await stage.track()
        except HubError as error:
            code = error.code
        assert code == line.code
        assert not stage.intake.acknowledgements
        await stage.double.heal()
        stage.clock.advance(timedelta(hours=12))
        async with stage.restarted():
            await stage.track()
        assert len(stage.intake.acknowledgements) == (0 if line.then == "asked no more" else 1)


@pytest.mark.parametrize(
    ("name", "request_", "fault"),
    _reads(
        "inbox.listing", "inbox.download", "inbox.acknowledge", "receipts.listing", "receipts.acknowledge"
    ),
)
async def test_an_inbox_fails(tmp_path: Path, name: str, request_: str, fault: Fault) -> None:
    """What lies there is taken once, whatever failed, and acknowledged after."""
    line = READS[name][request_, fault]
    key = request_.partition(".")[0]
    async with staged(tmp_path, DESCRIBED[name]) as stage:
        await stage.outcome(stage.parcel())
        first = stage.double.messages[0]
        await stage.double.incoming(first.body, dict(first.headers) | stage.addressed())
        _spoil(stage, name, request_, fault)
        codes = await _looked(stage, key)
        assert any(fnmatch(one, line.code) for one in codes) if line.code else not codes, codes
        if "acknowledge" in request_:
            assert len(_taken(stage, key)) == 1
        elif line.then != "passed by":
            assert not _taken(stage, key)
        await stage.double.heal()
        stage.clock.advance(2 * A_DAY)
        async with stage.restarted():
            await stage.inbox(key).look()
        assert len(_taken(stage, key)) == 1
        if key == "inbox":
            assert [one.state for one in stage.double.held if one.incoming] == ["acknowledged"]
        else:
            assert not stage.double.receipts


def _taken(stage: Stage, key: str) -> list[Any]:
    """Return what the hub has: messages once each; a receipt may be told twice, and is one all the same."""
    if key == "inbox":
        return list(stage.intake.submissions)
    return list({one.delivery: one for _, one in stage.intake.acknowledgements}.values())


async def _looked(stage: Stage, key: str) -> set[str]:
    """Look once; return the codes by which the hub tells what went wrong."""
    stage.log.lines.clear()
    codes = set()
    try:
        await stage.inbox(key).look()
    except HubError as error:
        codes.add(error.code)
    return codes | {str(fields["code"]) for _, event, fields in stage.log.lines if event in _TELLING}


_TELLING = ("fetch.item_left", "fetch.item_dropped", "fetch.not_acknowledged")


def test_every_request_has_its_lines() -> None:
    """Nobody has to guess: each request of each shipped operator, with each fault."""
    named = {(name, one) for name in DESCRIBED for one, _ in (*LINES[name], *READS[name])}
    assert named == set(ROUTES)
    for name, request in named:
        table = LINES[name] if (request, Fault.LOST) in LINES[name] else READS[name]
        assert [fault for one, fault in table if one == request] == list(Fault)


def test_the_page_is_up_to_date() -> None:
    """`python -m tests.build_reference` makes it again."""
    assert build_faults.PAGE.read_text("utf-8") == build_faults.page()
