"""The way in: everything or nothing, refusals by name, and the same answer to the same words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from hub.core import judging
from hub.core.normalise import Limits
from hub.core.submit import Submitter
from hub.domain import envelope as envelopes
from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.domain.party import RPPS, Identifier, Role
from hub.errors import ConflictError, InputError, LimitError, PeerError, StoreError, TrustError, Words
from hub.ports.connector import Capabilities
from hub.ports.directory import DirectoryUnavailableError, Standing
from hub.ports.intake import Accepted, Submission, To
from hub.ports.policy import Case, Policy
from hub.testing.contents import MemoryStage
from hub.testing.fakes import FixedClock, ScriptedOperator, TinyDirectory, entry
from tests.unit.core.model_queue import ModelQueue
from tests.unit.core.test_normalise import submissions
from tests.unit.core.world import (
    HOSPITAL,
    MARTIN,
    MARTIN_RPPS,
    NOBODY,
    PETIT,
    STRUCK,
    directory,
    operators,
    part,
    register,
    sealer,
    submission,
)

WORDS = Words(en="not this one", fr="pas celui-ci")


class World:
    """A way in, and what lies behind it."""

    def __init__(self, policies: Sequence[Policy] = (), people: TinyDirectory | None = None) -> None:
        self.queue = ModelQueue()
        self.directory = people or directory()
        self.clock = FixedClock()
        self.submitter = Submitter(
            queue=self.queue,
            register=register(self.directory),
            sealer=sealer(self.clock),
            policies=policies,
            limits=Limits(),
            clock=self.clock,
        )

    async def submit(self, one: Submission) -> Accepted:
        """Submit."""
        return await self.submitter.submit(MemoryStage(), one)

    @property
    def sealed(self) -> list[envelopes.SealedEnvelope]:
        """Every envelope of the queue."""
        found = {row.envelope.sealed.envelope.id: row.envelope.sealed for row in self.queue.rows.values()}
        return list(found.values())


async def test_a_message_is_sealed_and_stored_with_its_deliveries() -> None:
    """One envelope, one delivery each, a line in the timeline, the same words."""
    world = World()
    accepted = await world.submit(submission(MARTIN, To(target=Address.parse(PETIT), role=Role.CC)))
    (sealed,) = world.sealed
    assert accepted == Accepted(envelopes=(sealed.envelope.id,), refused={})
    message = sealed.envelope.message
    assert [(str(one.address), one.role) for one in message.recipients] == [(MARTIN, "to"), (PETIT, "cc")]
    assert (message.subject, str(message.sender.address)) == ("Compte rendu", HOSPITAL)
    assert (message.origin.authenticated_as, message.origin.native_id) == (
        "operator:valbrume",
        "<1@ch-valbrume.example>",
    )
    assert world.queue.timeline() == ["message.accepted"]
    assert len(world.queue.rows) == 2


async def test_who_can_t_be_reached_is_named_and_the_others_go_on() -> None:
    """By the name that the sender used."""
    world = World()
    by_id = To(target=Identifier("urn:oid:1.2", "42"))
    accepted = await world.submit(submission(MARTIN, NOBODY, STRUCK, by_id))
    assert {name: why.code for name, why in accepted.refused.items()} == {
        NOBODY: "recipient.unknown",
        STRUCK: "recipient.struck-off",
        "42": "recipient.no-address",
    }
    assert list(world.queue.standing()) == [MARTIN]


async def test_nothing_is_taken_when_nobody_can_be_reached() -> None:
    """The error holds every refusal, and its words say each."""
    world = World()
    with pytest.raises(InputError) as caught:
        await world.submit(submission(NOBODY, STRUCK))
    assert caught.value.code == "recipients.refused"
    assert set(caught.value.fields["refused"]) == {NOBODY, STRUCK}  # type: ignore[call-overload]
    assert NOBODY in caught.value.words.en
    assert STRUCK in caught.value.words.fr
    assert world.queue.rows == {}


async def test_a_thousand_refusals_are_not_all_spelt_out() -> None:
    """The answer stays of a size that a person reads and a protocol carries."""
    with pytest.raises(InputError) as caught:
        await World().submit(submission(*(f"x{number}@ville.example" for number in range(500))))
    assert len(caught.value.words.en) < 2000
    assert len(caught.value.fields["refused"]) == 500  # type: ignore[arg-type]


async def test_a_protocol_that_can_t_refuse_one_refuses_all() -> None:
    """`whole`: nothing is taken."""
    world = World()
    with pytest.raises(InputError):
        await world.submit(submission(MARTIN, NOBODY, whole=True))
    assert world.queue.rows == {}


async def test_one_of_several_whose_operator_carries_less_is_left_to_it() -> None:
    """`whole`: it is too late to refuse one, so the operator will, and the sender gets a notice."""
    world = World()
    table = world.submitter.register.operators
    narrow = table.serving(Address.parse(MARTIN))
    assert narrow is not None
    connector = ScriptedOperator(capabilities=Capabilities(max_bytes=1))
    table._by_domain[Address.parse(MARTIN).domain] = replace(narrow, connector=connector)
    accepted = await world.submit(submission(MARTIN, HOSPITAL))
    assert [one.code for one in accepted.refused.values()] == ["recipient.too-large"]
    accepted = await world.submit(submission(MARTIN, HOSPITAL, key="2", whole=True))
    assert accepted.refused == {}
    with pytest.raises(InputError):
        await world.submit(submission(MARTIN, key="3", whole=True))


async def test_blind_copies_are_envelopes_of_their_own() -> None:
    """Nobody learns of them from anybody else's envelope."""
    world = World()
    blind = To(target=Address.parse(PETIT), blind=True)
    accepted = await world.submit(submission(MARTIN, blind))
    assert len(accepted.envelopes) == 2
    opened, hidden = world.sealed
    assert [str(one.address) for one in opened.envelope.message.recipients] == [MARTIN]
    assert [str(one.address) for one in hidden.envelope.message.recipients] == [PETIT]
    assert PETIT.encode() not in envelopes.to_bytes(opened.envelope)


