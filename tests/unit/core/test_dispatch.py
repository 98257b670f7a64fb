"""One attempt: the directory again, the operator's bounds, and what a connector's faults mean."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.core import calling, rechecking
from hub.core.calling import Halt, Returned
from hub.core.dispatch import Attempt, Resend, Unasked, attempt
from hub.core.operators import Operator, Operators
from hub.core.trust import Trust
from hub.domain.address import Address
from hub.domain.delivery import State
from hub.domain.ids import DeliveryId, OperatorName
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.errors import LimitError, PeerError, StoreError, Words
from hub.ports.connector import Capabilities, Delivers, Parcel
from hub.ports.directory import Entry, Standing
from hub.ports.queue import Claimed, ClaimedDelivery
from hub.testing.fakes import (
    FixedChance,
    FixedClock,
    Play,
    RecoveringOperator,
    ScriptedOperator,
    TinyDirectory,
    entry,
)
from hub.testing.parcels import Attached, GeneratedContent, parcel
from tests.unit.core.test_trust import Space, down
from tests.unit.core.world import EXPIRY, HOSPITAL, MARTIN, PETIT, VILLE, directory, operators, register

WORDS = Words(en="so", fr="ainsi")
FAST: dict[str, Any] = {"deadline": timedelta(milliseconds=50)}


def claimed(*recipients: str, state: State = State.LEASED, attached: Sequence[Attached] = ()) -> Claimed:
    """Make what a queue hands to the worker."""
    entries = [entry(one) for one in recipients or (MARTIN,)]
    made = parcel(
        Address.parse(HOSPITAL), entries, clock=FixedClock(), chance=FixedChance(3), attached=attached
    )
    return Claimed(
        sealed=made.sealed,
        peer="operator:valbrume",
        operator=VILLE,
        deliveries=[
            ClaimedDelivery(id=one.delivery, position=position, attempts=1, lease=b"l", state=state)
            for position, one in enumerate(made.addressees)
        ],
        contents=made.contents,
    )


def ville(connector: Delivers | None, **settings: Any) -> Operator:
    """Return the doctors' operator."""
    table: Operators = operators(connector, **settings)
    found = table.named("ville")
    assert found is not None
    return found


async def verdicts(
    connector: Delivers | None,
    one: Claimed,
    *,
    people: TinyDirectory | None = None,
    clock: FixedClock | None = None,
    halt: Halt | None = None,
    **settings: Any,
) -> tuple[list[Any], Attempt]:
    """Attempt, and return the verdicts in the order of the recipients."""
    result = await attempt(
        one, ville(connector, **settings), register(people), clock or FixedClock(), halt or Halt()
    )
    return [result.verdicts.get(delivery.id) for delivery in one.deliveries], result


async def test_each_recipient_has_an_outcome_of_their_own() -> None:
    """A full mailbox is no reason to hold back the other recipient's mail."""
    operator = ScriptedOperator({MARTIN: [Play.DEFERRED]})
    (martin, petit), result = await verdicts(operator, claimed(MARTIN, PETIT))
    assert isinstance(martin, Deferred)
    assert petit == Delivered(receipt="250 2.0.0 ok")
    assert result.asked
    assert not result.operator_failed


@pytest.mark.parametrize("standing", [one for one in Standing if one is not Standing.ACTIVE])
async def test_who_was_struck_off_since_acceptance_gets_nothing(standing: Standing) -> None:
    """The directory is asked at every attempt; the others get theirs."""
    operator, people = ScriptedOperator(), directory()
    people.put(entry(MARTIN, standing=standing))
    (martin, petit), _ = await verdicts(operator, claimed(MARTIN, PETIT), people=people)
    assert isinstance(martin, Refused)
    assert martin.code == f"recipient.{standing.value}"
    assert isinstance(petit, Delivered)
    assert [str(one.recipient) for one in operator.arrivals] == [PETIT]


