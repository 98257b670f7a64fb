"""The way out: a named Python hook makes a body, reads an answer, or does the whole send."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Delivered, Outcome, Uncertain
from hub.errors import ConfigError
from hub.ports.connector import Parcel, Recovers
from hub.testing.connector_contract import deliver, make
from hub_http import hooks
from hub_http.description.model import Description
from tests.plugins.http.sending.world import JSON, described, rig_of

BODY = '{"ours": "ours", "to": "made@valbrume.mssante.example", "subject": "made", "documents": []}'


class Hook:
    """Does everything that a hook may do for a send; `breaks` says what it fails at."""

    def __init__(self) -> None:
        self.breaks = ""

    async def body(self, _operator: Any, _parcel: Parcel, _scope: Mapping[str, Any]) -> tuple[str, bytes]:
        """Make a body of its own."""
        if self.breaks == "body":
            raise RuntimeError
        return "application/json", BODY.encode()

    async def read(self, _operator: Any, parcel: Parcel, answer: Any) -> Mapping[DeliveryId, Outcome]:
        """Read the answer."""
        if self.breaks == "read":
            raise RuntimeError
        receipt = f"read {hashlib.sha256(answer.body).hexdigest()}"
        return {parcel.addressees[0].delivery: Delivered(receipt=receipt)}

    async def send(self, _operator: Any, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Do it all."""
        return {one.delivery: Delivered(receipt="whole") for one in parcel.addressees}

    async def recover(self, _operator: Any, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Find out."""
        return {one.delivery: Delivered(receipt="found") for one in parcel.addressees}


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Hook:
    """Offer a hook under any name."""
    one = Hook()
    monkeypatch.setattr(hooks, "named", lambda _name, _ability: one)
    return one


def hooked() -> Description:
    """Describe a step that leaves its body and its answer to a hook."""
    step = {name: value for name, value in JSON["send"]["steps"][0].items() if name != "json"}
    return described(JSON, send={"steps": [{**step, "hook": "ours"}]})


async def test_a_hook_makes_the_body_and_reads_the_answer(tmp_path: Path, hook: Hook) -> None:
    """All else (proof, limits, ids, outcomes) is as described."""
    del hook
    async with rig_of(tmp_path, hooked()) as rig:
        (outcome,) = (await deliver(rig, make(rig, rig.good[:1]))).values()
        assert isinstance(outcome, Delivered)
        assert outcome.receipt.startswith("read ")
        assert rig.service.messages[0].to == ("made@valbrume.mssante.example",)


@pytest.mark.parametrize(("breaks", "expected"), [("body", Deferred), ("read", Uncertain)])
async def test_a_hook_that_fails_counts_by_what_had_left(
    tmp_path: Path, hook: Hook, breaks: str, expected: type[Deferred | Uncertain]
) -> None:
    """Before the request nothing had, after it everything."""
    hook.breaks = breaks
    async with rig_of(tmp_path, hooked()) as rig:
        (outcome,) = (await deliver(rig, make(rig, rig.good[:1]))).values()
        assert isinstance(outcome, expected)
        assert outcome.code == "http.internal"
        assert "http.attempt_failed" in rig.log.events()


async def test_a_hook_does_the_whole_send_and_finds_out(tmp_path: Path, hook: Hook) -> None:
    """Its outcomes are the connector's."""
    del hook
    async with rig_of(tmp_path, described(JSON, send={"hook": "ours"}, recover=None)) as rig:
        sent = make(rig, rig.good[:1])
        assert list((await deliver(rig, sent)).values()) == [Delivered(receipt="whole")]
        assert isinstance(rig.connector, Recovers)
        assert list((await rig.connector.recover(sent)).values()) == [Delivered(receipt="found")]


async def test_a_hook_that_is_not_installed_is_named_when_the_operator_opens(tmp_path: Path) -> None:
    """Not when the first message is to go."""
    with pytest.raises(ConfigError, match="ours"):
        async with rig_of(tmp_path, hooked()):
            raise AssertionError