async def test_one_mailbox_gets_one_delivery() -> None:
    """Named by address and by identifier, it is the same recipient."""
    world = World()
    await world.submit(submission(MARTIN, To(target=MARTIN_RPPS, role=Role.CC)))
    assert len(world.queue.rows) == 1


async def test_who_is_refused_by_a_rule_is_named_by_every_name() -> None:
    """Named twice, by address and by number: neither is left to be taken for accepted."""
    refused = Refused(code="rule.no", reason=WORDS)
    world = World([Rule(refused)])
    world.directory.put(entry(PETIT, identifiers=[PETIT_RPPS]))
    accepted = await world.submit(submission(MARTIN, PETIT, To(target=PETIT_RPPS)))
    assert accepted.refused == {PETIT: refused, PETIT_RPPS.value: refused}


async def test_the_same_again_gets_the_same_answer() -> None:
    """Also when the directory has changed, or can't answer any more; nothing is stored twice."""
    world = World()
    one = submission(MARTIN, NOBODY)
    first = await world.submit(one)
    assert not first.again

    def directory_down() -> None:
        world.directory.available = False

    changes: list[Callable[[], None]] = [
        lambda: world.directory.put(entry(MARTIN, standing=Standing.STRUCK_OFF)),
        lambda: world.directory.put(entry(HOSPITAL, standing=Standing.CEASED)),
        directory_down,
    ]
    for change in changes:
        change()
        again = await world.submit(one)
        assert (again.envelopes, again.refused, again.again) == (first.envelopes, first.refused, True)
    assert len(world.queue.rows) == 1


async def test_a_mail_that_comes_again_to_others_reaches_each_once() -> None:
    """Its answer was lost, and meanwhile one recipient was struck off and another could be asked about."""
    world = World()
    first = await world.submit(submission(MARTIN, PETIT, whole=True))
    world.directory.put(entry(PETIT, standing=Standing.STRUCK_OFF))
    fewer = await world.submit(submission(MARTIN, whole=True))
    assert (fewer.envelopes, fewer.again) == (first.envelopes, True)
    blind = To(target=Address.parse(HOSPITAL), blind=True)
    more = await world.submit(submission(PETIT, MARTIN, blind, whole=True))
    assert not more.again
    assert sorted(world.queue.standing()) == sorted([MARTIN, PETIT, HOSPITAL])
    again = await world.submit(submission(blind, MARTIN, whole=True))
    assert (set(again.envelopes), again.again) == ({*first.envelopes, *more.envelopes}, True)


async def test_many_parallel_repeats_to_any_of_them_reach_each_once() -> None:
    """Whatever the sets, and however they cross."""
    world = World()
    sets = ([MARTIN], [PETIT, MARTIN], [HOSPITAL], [HOSPITAL, PETIT], [MARTIN, PETIT, HOSPITAL])
    await asyncio.gather(*(world.submit(submission(*one, whole=True)) for one in sets * 3))
    assert sorted(world.queue.standing()) == sorted([MARTIN, PETIT, HOSPITAL])
    assert len(world.queue.rows) == 3


async def test_another_message_under_the_same_key_is_a_conflict() -> None:
    """Also when it could not be accepted anyway: it must not look as if it had been."""
    world = World()
    await world.submit(submission())
    for other in (submission(subject="Autre"), submission(NOBODY), submission(sender=Address.parse(MARTIN))):
        with pytest.raises(ConflictError):
            await world.submit(other)
    assert len(world.queue.rows) == 1


