"""One hub takes what another sends: verified to the byte, taken once, countersigned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.domain.envelope import to_bytes
from hub.domain.ids import DocumentId
from hub.domain.message import Document, DocumentRole
from hub.domain.outcome import Delivered, Refused, Uncertain
from hub.domain.party import Role
from hub.errors import HubError, InputError, MalformedError, TrustError
from hub.testing.contents import MemoryContent
from hub_http.hubs import link, receipt, seals
from tests.plugins.http.hubs.world import Answered, World, again, body_of, form, only
from tests.unit.core.world import MARTIN, NOBODY, PETIT, STRUCK


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Make both hubs."""
    return World(tmp_path)


def states(body: bytes) -> Mapping[str, Any]:
    """Return what an answer says of each recipient."""
    return {one["recipient"]: one["state"] for one in json.loads(body)["deliveries"]}


async def test_a_package_is_taken_and_countersigned(world: World) -> None:
    """The other hub's envelope names ours by its digest, and holds the same documents: a receipt."""
    made = world.parcel(MARTIN, PETIT)
    reply = await world.take(await body_of(made))
    (theirs,) = world.envelopes(reply)
    digests = [one.sha256 for one in theirs.message.documents]
    assert digests[0] == hashlib.sha256(made.sealed.jws).hexdigest()
    assert digests[1:] == [one.sha256 for one in made.sealed.envelope.message.documents]
    assert [str(one.address) for one in theirs.message.recipients] == [MARTIN, PETIT]
    assert [one.role for one in theirs.message.recipients] == [Role.TO, Role.CC]
    outcomes = await link.read(world.at_a, made, Answered(body=reply.body))
    assert set(outcomes) == {one.delivery for one in made.addressees}
    assert {one.receipt for one in outcomes.values() if isinstance(one, Delivered)} == set(
        json.loads(reply.body)["envelopes"]
    )


@pytest.mark.parametrize("step", [1, 7, 64, 1 << 20])
async def test_however_the_network_cuts_it_the_package_is_the_same(world: World, step: int) -> None:
    """Pieces of any size make the same documents."""
    reply = await world.take(await body_of(world.parcel()), step=step)
    assert states(reply.body) == {MARTIN: "accepted"}


async def test_a_lost_answer_is_given_again(world: World) -> None:
    """The same package sent twice makes one message, and the same receipt."""
    body = await body_of(world.parcel())
    first, second = await world.take(body), await world.take(body)
    assert first.body == second.body
    assert await world.deliveries() == 1


async def test_other_recipients_of_the_same_envelope_come_later(world: World) -> None:
    """Who had it is not given it twice, whoever it is sent to together with."""
    made = world.parcel(MARTIN, PETIT)
    martin, petit = made.addressees
    first = await world.take(await body_of(only(made, martin)))
    both = await world.take(await body_of(only(made, again(martin, 1), petit)))
    assert states(first.body) == {MARTIN: "accepted"}
    assert states(both.body) == {MARTIN: "accepted", PETIT: "accepted"}
    assert await world.deliveries() == 2
    outcomes = await link.read(world.at_a, only(made, again(martin, 1), petit), Answered(body=both.body))
    assert all(isinstance(one, Delivered) for one in outcomes.values())


async def test_who_can_not_get_it_is_refused_by_name(world: World) -> None:
    """The others get it; the refusals come back with code and words in both languages."""
    made = world.parcel(MARTIN, NOBODY, STRUCK)
    reply = await world.take(await body_of(made))
    outcomes = await link.read(world.at_a, made, Answered(body=reply.body))
    said = {str(one.party.address): outcomes[one.delivery] for one in made.addressees}
    assert isinstance(said[MARTIN], Delivered)
    for address, code in ((NOBODY, "recipient.unknown"), (STRUCK, "recipient.struck-off")):
        refused = said[address]
        assert isinstance(refused, Refused)
        assert refused.code == code
        assert refused.reason.en != refused.reason.fr