async def test_who_vanished_from_the_directory_gets_nothing() -> None:
    """Nor is the operator asked when nobody is left."""
    operator, people = ScriptedOperator(), directory()
    people.remove(MARTIN)
    (martin,), result = await verdicts(operator, claimed(), people=people)
    assert isinstance(martin, Refused)
    assert not result.asked
    assert operator.parcels == []


@pytest.mark.parametrize("operator", ["valbrume", "gone"])
async def test_nothing_goes_to_an_operator_that_serves_the_mailbox_no_more(operator: str) -> None:
    """The configuration has changed while the letter waited: the one before must not get it."""
    former = ScriptedOperator()
    one = replace(claimed(), operator=OperatorName(operator))
    (martin,), _ = await verdicts(former, one)
    assert isinstance(martin, Refused)
    assert martin.code == "recipient.moved"
    assert former.parcels == []


class SlowDirectory(TinyDirectory):
    """One that says nothing of some for a while."""

    def __init__(self, *slow: str, seconds: float = 60) -> None:
        super().__init__(entry(MARTIN), entry(PETIT))
        self.slow = slow
        self.seconds = seconds

    async def by_address(self, address: Address) -> Entry | None:
        """Answer, of some late."""
        if str(address) in self.slow:
            await asyncio.sleep(self.seconds)
        return await super().by_address(address)


async def test_a_slow_directory_does_not_outlast_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not told of in time waits; the others get theirs while the lease holds."""
    monkeypatch.setattr(rechecking, "CHECKING", 0.05)
    operator = ScriptedOperator()
    (martin, petit), result = await verdicts(operator, claimed(MARTIN, PETIT), people=SlowDirectory(MARTIN))
    assert isinstance(martin, Deferred)
    assert martin.code == "directory.silent"
    assert isinstance(petit, Delivered)
    assert not result.operator_failed


async def test_recipients_are_asked_about_side_by_side() -> None:
    """A thousand times a fraction of a second would be minutes."""
    loop = asyncio.get_running_loop()
    began, many = loop.time(), [f"dr.{number}@ville.example" for number in range(40)]
    people = SlowDirectory(*many, seconds=0.05)
    for one in many:
        people.put(entry(one))
    told, _ = await verdicts(ScriptedOperator(), claimed(*many), people=people)
    assert all(isinstance(one, Delivered) for one in told)
    assert loop.time() - began < 1


async def test_a_hub_that_stops_while_the_directory_is_asked_gives_back() -> None:
    """Nothing has left: it must not come back as uncertain."""
    halt = Halt()
    asyncio.get_running_loop().call_later(0.02, halt.call)
    told, _ = await verdicts(
        ScriptedOperator(), claimed(MARTIN, PETIT), people=SlowDirectory(MARTIN), halt=halt
    )
    assert told == [Returned(), Returned()]


async def test_without_the_directory_everything_waits() -> None:
    """Nothing is sent unseen, and the operator is not blamed."""
    operator, people = ScriptedOperator(), directory()
    people.available = False
    (martin,), result = await verdicts(operator, claimed(), people=people)
    assert isinstance(martin, Deferred)
    assert not martin.operator_failed
    assert operator.parcels == []
    assert not result.operator_failed


async def test_a_domain_withdrawn_since_acceptance_is_neither_served_nor_heard() -> None:
    """Messages from or to a domain outside the space of trust never leave; the list is named."""
    operator, space = ScriptedOperator(), Space("ville.example", "ch-valbrume.example")
    inside = register(trust=Trust([space]))
    first = claimed()
    result = await attempt(first, ville(operator), inside, FixedClock(), Halt())
    assert result.sources == {first.deliveries[0].id: "tiny:1; list 7"}
    for domain, code in (("ville.example", "recipient.outside"), ("ch-valbrume.example", "sender.outside")):
        space.domains.remove(domain)
        one = claimed()
        verdict = (await attempt(one, ville(operator), inside, FixedClock(), Halt())).verdicts
        refused = verdict[one.deliveries[0].id]
        assert isinstance(refused, Refused)
        assert (refused.code, refused.source) == (code, "list 7")
        space.domains.add(domain)
    assert len(operator.parcels) == 1


async def test_without_the_space_of_trust_everything_waits() -> None:
    """Nothing leaves unseen, and nobody is refused for it."""
    operator, space = ScriptedOperator(), Space()
    space.fault = down()
    one = claimed()
    result = await attempt(one, ville(operator), register(trust=Trust([space])), FixedClock(), Halt())
    assert isinstance(result.verdicts[one.deliveries[0].id], Deferred)
    assert operator.parcels == []


async def test_the_directory_s_word_goes_along() -> None:
    """The connector gets the certificates of today, not those of the day of acceptance."""
    operator, people = ScriptedOperator(), directory()
    people.put(entry(MARTIN, certificates=[b"new"]))
    await verdicts(operator, claimed(), people=people)
    assert operator.parcels[0].addressees[0].entry.certificates == (b"new",)


async def test_the_attempt_s_number_goes_along() -> None:
    """Each recipient's own: one may have been tried more often than the other."""
    operator, one = ScriptedOperator(), claimed(MARTIN, PETIT)
    martin, petit = one.deliveries
    await verdicts(operator, replace(one, deliveries=[martin, replace(petit, attempts=7)]))
    assert [addressee.attempt for addressee in operator.parcels[0].addressees] == [1, 7]