async def test_a_key_belongs_to_its_peer() -> None:
    """Two peers may use the same."""
    world = World()
    ville = operators().speaking(["dns:mx.ville.example"])
    await world.submit(submission())
    other = await world.submit(submission(HOSPITAL, peer=ville, sender=Address.parse(MARTIN)))
    assert not other.again


async def test_without_the_directory_nothing_is_taken() -> None:
    """Try again later."""
    world = World()
    world.directory.available = False
    with pytest.raises(DirectoryUnavailableError):
        await world.submit(submission())
    assert world.queue.rows == {}


async def test_a_full_store_takes_nothing() -> None:
    """And says so."""
    world = World()
    world.queue.failing = StoreError("store.full", WORDS)
    with pytest.raises(StoreError):
        await world.submit(submission())


async def test_who_may_not_send_is_refused() -> None:
    """Before anything is resolved."""
    world = World()
    with pytest.raises(TrustError):
        await world.submit(submission(sender=Address.parse(MARTIN)))
    assert world.directory.asked == 0


PETIT_RPPS = Identifier(RPPS, "899900000029")


class Rule:
    """A policy that refuses one recipient, or fails."""

    def __init__(self, answer: Refused | Exception | None) -> None:
        self.answer = answer

    async def judge(self, case: Case) -> Refused | None:
        """Judge."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if str(case.recipient.address) == PETIT else None


async def test_a_rule_refuses_a_recipient_by_name() -> None:
    """The others go on; a second rule need not be asked about who is refused already."""
    refused = Refused(code="rule.no", reason=WORDS)
    world = World([Rule(None), Rule(refused), Rule(refused)])
    accepted = await world.submit(submission(MARTIN, PETIT))
    assert accepted.refused == {PETIT: refused}
    assert list(world.queue.standing()) == [MARTIN]
    with pytest.raises(InputError):
        await world.submit(submission(PETIT, key="2"))


@pytest.mark.parametrize("fault", [PeerError("rule.down", WORDS), ValueError("Dr Petit")])
async def test_a_rule_that_can_t_be_asked_allows_nothing(fault: Exception) -> None:
    """Try again; and its own words, which may name people, are not shown."""
    world = World([Rule(fault)])
    with pytest.raises(PeerError) as caught:
        await world.submit(submission())
    assert "Petit" not in str(caught.value)
    assert world.queue.rows == {}


async def test_a_rule_that_answers_nonsense_allows_nothing() -> None:
    """Neither does it refuse for good: what it meant is not known."""
    world = World([Rule(True)])  # type: ignore[arg-type]
    with pytest.raises(PeerError) as caught:
        await world.submit(submission(PETIT))
    assert caught.value.code == "policy.failed"
    assert world.queue.rows == {}


async def test_a_rule_that_says_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that hangs must not hold the peer: it tries again."""

    class Silent(Rule):
        async def judge(self, case: Case) -> Refused | None:
            await asyncio.Event().wait()
            return None

    monkeypatch.setattr(judging, "PATIENCE", 0.01)
    world = World([Silent(None)])
    async with asyncio.timeout(5):
        with pytest.raises(PeerError) as caught:
            await world.submit(submission())
    assert caught.value.code == "policy.failed"
    assert world.queue.rows == {}


async def test_an_envelope_that_nobody_could_open_is_not_sealed() -> None:
    """Too many long references: one clear refusal, instead of a message that can't be read again."""
    with pytest.raises(LimitError) as caught:
        await World().submit(
            submission(references=["x" * 998] * 1000, patient=[Identifier("s" * 900, "v" * 900)] * 50)
        )
    assert caught.value.code == "envelope.too_large"


@given(submissions)
def test_whatever_is_sealed_can_be_read(one: Any) -> None:
    """Any submission gives an envelope that the strict reader reads back the same."""
    people = TinyDirectory(
        entry(HOSPITAL, name="\t"),
        entry("a@v.example", name="E\u0301"),
        entry("b@v.example", name="x\u2028y"),
    )
    world = World(people=people)
    table = operators()
    table._by_domain["v.example"] = table._by_domain["ville.example"]
    world.submitter = Submitter(
        queue=world.queue,
        register=register(people, table),
        sealer=sealer(world.clock),
        policies=(),
        limits=Limits(),
        clock=world.clock,
    )
    asyncio.run(world.submit(one))
    assert world.sealed
    for sealed in world.sealed:
        assert envelopes.from_bytes(envelopes.to_bytes(sealed.envelope)) == sealed.envelope


async def test_two_at_the_same_moment_are_one_message() -> None:
    """A client that lost patience and sends again in parallel."""
    world = World()
    answers = await asyncio.gather(*(world.submit(submission(parts=[part()])) for _ in range(5)))
    assert len({one.envelopes for one in answers}) == 1
    assert [one.again for one in answers].count(False) == 1
