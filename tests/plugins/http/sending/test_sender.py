"""What senders can rely on, whatever the operator does: told apart, told once, and told by name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hub.core.calling import Watched
from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.errors import ConfigError, PeerError, StoreError, Words
from hub.plugin.ledger import EphemeralLedger
from hub.ports.connector import Parcel, Recovers
from hub.ports.host import Receives
from hub.ports.ledger import Line
from hub.testing.connector_contract import deliver, make
from hub.testing.parcels import Attached, GeneratedContent
from hub_http.sending import lines
from tests.plugins.http.sending.world import DRAFT, JSON, TWO_PHASE, HttpRig, described, rig_of

NO_STATE: dict[str, Any] = {"send": {"idempotency": "none"}, "recover": None}


async def one(rig: HttpRig, sent: Parcel | None = None) -> Outcome:
    """Deliver to one recipient."""
    (outcome,) = (await deliver(rig, sent or make(rig, rig.good[:1]))).values()
    return outcome


# One message for many.


async def test_who_is_refused_by_a_draft_is_left_out_and_the_others_get_it(tmp_path: Path) -> None:
    """The draft is made anew for the others, under an id of their own."""
    async with rig_of(tmp_path, described(DRAFT)) as rig:
        assert rig.unknown is not None
        sent = make(rig, [rig.good[0], rig.unknown, rig.good[1]])
        outcomes = await deliver(rig, sent)
        assert [type(outcomes[one.delivery]) for one in sent.addressees] == [Delivered, Refused, Delivered]
        (message,) = rig.service.messages
        assert message.to == tuple(str(one.address) for one in rig.good[:2])
        assert len(rig.service.drafts) == 1


async def test_many_share_one_id_and_the_ledger_knows_who(tmp_path: Path) -> None:
    """A receipt may name the operator's id or ours, and a recipient: each leads to one delivery."""
    async with rig_of(tmp_path, described(DRAFT)) as rig:
        sent = make(rig, rig.good)
        await deliver(rig, sent)
        (message,) = rig.service.messages
        for known in (
            await lines.of_ours(rig.operator.ledger, message.ours),
            await lines.of_remote(rig.operator.ledger, message.id),
        ):
            assert known is not None
            assert known.call == message.ours
            for addressee in sent.addressees:
                assert known.delivery_of(str(addressee.party.address)) == addressee.delivery
                assert known.delivery_of(addressee.delivery) == addressee.delivery
            assert known.delivery_of("somebody@valbrume.mssante.example") is None
        mine = await lines.of_delivery(rig.operator.ledger, sent.addressees[2].delivery)
        assert mine is not None
        assert mine.call == message.ours


async def test_more_recipients_than_the_operator_takes_go_in_several_messages(tmp_path: Path) -> None:
    """Nobody is left out."""
    async with rig_of(tmp_path, described(DRAFT, send={"max_recipients": 2})) as rig:
        outcomes = await deliver(rig, make(rig, rig.good))
        assert all(isinstance(one, Delivered) for one in outcomes.values())
        assert sorted(len(one.to) for one in rig.service.messages) == [1, 2]


# What is kept.


async def test_nothing_is_written_that_nobody_asks_for(tmp_path: Path) -> None:
    """A send that needs no memory costs no commit."""
    ledger = Counting()
    async with rig_of(tmp_path, described(JSON, **NO_STATE), ledger=ledger) as rig:
        assert isinstance(await one(rig), Delivered)
    assert ledger.puts == []


async def test_that_it_leaves_is_durable_before_it_leaves(tmp_path: Path) -> None:
    """A hub that is killed at any moment can find out afterwards."""
    ledger = Counting()
    async with rig_of(tmp_path, described(JSON), ledger=ledger) as rig:
        ledger.before = lambda: len(rig.service.requests)
        assert isinstance(await one(rig), Delivered)
    assert ledger.puts == [0]


async def test_what_is_tracked_is_due_before_it_counts_as_delivered(tmp_path: Path) -> None:
    """The line has the operator's id and what the question needs."""
    track = {
        "request": {"path": "/messages/{{ remote }}"},
        "every": "1m",
        "until": "3d",
        "events": [{"event": "delivered"}],
    }
    take = {"take": {"url": {"json": "$.id"}}}
    step = {**JSON["send"]["steps"][0], **take}
    changes: dict[str, Any] = {
        "send": {"idempotency": "none", "steps": [step]},
        "recover": None,
        "track": track,
    }
    async with rig_of(tmp_path, described(JSON, **changes)) as rig:
        sent = make(rig, rig.good[:1])
        await deliver(rig, sent)
        line = await rig.operator.ledger.get(lines.key_of(sent.addressees[0].delivery))
        assert line is not None
        assert line.due_at == rig.clock.now() + timedelta(minutes=1)
        assert line.alias == "M1"
        assert lines.read(line).taken == {"url": "M1"}
        assert isinstance(rig.connector, Receives)


