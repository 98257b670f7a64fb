"""Faults on demand: what a hub meets, and what the double has done; and the interface that asks for them."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.domain.outcome import Deferred, Delivered, Uncertain
from hub.errors import InputError
from hub_http.double import faults
from hub_http.double.faults import KINDS, Fault, Plan
from hub_http.double.paths import Fit, fitting
from tests.plugins.http.double.stage import Stage, again, described, staged
from tests.shape.codes import ROOT

MET = {
    "silent": (Uncertain, "http.too_slow", 0),
    "cut": (Uncertain, "http.lost_answer", 0),
    "lost": (Uncertain, "http.lost_answer", 1),
    "busy": (Deferred, "http.transient", 0),
    "status:404": (None, "http.refused", 0),
    "done:500": (Deferred, "http.transient", 1),
    "malformed": (Uncertain, "http.answer_lacks", 1),
    "truncated": (Uncertain, "http.lost_answer", 1),
    "huge": (Uncertain, "http.answer_too_large", 1),
    "redirect": (Deferred, "http.configuration", 0),
    "slow": (Uncertain, "http.too_slow", 1),
}


@pytest.mark.parametrize("kind", list(MET))
async def test_a_fault_is_what_it_is_called(tmp_path: Path, kind: str) -> None:
    """What the hub makes of it, and whether the operator has the message."""
    wanted, code, count = MET[kind]
    async with staged(tmp_path, described("webhook")) as stage:
        stage.double.fault("send", kind)
        sent = stage.parcel()
        outcome: Any = await stage.outcome(sent)
        assert outcome.code == code
        assert wanted is None or isinstance(outcome, wanted)
        assert len(stage.double.messages) == count
        if wanted is not None:
            assert isinstance(await _later(stage, sent), Delivered)
            assert len(stage.double.messages) == 1


async def _later(stage: Stage, sent: Any) -> Any:
    async with stage.restarted() as connector:
        (outcome,) = (await connector.deliver(again(sent))).values()
    return outcome


async def test_html_in_the_place_of_json_is_read_as_it_is(tmp_path: Path) -> None:
    """An answer under the wrong name is believed where the description names no media types."""
    async with staged(tmp_path, described("webhook")) as stage:
        stage.double.fault("send", "wrong-type")
        assert isinstance(await stage.outcome(stage.parcel()), Delivered)


async def test_faults_are_committed_as_often_as_asked_for(tmp_path: Path) -> None:
    """Then the operator is well again by itself; each is in what it saw."""
    async with staged(tmp_path, described("webhook")) as stage:
        stage.double.fault("*", "status:500", 2)
        kinds = [type(await stage.outcome(stage.parcel())) for _ in range(3)]
        assert kinds == [Deferred, Deferred, Delivered]
        assert [one.fault for one in stage.double.seen] == ["status", "status", None]


async def test_a_fault_of_no_route_is_refused(tmp_path: Path) -> None:
    """Who misspells a route learns which there are, and does not wait for a fault that never comes."""
    async with staged(tmp_path, described("webhook")) as stage:
        with pytest.raises(InputError, match="there are: \\*, ping, send, events") as refused:
            stage.double.fault("sned", "lost")
        assert refused.value.code == "double.fault"


@pytest.mark.parametrize("text", ["send", "send=", "=lost", "send=nothing", "send=status:99", "send=lost:0"])
def test_what_is_no_fault_is_refused(text: str) -> None:
    """The words name the kinds."""
    with pytest.raises(InputError, match="lost") as caught:
        Plan().add(Fault.parse(text))
    assert caught.value.code == "double.fault"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("send=lost", Fault(route="send", kind="lost")),
        ("*=status:429:3", Fault(route="*", kind="status", status=429, times=3)),
        ("send=wrong-type:2", Fault(route="send", kind="wrong-type", times=2)),
    ],
)
def test_faults_are_read_from_a_command_line(text: str, read: Fault) -> None:
    """Route, kind, and how often."""
    assert Fault.parse(text) == read


def test_routes_are_found_as_paths_are_written() -> None:
    """Encoded signs are the same signs; a variable is one segment."""
    simulate = described("fhir-messaging").simulate
    assert simulate is not None
    for path in ("/CommunicationRequest/$send-to-mailbox", "/CommunicationRequest/%24send-to-mailbox"):
        found = fitting(simulate.routes, "POST", path)
        assert isinstance(found, Fit)
        assert found.route.name == "communicate"
    mesh = described("mesh").simulate
    assert mesh is not None
    found = fitting(mesh.routes, "GET", "/messageexchange/A%20B/inbox/1")
    assert isinstance(found, Fit)
    assert (found.route.name, found.path) == ("download", {"mailbox": "A B", "id": "1"})


async def test_a_person_can_look_and_ask_for_faults(tmp_path: Path) -> None:
    """What lies there, one message, what others send, faults, and a clean table."""
    async with staged(tmp_path, described("two-phase")) as stage:
        await stage.outcome(stage.parcel())
        context = ssl.create_default_context(cafile=str(stage.double.anchors))
        connector = aiohttp.TCPConnector(ssl=context)
        async with aiohttp.ClientSession(stage.double.url, connector=connector) as session:

            async def ask(method: str, what: str, said: Any = None) -> tuple[int, Any]:
                """Ask the double."""
                data = (
                    said if isinstance(said, bytes) else None if said is None else json.dumps(said).encode()
                )
                async with session.request(method, f"/_double/{what}", data=data) as answer:
                    return answer.status, json.loads(await answer.read())

            _, listed = await ask("GET", "messages")
            (one,) = listed["messages"]
            assert one["state"] == "accepted"
            _, payload = await ask("GET", f"messages/{one['id']}")
            assert payload["subject"] == "Compte rendu"
            status, came = await ask("POST", "incoming", json.dumps(payload).encode())
            assert (status, stage.double.held[-1].id) == (201, came["id"])
            await stage.inbox().look()
            assert len(stage.intake.submissions) == 1
            assert (await ask("POST", "faults", {"route": "register", "kind": "lost", "times": 5}))[0] == 200
            assert isinstance(await stage.outcome(stage.parcel()), Deferred)
            assert (await ask("DELETE", "faults"))[0] == 200
            assert isinstance(await stage.outcome(stage.parcel()), Delivered)
            for said in ({"route": "register", "kind": "nothing"}, {"kind": "lost"}, ["lost"]):
                assert (await ask("POST", "faults", said))[0] in {400, 422}
            assert (await ask("GET", "messages/none"))[0] == 404
            assert (await ask("POST", "nothing"))[0] == 404
            await ask("POST", "reset")
            assert not stage.double.held


def test_every_kind_of_fault_is_documented() -> None:
    """In the page for those who ask for them, and beside the code that commits them."""
    page = (ROOT / "docs" / "how-to" / "run-an-operator-on-a-laptop.md").read_text("utf-8")
    for kind in (*KINDS, "status:NNN", "done:NNN"):
        assert f"| `{kind}` |" in page
        assert f"`{kind}`" in (faults.__doc__ or "")