async def test_when_nobody_can_get_it_nothing_is_kept(world: World) -> None:
    """All are refused by name."""
    made = world.parcel(NOBODY)
    reply = await world.take(await body_of(made))
    assert states(reply.body) == {NOBODY: "refused"}
    assert await world.deliveries() == 0


async def test_a_message_does_not_go_back_to_the_hub_that_sent_it(world: World) -> None:
    """A recipient of the sending hub's own is refused there: it would come back for ever."""
    other = "accueil@ch-valbrume.example"
    reply = await world.take(await body_of(world.parcel(MARTIN, other)))
    assert states(reply.body) == {MARTIN: "accepted", other: "refused"}


async def test_a_message_that_was_here_before_is_refused(world: World) -> None:
    """However many hubs stand in the circle, who sealed it first knows it again."""
    reply = await world.take(await body_of(world.parcel()))
    ours = json.loads(reply.body)["envelopes"][0].encode()
    made = world.parcel(PETIT)
    passed = Document(
        id=DocumentId("d9"),
        name="envelope.jws.json",
        media_type=seals.MEDIA_TYPE,
        size=len(ours),
        sha256=hashlib.sha256(ours).hexdigest(),
        role=DocumentRole.ORIGINAL,
    )
    message = replace(
        made.sealed.envelope.message, documents=(*made.sealed.envelope.message.documents, passed)
    )
    made = replace(
        made,
        sealed=world.sealed(replace(made.sealed.envelope, message=message)),
        contents={**made.contents, passed.id: MemoryContent(ours)},
    )
    said = json.loads((await world.take(await body_of(made))).body)["deliveries"]
    assert [(one["state"], one["code"]) for one in said] == [("refused", "hubs.loop")]


async def test_another_signer_is_refused_though_trusted(world: World) -> None:
    """Only the hub at the other end may seal what comes from there."""
    made = world.parcel()
    sealed = world.sealed(made.sealed.envelope, by=world.stranger)
    with pytest.raises(TrustError) as caught:
        await world.take(await body_of(made, envelope=sealed.jws))
    assert caught.value.code == "hubs.seal"


async def test_a_sender_of_another_domain_is_refused(world: World) -> None:
    """A hub speaks for the domains that are its own by our configuration."""
    made = world.parcel()
    message = made.sealed.envelope.message
    sender = replace(message.sender, address=message.recipients[0].address)
    envelope = replace(made.sealed.envelope, message=replace(message, sender=sender))
    with pytest.raises(TrustError) as caught:
        await world.take(await body_of(made, envelope=world.sealed(envelope).jws))
    assert caught.value.code == "sender.not_yours"


async def test_an_envelope_past_its_end_is_refused(world: World) -> None:
    """Nobody delivers what its sender was told has expired."""
    body = await body_of(world.parcel())
    world.clock.advance(timedelta(days=2))
    with pytest.raises(InputError) as caught:
        await world.take(body)
    assert caught.value.code == "hubs.expired"


@pytest.mark.parametrize(
    "change",
    [
        {"d2": b"%PDF-1.7 compte rendv"},
        {"d2": b"%PDF-1.7 compte rendu "},
        {"d2": b"%PDF-1.7 compte rend"},
        {"d3": b"more"},
        {"deliveries": b"[]"},
        {"deliveries": b"[" * 100_000},
        {"deliveries": b'[{"recipient":"dr.petit@ville.example","delivery":"x"}]'},
        {"deliveries": b'[{"recipient":"dr.martin@ville.example","delivery":""}]'},
        {"deliveries": b'[{"recipient":"dr.martin@ville.example"}]'},
        {"deliveries": b'[{"recipient":7,"delivery":"x"}]'},
    ],
)
async def test_what_is_not_as_it_was_sealed_is_refused(world: World, change: dict[str, bytes]) -> None:
    """A document changed, longer, shorter or too many; recipients that the envelope does not name."""
    with pytest.raises(MalformedError) as caught:
        await world.take(await body_of(world.parcel(), **change))
    assert caught.value.code == "hubs.package"
    assert await world.deliveries() == 0