@pytest.mark.parametrize(("remote", "known"), [("é" * 998, True), ("x" * 4000, True), ("x" * 20_000, False)])
async def test_an_id_that_is_long_makes_nothing_uncertain(
    tmp_path: Path, remote: str, *, known: bool
) -> None:
    """It may be a URL: receipts find it; of what is longer than any, it is delivered all the same."""
    track = {
        "request": {"path": "/{{ remote }}"},
        "every": "1m",
        "until": "3d",
        "events": [{"event": "delivered"}],
    }
    async with rig_of(tmp_path, described(JSON, track=track)) as rig:
        sent = make(rig, rig.good[:1])
        rig.service.script = [web.json_response({"id": remote}, status=201)]
        assert isinstance(await one(rig, sent), Delivered)
        found = await lines.of_remote(rig.operator.ledger, remote)
        assert (found is not None) is known
        assert ("http.unremembered" in rig.log.events()) is not known


async def test_a_ledger_that_fails_keeps_the_message_here(tmp_path: Path) -> None:
    """What can't be remembered is not sent."""
    ledger = Counting()
    ledger.broken = True
    async with rig_of(tmp_path, described(JSON), ledger=ledger) as rig:
        assert isinstance(await one(rig), Deferred)
        assert rig.service.requests == []


# Patience, other places, proofs.


async def test_a_rate_limited_operator_is_left_alone(tmp_path: Path) -> None:
    """The next message waits too, and nothing more leaves until the time is over."""
    async with rig_of(tmp_path, described(JSON)) as rig:
        rig.service.script = [web.Response(status=429, headers={"Retry-After": "90"})]
        first, second = await one(rig), await one(rig)
        assert isinstance(first, Deferred)
        assert isinstance(second, Deferred)
        assert (first.code, second.code) == ("http.rate_limited", "http.paused")
        assert first.retry_after == second.retry_after == timedelta(seconds=90)
        assert not second.operator_failed
        assert len(rig.service.requests) == 1


async def test_another_place_is_tried_at_once(tmp_path: Path) -> None:
    """The first place is away: the message goes to the next, and so do those after it."""
    async with rig_of(tmp_path / "first", described(JSON)) as first:
        urls = [f"{first.service.url}/", "https://localhost:1"]
        description = described(JSON, failover_urls=urls)
        async with rig_of(tmp_path / "other", description, anchored=[first.papers]) as other:
            await other.shut()
            assert isinstance(await one(other), Delivered)
            assert isinstance(await one(other), Delivered)
            assert len(first.service.messages) == 2


async def test_no_other_place_is_tried_once_something_may_have_left(tmp_path: Path) -> None:
    """It might arrive twice."""
    async with rig_of(tmp_path / "first", described(JSON)) as first:
        description = described(JSON, failover_urls=[first.service.url])
        async with rig_of(tmp_path / "other", description, anchored=[first.papers]) as other:
            other.service.script = ["cut"]
            assert isinstance(await one(other), Uncertain)
            assert first.service.messages == []


async def test_credentials_that_are_refused_are_somebody_s_to_mend(tmp_path: Path) -> None:
    """The message waits, the operator counts as failed, and the log says so."""
    async with rig_of(tmp_path, described(JSON)) as rig:
        rig.service.script = [web.Response(status=401)]
        outcome = await one(rig)
        assert isinstance(outcome, Deferred)
        assert outcome.operator_failed
        assert ("warning", "http.authentication") in [(level, event) for level, event, _ in rig.log.lines]


OAUTH: dict[str, Any] = {
    "parameters": {"here": {"meaning": "where the operator is"}},
    "secrets": {"client": {"meaning": "the client's secret"}},
    "auth": [
        {
            "kind": "oauth2",
            "token_url": "{{ parameters.here }}/token",
            "client_id": "hub",
            "client_secret": "client",
            "lifetime": "1h",
        }
    ],
}


async def test_a_token_that_is_refused_is_renewed_once(tmp_path: Path) -> None:
    """An operator may forget tokens at any time: the message goes out all the same, in the same attempt."""
    async with rig_of(tmp_path, described(JSON, **OAUTH)) as rig:
        assert isinstance(await one(rig), Delivered)
        rig.service.script = [web.Response(status=401)]
        assert isinstance(await one(rig), Delivered)
        assert [path for _, path in rig.service.requests] == [
            *("/token", "/messages"),
            *("/messages", "/token", "/messages"),
        ]
        assert rig.service.shown[1] == "Bearer token-1"
        assert rig.service.shown[-1] == "Bearer token-2"
        rig.service.script = [web.Response(status=401), None, web.Response(status=401)]
        outcome = await one(rig)
        assert isinstance(outcome, Deferred)
        assert outcome.code == "http.authentication"
        assert rig.service.tokens == 3