async def test_asking_is_no_attempt() -> None:
    """A connector that is asked what arrived can tell that it is not to send."""

    class Asked(RecoveringOperator):
        async def recover(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
            self.parcels.append(parcel)
            return await super().recover(parcel)

    operator = Asked()
    await verdicts(operator, claimed(MARTIN, PETIT, state=State.UNCERTAIN))
    assert [addressee.attempt for addressee in operator.parcels[0].addressees] == [0, 0]


async def test_what_is_past_its_end_is_not_sent() -> None:
    """And nobody is asked."""
    operator, clock = ScriptedOperator(), FixedClock()
    one = claimed()
    clock.advance(EXPIRY)
    answers, result = await verdicts(operator, one, clock=clock)
    assert answers == [None]
    assert not result.asked
    assert operator.parcels == []


@pytest.mark.parametrize(
    ("play", "kind", "code"),
    [
        (Play.RAISE_BEFORE, Deferred, "connector.error"),
        (Play.RAISE_AFTER, Uncertain, "connector.error"),
        (Play.HANG_BEFORE, Deferred, "operator.deadline"),
        (Play.HANG_AFTER, Uncertain, "operator.deadline"),
        (Play.SILENT, Deferred, "connector.no_outcome"),
    ],
)
async def test_a_fault_means_what_had_left_by_then(play: Play, kind: type[Outcome], code: str) -> None:
    """Before the first content was opened nothing left; after it perhaps everything did."""
    operator = ScriptedOperator({MARTIN: [play]})
    (martin,), result = await verdicts(operator, claimed(), **FAST)
    assert isinstance(martin, kind)
    assert martin.code == code  # type: ignore[union-attr]
    assert result.operator_failed


class Odd(ScriptedOperator):
    """A connector with any fault: it returns or raises what it was made with."""

    def __init__(self, said: Any, *, opens: bool = False) -> None:
        super().__init__()
        self._said = said
        self._opens = opens

    async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Misbehave."""
        if self._opens:
            list(parcel.contents.values())
        if isinstance(self._said, BaseException):
            raise self._said
        said: Mapping[DeliveryId, Outcome] = self._said
        return said


class Hostile(dict[DeliveryId, Outcome]):
    """An answer that can't be looked into."""

    def get(self, *_: object) -> Any:
        """Fail."""
        raise RuntimeError("not for you")


class Unsayable:
    """A text that can't be said."""

    def __str__(self) -> str:
        raise RuntimeError("not for you")


class Garbled(dict[DeliveryId, Outcome]):
    """An answer whose receipt can't be read."""

    def get(self, *_: object) -> Any:
        """Answer."""
        return Delivered(receipt=Unsayable())  # type: ignore[arg-type]


@pytest.mark.parametrize("opens", [False, True])
@pytest.mark.parametrize(
    ("said", "failed"),
    [
        (None, True),
        (Hostile(), True),
        (Garbled(), True),
        ("250 ok", True),
        ({}, True),
        ({"other": Delivered(receipt="x")}, True),
        (ValueError("a name: Dr Martin"), True),
        (asyncio.CancelledError(), True),
        (TimeoutError(), True),
        (PeerError("smtp.down", WORDS), True),
        (StoreError("store.failed", WORDS), False),
        (LimitError("x", WORDS), False),
    ],
)
async def test_any_fault_of_a_connector_is_borne(said: Any, failed: bool, opens: bool) -> None:  # noqa: FBT001 - a parametrised test
    """It becomes an outcome; its text, which may quote a patient, goes nowhere."""
    (martin,), result = await verdicts(Odd(said, opens=opens), claimed())
    assert isinstance(martin, Uncertain if opens else Deferred)
    assert "Martin" not in martin.reason.en
    assert result.operator_failed == (failed or opens)


async def test_a_connector_that_is_no_coroutine_is_borne() -> None:
    """A plugin's author forgot `async`."""

    class Plain(ScriptedOperator):
        def deliver(self, parcel: Parcel) -> Any:
            raise RuntimeError("not even a coroutine")

    (martin,), _ = await verdicts(Plain(), claimed())
    assert isinstance(martin, Deferred)


async def test_an_answer_that_can_t_be_kept_is_made_fit() -> None:
    """Half a character and a pause of a million years."""
    one = claimed()
    said = {
        one.deliveries[0].id: Deferred(
            code="busy", reason=Words(en="\ud800\x00", fr="\r\n"), retry_after=timedelta.max
        )
    }
    (martin,), _ = await verdicts(Odd(said), one)
    assert isinstance(martin, Deferred)
    martin.reason.en.encode()
    assert martin.retry_after is not None
    assert martin.retry_after <= timedelta(days=30)


async def test_a_connector_that_will_not_be_cancelled_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The attempt ends all the same; the call is reported, so that its place stays taken."""
    monkeypatch.setattr(calling, "LET_GO", 0.01)
    let_go = asyncio.Event()

    class Stubborn(ScriptedOperator):
        async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
            while not let_go.is_set():
                try:
                    await let_go.wait()
                except asyncio.CancelledError:
                    continue
            return {}

    (martin,), result = await verdicts(Stubborn(), claimed(), **FAST)
    assert isinstance(martin, Deferred)
    assert martin.code == "operator.deadline"
    (call,) = result.left_behind
    assert not call.done()
    let_go.set()
    await call


async def test_a_disk_that_fails_midway_leaves_it_uncertain() -> None:
    """Our own store breaks while the content is on its way."""
    damaged = Attached(content=GeneratedContent(2 << 20, breaks_at=1 << 20))
    operator = ScriptedOperator()
    (martin,), _ = await verdicts(operator, claimed(attached=[damaged]))
    assert isinstance(martin, Uncertain)
    assert operator.arrivals == []


async def test_many_recipients_go_in_groups_that_the_operator_takes() -> None:
    """A group that fails does not take the others with it."""
    names = [f"dr.{number}@ville.example" for number in range(7)]
    people = TinyDirectory(*(entry(one) for one in names))
    operator = ScriptedOperator({names[4]: [Play.RAISE_AFTER]}, capabilities=Capabilities(max_recipients=3))
    answers, result = await verdicts(operator, claimed(*names), people=people)
    assert [len(one.addressees) for one in operator.parcels] == [3, 3, 1]
    assert [type(one) for one in answers] == [Delivered] * 3 + [Uncertain] * 3 + [Delivered]
    assert not result.operator_failed


async def test_one_deadline_holds_for_all_groups() -> None:
    """A thousand recipients can't hold a lease for a thousand deadlines."""
    names = [f"dr.{number}@ville.example" for number in range(3)]
    people = TinyDirectory(*(entry(one) for one in names))
    operator = ScriptedOperator({names[0]: [Play.HANG_BEFORE]}, capabilities=Capabilities(max_recipients=1))
    answers, _ = await verdicts(operator, claimed(*names), people=people, **FAST)
    assert len(operator.parcels) == 1
    assert [type(one) for one in answers] == [Deferred] * 3


@pytest.mark.parametrize(("play", "kind"), [(Play.HANG_BEFORE, Returned), (Play.HANG_AFTER, Uncertain)])
async def test_a_stop_returns_what_had_not_left(play: Play, kind: type[Any]) -> None:
    """What may have left is uncertain, as at a deadline; nobody is blamed for the rest."""
    operator, halt = ScriptedOperator({MARTIN: [play]}), Halt()
    running = asyncio.create_task(verdicts(operator, claimed(), halt=halt))
    await operator.begun.wait()
    await asyncio.sleep(0)  # let it come to where it hangs
    halt.call()
    (martin,), result = await running
    assert isinstance(martin, kind)
    assert result.operator_failed == (kind is Uncertain)


async def test_an_operator_that_is_not_open_takes_nothing() -> None:
    """What is to be sent waits; what may have arrived stays uncertain, never sent again."""
    (martin,), _ = await verdicts(None, claimed())
    assert isinstance(martin, Deferred)
    (martin,), _ = await verdicts(None, claimed(state=State.UNCERTAIN))
    assert isinstance(martin, Uncertain)


async def test_what_may_have_arrived_is_asked_about() -> None:
    """Not sent: one had arrived, the other had not."""
    operator = RecoveringOperator({MARTIN: [Play.ANSWER_LOST], PETIT: [Play.CUT]})
    one = claimed(MARTIN, PETIT)
    await verdicts(operator, one)
    again = claimed(MARTIN, PETIT, state=State.UNCERTAIN)
    (martin, petit), result = await verdicts(operator, again)
    assert isinstance(martin, Delivered)
    assert isinstance(petit, Deferred)
    assert result.asked
    assert not result.operator_failed
    assert len(operator.parcels) == 1


@pytest.mark.parametrize("change", ["down", "struck"])
async def test_asking_needs_no_directory(change: str) -> None:
    """Whether something arrived does not depend on who may practise today."""
    operator, people = RecoveringOperator({MARTIN: [Play.ANSWER_LOST]}), directory()
    await verdicts(operator, claimed())
    people.available = change != "down"
    people.put(entry(MARTIN, standing=Standing.STRUCK_OFF))
    (martin,), _ = await verdicts(operator, claimed(state=State.UNCERTAIN), people=people)
    assert isinstance(martin, Delivered)


async def test_an_operator_that_can_t_tell_is_asked_again_later() -> None:
    """Uncertain stays uncertain, also when a connector says 'deferred' because it could not ask."""

    class Careless(ScriptedOperator):
        async def recover(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
            down = Deferred(code="down", reason=WORDS, operator_failed=True)
            return dict.fromkeys((one.delivery for one in parcel.addressees), down)

    mute = RecoveringOperator()
    mute.mute = True
    for operator in (mute, Careless()):
        (martin,), result = await verdicts(operator, claimed(state=State.UNCERTAIN))
        assert isinstance(martin, Uncertain)
        assert result.operator_failed


@pytest.mark.parametrize(("harmless", "kind"), [(True, Resend), (False, Unasked)])
async def test_who_can_t_be_asked_is_sent_to_again_only_if_that_is_harmless(
    harmless: bool,  # noqa: FBT001 - a parametrised test
    kind: type[Any],
) -> None:
    """Otherwise it is held, and nothing leaves."""
    operator = ScriptedOperator(capabilities=Capabilities(resend_harmless=harmless))
    (martin,), result = await verdicts(operator, claimed(state=State.UNCERTAIN))
    assert isinstance(martin, kind)
    assert operator.parcels == []
    assert not result.asked


def test_a_mixed_answer_is_no_failure_of_the_operator() -> None:
    """One delivered and one lost: the operator works."""
    result = Attempt()
    result.take(
        [
            (DeliveryId("a"), Delivered(receipt="ok")),
            (DeliveryId("b"), Uncertain(code="lost", reason=WORDS)),
        ]
    )
    assert not result.operator_failed