async def test_a_document_that_is_missing_is_refused(world: World) -> None:
    """Nothing is taken of a package that is not whole."""
    made = world.parcel()
    parts = {
        "envelope": made.sealed.jws,
        "deliveries": b'[{"recipient":"%b","delivery":"x"}]' % MARTIN.encode(),
    }
    with pytest.raises(MalformedError):
        await world.take(form(parts))


async def test_another_form_of_body_is_refused(world: World) -> None:
    """Such as JSON."""
    with pytest.raises(InputError) as caught:
        await world.take(b"{}", content_type="application/json")
    assert caught.value.code == "door.media_type"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
async def test_one_changed_bit_changes_nothing_that_is_taken(tmp_path: Path, place: float, bit: int) -> None:
    """Either the package is refused, or what was taken is what was sealed: the bit meant nothing."""
    world = World(tmp_path)
    made = world.parcel()
    body = bytearray(await body_of(made))
    body[int(place * len(body))] ^= 1 << bit
    try:
        reply = await world.take(bytes(body))
    except HubError:
        assert await world.deliveries() == 0
        return
    for theirs in world.envelopes(reply):
        digests = [one.sha256 for one in theirs.message.documents]
        assert hashlib.sha256(made.sealed.jws).hexdigest() in digests
        assert {one.sha256 for one in made.sealed.envelope.message.documents} <= set(digests)


async def test_an_answer_that_proves_nothing_leaves_it_uncertain(world: World) -> None:
    """Garbage, a receipt for another message, or one that somebody else sealed: it is asked again."""
    made, other = world.parcel(), world.parcel()
    good = json.loads((await world.take(await body_of(made))).body)
    another = json.loads((await world.take(await body_of(other))).body)
    theirs = world.envelopes(await world.take(await body_of(made)))[0]
    forged = world.sealed(theirs, by=world.stranger).jws.decode()
    cut = good["envelopes"][0].replace("e", "f", 1)
    for body in (
        b"",
        b"<html>",
        b"[]",
        b'{"envelopes":7,"deliveries":{}}',
        b'{"envelopes":["\\ud800"],"deliveries":[7,{"delivery":{}}]}',
        json.dumps({**good, "envelopes": []}).encode(),
        json.dumps({**good, "envelopes": another["envelopes"]}).encode(),
        json.dumps({**good, "envelopes": [forged]}).encode(),
        json.dumps({**good, "envelopes": [cut]}).encode(),
        json.dumps({**good, "deliveries": []}).encode(),
    ):
        (outcome,) = (await link.read(world.at_a, made, Answered(body=body))).values()
        assert isinstance(outcome, Uncertain), body


async def test_a_receipt_is_kept_verbatim_or_named(world: World) -> None:
    """What is longer than the hub keeps of a receipt is told by its id and digest."""
    made = world.parcel()
    reply = await world.take(await body_of(made))
    jws = json.loads(reply.body)["envelopes"][0]
    assert len(jws) < receipt.MAX_RECEIPT
    many = [f"dr.{'x' * 50}{number}@ville.example" for number in range(120)]
    theirs = world.envelopes(reply)[0]
    party = theirs.message.recipients[0]
    crowd = tuple(replace(party, address=type(party.address).parse(one)) for one in many)
    envelope = replace(theirs, message=replace(theirs.message, recipients=(party, *crowd)))
    long = world.b.seal.seal(to_bytes(envelope))
    assert len(long) > receipt.MAX_RECEIPT
    body = json.dumps({**json.loads(reply.body), "envelopes": [long.decode()]}).encode()
    (outcome,) = (await link.read(world.at_a, made, Answered(body=body))).values()
    assert isinstance(outcome, Delivered)
    assert json.loads(outcome.receipt) == {
        "envelope": envelope.id,
        "sha256": hashlib.sha256(long).hexdigest(),
    }