async def test_a_redirection_is_not_followed(tmp_path: Path) -> None:
    """The configured address is not the right one: who configures it must act."""
    async with rig_of(tmp_path, described(JSON)) as rig:
        rig.service.script = [web.Response(status=307, headers={"Location": "https://elsewhere.example/"})]
        outcome = await one(rig)
        assert isinstance(outcome, Deferred)
        assert outcome.code == "http.configuration"
        assert len(rig.service.requests) == 1


# Large bodies.

CHUNKED: dict[str, Any] = {
    "version": 1,
    "title": "In chunks",
    "send": {
        "idempotency": "none",
        "steps": [
            {
                "name": "post",
                "method": "POST",
                "path": "/chunked",
                "raw": "{{ attachments[0] }}",
                "headers": {"X-To": "{{ recipient.address }}"},
                "remote": {"json": "$.id"},
                "chunks": {
                    "size": "1MiB",
                    "path": "/chunked/{{ remote }}/{{ chunk.number }}",
                    "headers": {"X-Chunk": "{{ chunk.number }}:{{ chunk.count }}"},
                },
            }
        ],
    },
}


async def test_a_large_body_goes_in_chunks(tmp_path: Path) -> None:
    """Byte for byte, under the id that the first answer gave."""
    async with rig_of(tmp_path, described(CHUNKED)) as rig:
        large = Attached(content=GeneratedContent((3 << 20) + (256 << 10)))
        assert isinstance(await one(rig, make(rig, rig.good[:1], large)), Delivered)
        assert [path for _, path in rig.service.requests] == [
            "/chunked",
            "/chunked/C1/2",
            "/chunked/C1/3",
            "/chunked/C1/4",
        ]
        assert [len(one) for one in rig.service.chunks] == [1 << 20, 1 << 20, 1 << 20, 256 << 10]
        assert rig.service.messages[0].documents == [large.content.sha256]


@pytest.mark.parametrize(("lost", "expected"), [(1, Deferred), (2, Deferred), (3, Uncertain)])
async def test_only_the_last_chunk_makes_a_message(tmp_path: Path, lost: int, expected: type) -> None:
    """One that is lost before it leaves nothing that a recipient could get."""
    async with rig_of(tmp_path, described(CHUNKED)) as rig:
        rig.service.script = [*([None] * (lost - 1)), "cut"]
        outcome = await one(rig, make(rig, rig.good[:1], Attached(content=GeneratedContent(3 << 20))))
        assert isinstance(outcome, expected)


async def test_an_attempt_that_is_ended_has_left_whatever_its_request_held(tmp_path: Path) -> None:
    """A message without text and documents too: the hub, when it stops, does not take it for unsent."""
    step = {**JSON["send"]["steps"][0], "json": {"to": "{{ recipient.address }}"}}
    changes: dict[str, Any] = {"send": {"idempotency": "none", "steps": [step]}, "recover": None}
    async with rig_of(tmp_path, described(JSON, **changes)) as rig:
        made = make(rig, rig.good[:1])
        watched = Watched(made.contents)
        sent = Parcel(sealed=made.sealed, addressees=made.addressees, contents=watched)
        rig.service.script = ["hang"]
        task = asyncio.ensure_future(rig.connector.deliver(sent))
        async with asyncio.timeout(20):
            while not rig.service.requests:  # noqa: ASYNC110 - nobody says when a request has come
                await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.wait({task})
        assert watched.opened


# Awkward descriptions and messages.


async def test_half_a_send_is_uncertain(tmp_path: Path) -> None:
    """Two steps that each give the recipient something: nobody pretends that nothing arrived."""
    second = {"name": "more", "method": "POST", "path": "/nowhere"}
    steps = [*JSON["send"]["steps"], second]
    changes: dict[str, Any] = {"send": {"idempotency": "none", "steps": steps}, "recover": None}
    async with rig_of(tmp_path, described(JSON, **changes)) as rig:
        outcome = await one(rig)
        assert isinstance(outcome, Uncertain)
        assert outcome.code == "http.partly"


NOBODY = {"ours": "{{ delivery.id }}", "to": "{{ recipient.rpps + '' }}"}


async def test_a_message_that_a_template_can_t_be_filled_for_is_refused(tmp_path: Path) -> None:
    """The sender learns at once what is missing; nothing left."""
    step = {**JSON["send"]["steps"][0], "json": NOBODY}
    async with rig_of(tmp_path, described(JSON, send={"steps": [step]})) as rig:
        outcome = await one(rig)
        assert isinstance(outcome, Refused)
        assert outcome.code == "http.template"
        assert rig.service.requests == []


async def test_a_good_answer_without_its_id_is_uncertain(tmp_path: Path) -> None:
    """The operator may have taken it: nobody sends it again blindly."""
    async with rig_of(tmp_path, described(JSON)) as rig:
        rig.service.script = [web.json_response({"nothing": 1})]
        outcome = await one(rig)
        assert isinstance(outcome, Uncertain)
        assert outcome.code == "http.answer_lacks"


@pytest.mark.parametrize(
    "row",
    [
        {"when": {"value": "{{ headers['x-count'] | int }}", "equals": 1}, "class": "refused"},
        {"reason": {"value": "{{ headers['x-count'] | int }}"}, "class": "warning"},
    ],
)
@pytest.mark.parametrize("status", [201, 422])
async def test_a_row_that_can_t_be_filled_in_refuses_nothing(
    tmp_path: Path, row: dict[str, Any], status: int
) -> None:
    """By then the message has arrived: nobody is told that it was refused, nor is it sent again."""
    step = {**JSON["send"]["steps"][0], "answers": [{"status": status, **row}]}
    async with rig_of(tmp_path, described(JSON, send={"steps": [step]})) as rig:
        rig.service.script = [web.json_response({"id": "M1"}, status=status, headers={"X-Count": "many"})]
        outcome = await one(rig)
        assert isinstance(outcome, Uncertain)
        assert outcome.code == "http.template"


async def test_what_can_t_be_read_of_a_recipient_does_not_send_it_again(tmp_path: Path) -> None:
    """The message is made: what its answer says of each recipient comes after that."""
    per = {**DRAFT["send"]["per_recipient"], "step": "send", "each": {"json": "$.to[*]", "many": True}}
    per["recipient"] = {"json": "$", "decode": "hex"}
    async with rig_of(tmp_path, described(DRAFT, send={"per_recipient": per})) as rig:
        rig.service.script = [None, None, web.json_response({"to": ["somebody"]})]
        outcomes = await deliver(rig, make(rig, rig.good[:2]))
        assert {type(one) for one in outcomes.values()} == {Uncertain}


async def test_what_expressions_give_can_t_leave_its_place_in_a_path(tmp_path: Path) -> None:
    """A remote id with slashes and dots stays one segment."""
    async with rig_of(tmp_path, described(TWO_PHASE)) as rig:
        rig.service.script = [web.json_response({"ref": "../../admin?x=1#y"})]
        await one(rig)
        assert [path for _, path in rig.service.requests][1] == "/upload/..%2F..%2Fadmin%3Fx%3D1%23y"


async def test_each_recipient_of_a_parcel_is_told_apart(tmp_path: Path) -> None:
    """One call each, at the same time; one that fails fails alone."""
    async with rig_of(tmp_path, described(JSON)) as rig:
        assert rig.unknown is not None
        sent = make(rig, [rig.good[0], rig.unknown, rig.good[1]])
        outcomes: Mapping[DeliveryId, Outcome] = await deliver(rig, sent)
        assert [type(outcomes[one.delivery]) for one in sent.addressees] == [Delivered, Refused, Delivered]


@pytest.mark.parametrize(
    ("source", "recovers"), [(JSON, True), (TWO_PHASE, False), (DRAFT, False)], ids=["json", "two", "draft"]
)
async def test_the_description_decides_what_a_connector_can(
    tmp_path: Path, source: dict[str, Any], *, recovers: bool
) -> None:
    """Only one that reads back recovers, only one that fetches receives, and each says what it carries."""
    async with rig_of(tmp_path, described(source)) as rig:
        assert isinstance(rig.connector, Recovers) == recovers
        assert not isinstance(rig.connector, Receives)
        assert rig.connector.capabilities.resend_harmless == (source is TWO_PHASE)


async def test_a_missing_parameter_is_named_when_it_opens(tmp_path: Path) -> None:
    """Not when the first message is to go."""
    parameters = {"mailbox": {"meaning": "the hub's mailbox"}}
    with pytest.raises(ConfigError, match="mailbox is missing: the hub's mailbox"):
        async with rig_of(tmp_path, described(JSON, parameters=parameters)):
            raise AssertionError


async def test_a_probe_without_a_request_of_its_own_takes_any_answer(tmp_path: Path) -> None:
    """Up is who answers; a described probe must be answered well."""
    async with rig_of(tmp_path, described(JSON, probe={"path": "/nowhere"})) as rig:
        with pytest.raises(PeerError, match="404"):
            await rig.connector.probe()


class Counting(EphemeralLedger):
    """A ledger that tells how far things were at each commit."""

    def __init__(self) -> None:
        super().__init__()
        self.puts: list[int] = []
        self.broken = False
        self.before = lambda: 0

    async def put(self, *lines: Line) -> None:
        """Write, or fail."""
        if self.broken:
            raise StoreError("store.full", Words(en="Full.", fr="Plein."))
        self.puts.append(self.before())
        await super().put(*lines)
