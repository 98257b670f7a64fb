"""What every e-prescription service's adapter keeps, as tests that its own test file subclasses and passes.

    class TestMyService(PrescriptionContract):
        @pytest.fixture
        async def rig(self) -> AsyncIterator[Rig]:
            async with my_double() as double, open_service(settings, host) as service:
                yield MyRig(service, double)

A `Rig` is the adapter together with a counterpart that counts what it holds and loses answers on demand.
Not checked here: what goes over the wire, and what the service's own codes mean. That is the adapter's own.
"""

# ruff: noqa: S101, FBT001 -- a contract suite is made of assertions, and pytest calls it by name
from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest

from hub.domain.ids import EnvelopeId, uuid7
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.domain.party import Party
from hub.domain.prescription import CancelResult, Handing, PrescriptionState, may_move
from hub.errors import HubError, InputError, PeerError
from hub.ports.clock import Clock
from hub.ports.directory import Entry
from hub.ports.prescription import Dispensing, Order, PrescriptionService, ReadsDispensing, Reason, Record
from hub.testing.fakes import FixedChance
from hub.testing.journals import Killed, MemoryJournal

GUARD: Final = 60.0
"""Seconds after which a test is held to hang."""
ROUNDS: Final = 6
"""Attempts within which an issue must end once nothing goes wrong any more."""
MOST_WRITES: Final = 30
"""Writes to the journal that one issue may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """Content that can never be issued, and the code that its prescriber is told. `name` is for people."""

    name: str
    code: str
    content: bytes = field(repr=False)
    media_type: str | None = None


class Rig:
    """An adapter and its counterpart. Override what your counterpart can do.

    `calls` are the names of the calls that one issue makes, in order; `lose` takes them. A service
    that nobody calls (it only checks and records) has none.
    """

    service: PrescriptionService
    clock: Clock
    prescriber: Party
    entry: Entry | None = None
    media_type: str
    options: Mapping[str, str] = {}
    reason: Reason = Reason(code=None, text="Prescribed in error.")
    calls: Sequence[str] = ()

    def content(self, number: int) -> bytes:
        """Return a good prescription; another one for each number."""
        raise NotImplementedError

    def bad(self) -> Sequence[Bad]:
        """Return content that must be refused before anything is asked of the service."""
        return ()

    async def settled(self, journal: MemoryJournal) -> None:
        """Do what somebody else must do in between, such as the workstation that signs."""

    async def count(self) -> int:
        """Return how many prescriptions the service holds; a number without content is none."""
        raise NotImplementedError

    async def lose(self, call: str, *, acted: bool) -> None:
        """Let the next answer to this call be lost: after the service has acted, or before."""
        del call, acted
        pytest.skip("this counterpart loses no answers")

    async def lose_cancel(self, *, acted: bool) -> None:
        """Let the next answer to a cancel be lost."""
        del acted
        pytest.skip("this counterpart loses no answers")

    async def claim(self, record: Record) -> None:
        """Let a pharmacy take it."""
        del record
        pytest.skip("this counterpart has no pharmacy")

    async def dispense(self, record: Record) -> None:
        """Let a pharmacy dispense all of it, from whatever state."""
        del record
        pytest.skip("this counterpart has no pharmacy")

    async def shut(self) -> None:
        """Make the service unreachable."""
        pytest.skip("this counterpart can't be made unreachable")

    async def reopen(self) -> None:
        """Make the service reachable again."""

    def logged(self) -> str:
        """Return everything that the adapter has logged, as text."""
        return ""


class PrescriptionContract:
    """Subclass it, with a fixture `rig` that yields a `Rig`."""

    pytestmark = pytest.mark.asyncio

    async def test_its_abilities_are_sane(self, rig: Rig) -> None:
        """The hub can rely on them: something can be issued by somebody, and they do not change."""
        assert isinstance(rig.service, PrescriptionService)
        able = rig.service.abilities
        assert able.media_types
        assert able.professions
        assert able.max_bytes > 0
        assert rig.media_type in able.media_types
        assert set(rig.options) <= able.options
        assert rig.service.abilities == able

    async def test_a_prescription_is_issued_once(self, rig: Rig) -> None:
        """The service holds one, and the record says what a patient needs."""
        order, journal = begin(rig)
        assert isinstance(await run(rig, order, journal), Delivered)
        assert journal.record.state.issued
        assert journal.record.issued_at is not None
        assert await rig.count() == 1

    async def test_to_issue_it_again_changes_nothing(self, rig: Rig) -> None:
        """A second attempt after success answers the same, and makes no second prescription."""
        order, journal = begin(rig)
        await run(rig, order, journal)
        before, signed = journal.record, await journal.signed()
        assert isinstance(await run(rig, order, journal), Delivered)
        assert isinstance(await rig.service.settle(order, journal), Delivered)
        assert journal.record.number == before.number
        assert journal.record.secret == before.secret
        assert await journal.signed() == signed
        assert await rig.count() == 1

    async def test_prescriptions_side_by_side_are_not_mixed_up(self, rig: Rig) -> None:
        """Each gets a number of its own, and its own content."""
        begun = [begin(rig, number) for number in range(1, 5)]
        answers = await asyncio.gather(*(run(rig, order, journal) for order, journal in begun))
        assert all(isinstance(one, Delivered) for one in answers)
        assert await rig.count() == len(begun)
        numbers = [journal.record.number for _, journal in begun if journal.record.number is not None]
        assert len(set(numbers)) == len(numbers)

    @pytest.mark.parametrize("acted", [True, False], ids=["acted", "not-acted"])
    async def test_a_lost_answer_makes_no_second_prescription(self, rig: Rig, acted: bool) -> None:
        """Whichever answer is lost: one prescription in the end, signed once, and its number is known."""
        for done, call in enumerate(rig.calls):
            order, journal = begin(rig, done + 1)
            await rig.lose(call, acted=acted)
            assert isinstance(await run(rig, order, journal), Delivered), call
            assert journal.record.state.issued, call
            assert len(set(journal.signatures)) <= 1, call
            assert await rig.count() == done + 1, call

    @pytest.mark.parametrize("settles", [True, False], ids=["asks", "issues"])
    @pytest.mark.parametrize("kept", [True, False], ids=["after-the-write", "before-the-write"])
    async def test_killed_at_any_write_it_goes_on(self, rig: Rig, kept: bool, settles: bool) -> None:
        """Every write to the journal is a place to die at: one prescription comes of it all the same."""
        for at in range(1, MOST_WRITES):
            order, journal = begin(rig, at)
            journal.kill_at, journal.kept = at, kept
            died = False
            try:
                await run(rig, order, journal)
            except Killed:
                died = True
            journal.kill_at = None
            assert isinstance(await run(rig, order, journal, settles=settles), Delivered), at
            assert journal.record.state.issued, at
            assert await rig.count() == at, at
            if not died:
                return
        raise AssertionError(f"an issue takes {MOST_WRITES} writes or more")

    async def test_what_is_signed_is_kept_first(self, rig: Rig) -> None:
        """The signed bytes in the journal are those that the record names, and they never change."""
        order, journal = begin(rig)
        await run(rig, order, journal)
        assert len(set(journal.signatures)) <= 1
        states = [one.state for one in journal.records]
        assert all(old is new or may_move(old, new) for old, new in itertools.pairwise(states))

    async def test_an_unreachable_service_defers(self, rig: Rig) -> None:
        """Nothing is lost: it is issued as soon as the service is there again."""
        order, journal = begin(rig)
        await rig.shut()
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Deferred)
        assert outcome.operator_failed
        assert outcome.reason.en
        assert outcome.reason.fr
        await rig.reopen()
        assert isinstance(await run(rig, order, journal), Delivered)
        assert await rig.count() == 1

    async def test_people_can_read_it(self, rig: Rig) -> None:
        """The view names patient, prescriber and medicines, before the issue and after."""
        order, journal = begin(rig)
        view = rig.service.read(order.media_type, order.content)
        assert view.patient
        assert view.prescriber
        assert view.medicines
        assert all(one.name for one in view.medicines)
        await run(rig, order, journal)
        signed, media_type = await journal.signed(), journal.record.signed_type
        if signed is not None and media_type is not None:
            after = rig.service.read(media_type, signed)
            assert [one.name for one in after.medicines] == [one.name for one in view.medicines]
            assert journal.record.number is None or after.number in {None, journal.record.number}

    async def test_what_can_never_be_issued_is_refused_in_words(self, rig: Rig) -> None:
        """Its prescriber learns a stable code and a sentence in both languages; nothing is asked."""
        for number, bad in enumerate(rig.bad(), 1):
            order, journal = begin(rig, number, content=bad.content, media_type=bad.media_type)
            with pytest.raises(InputError) as caught:
                rig.service.check(order)
            assert caught.value.code == bad.code, bad.name
            assert caught.value.words.en, bad.name
            assert caught.value.words.fr, bad.name
            outcome = await attempt(rig, order, journal)
            assert isinstance(outcome, Refused), bad.name
            assert outcome.code == bad.code, bad.name
        assert await rig.count() == 0

    @pytest.mark.parametrize("content", [b"", b"<", b"{", b"\xff\xfe", b"<a/>", b"{}", b"[" * 100_000])
    async def test_noise_is_malformed(self, rig: Rig, content: bytes) -> None:
        """Bytes that are no prescription are an InputError, never another fault."""
        order, _ = begin(rig, content=content)
        with pytest.raises(InputError):
            rig.service.read(order.media_type, content)
        with pytest.raises(InputError):
            rig.service.check(order)

    async def test_another_media_type_is_refused(self, rig: Rig) -> None:
        """A letter is no prescription."""
        order, _ = begin(rig, media_type="application/pdf")
        with pytest.raises(InputError):
            rig.service.check(order)

    async def test_it_is_cancelled_once(self, rig: Rig) -> None:
        """To cancel twice comes to the same: cancelled, with words."""
        record = await issued(rig)
        if not rig.service.abilities.cancels:
            said = await rig.service.cancel(record, rig.reason, rig.prescriber)
            assert said.result is CancelResult.NOT_SUPPORTED
            assert said.words.en
            return
        for _ in range(2):
            said = await rig.service.cancel(record, rig.reason, rig.prescriber)
            assert said.result.done
            assert said.state is PrescriptionState.CANCELLED
            assert said.words.en
            assert said.words.fr
        assert await rig.count() == 0

    @pytest.mark.parametrize("acted", [True, False], ids=["acted", "not-acted"])
    async def test_a_cancel_whose_answer_is_lost_is_asked_again(self, rig: Rig, acted: bool) -> None:
        """The second time it is cancelled, whatever became of the first."""
        _needs_cancels(rig)
        record = await issued(rig)
        await rig.lose_cancel(acted=acted)
        try:
            said = await rig.service.cancel(record, rig.reason, rig.prescriber)
        except PeerError:
            said = await rig.service.cancel(record, rig.reason, rig.prescriber)
        assert said.result.done
        assert await rig.count() == 0

    async def test_an_unreachable_service_cancels_nothing(self, rig: Rig) -> None:
        """It says so by PeerError, so that the hub asks again."""
        _needs_cancels(rig)
        record = await issued(rig)
        await rig.shut()
        with pytest.raises(PeerError):
            await rig.service.cancel(record, rig.reason, rig.prescriber)
        await rig.reopen()
        assert await rig.count() == 1

    async def test_what_a_pharmacy_holds_is_not_cancelled(self, rig: Rig) -> None:
        """The prescriber is told that a pharmacy has it."""
        _needs_cancels(rig)
        record = await issued(rig)
        await rig.claim(record)
        said = await rig.service.cancel(record, rig.reason, rig.prescriber)
        assert said.result is CancelResult.WITH_DISPENSER
        assert said.words.en
        assert said.words.fr

    async def test_what_is_dispensed_is_not_cancelled(self, rig: Rig) -> None:
        """The prescriber is told that it is too late."""
        _needs_cancels(rig)
        record = await issued(rig)
        await rig.dispense(record)
        said = await rig.service.cancel(record, rig.reason, rig.prescriber)
        # Some services only say that it is no longer with the prescriber.
        assert said.result in {CancelResult.DISPENSED, CancelResult.WITH_DISPENSER}
        assert said.state is not PrescriptionState.CANCELLED

    async def test_its_status_follows(self, rig: Rig) -> None:
        """What it says is a move that the table allows, and number and secret stay."""
        if not rig.service.abilities.tracks:
            pytest.skip("this service does not tell how a prescription stands")
        record = await issued(rig)
        fresh = await rig.service.status(record)
        assert fresh.state is record.state or may_move(record.state, fresh.state)
        assert (fresh.id, fresh.number, fresh.secret) == (record.id, record.number, record.secret)
        await rig.dispense(record)
        after = await rig.service.status(fresh)
        assert after.state is fresh.state or may_move(fresh.state, after.state)

    async def test_every_dispensing_is_told(self, rig: Rig) -> None:
        """From a cursor on, once each, under the same id whenever it is asked for."""
        cursor = (await rig.service.events(None)).cursor
        first, second = await issued(rig, 1), await issued(rig, 2)
        await rig.dispense(first)
        told, cursor_then = await news(rig, cursor)
        assert {one.number for one in told} == {first.number}
        again, _ = await news(rig, cursor)
        assert [one.id for one in again] == [one.id for one in told]
        await rig.dispense(second)
        later, _ = await news(rig, cursor_then)
        assert second.number in {one.number for one in later}
        known = {one.id for one in told}
        assert any(one.id not in known for one in later)
        assert all(one.text.en and one.text.fr for one in (*told, *later))

    async def test_its_code_is_that_of_the_record(self, rig: Rig) -> None:
        """There is none before it is issued; then it is what the record says, and shown to nobody."""
        order, journal = begin(rig)
        assert rig.service.code(journal.record, None) is None
        await run(rig, order, journal)
        code = rig.service.code(journal.record, await journal.signed())
        if code is None:
            assert journal.record.code is None
            return
        assert (code.text is None) != (code.image is None)
        assert journal.record.code is None or code.text == journal.record.code
        assert all(secret not in repr(code) for secret in secrets(journal.record))

    async def test_nothing_is_handed_over_before_it_is_issued(self, rig: Rig) -> None:
        """There is nothing yet that a pharmacy could use."""
        order, journal = begin(rig)
        for form in sorted(rig.service.abilities.handing):
            with pytest.raises(InputError):
                await rig.service.hand_over(journal.record, None, order, form, "fr")

    @pytest.mark.parametrize("language", ["fr", "en"])
    async def test_it_is_handed_over(self, rig: Rig, language: str) -> None:
        """In each form that the service knows: a mail with one body, and no secret in its subject."""
        order, journal = begin(rig)
        await run(rig, order, journal)
        record, signed = journal.record, await journal.signed()
        for form in sorted(rig.service.abilities.handing):
            mail = await rig.service.hand_over(record, signed, order, form, language)
            assert mail.subject
            assert mail.enclosures
            assert sum(one.body for one in mail.enclosures) == 1
            names = [one.name for one in mail.enclosures]
            assert len(set(names)) == len(names)
            for secret in secrets(record):
                assert secret not in mail.subject
                assert secret not in repr(mail)
            if form is Handing.DOCUMENT and signed is not None:
                assert signed in {one.content for one in mail.enclosures}

    async def test_a_form_that_it_does_not_know_is_refused(self, rig: Rig) -> None:
        """In words."""
        record = await issued(rig)
        order, _ = begin(rig)
        for form in sorted(set(Handing) - rig.service.abilities.handing):
            with pytest.raises(InputError):
                await rig.service.hand_over(record, None, order, form, "fr")

    async def test_secrets_are_shown_to_nobody(self, rig: Rig) -> None:
        """Access code, 2D code and content stand in no log, no error and no representation."""
        order, journal = begin(rig)
        await run(rig, order, journal)
        record = journal.record
        shown = [repr(record), repr(order), rig.logged()]
        try:
            shown.append(repr(await rig.service.cancel(record, rig.reason, rig.prescriber)))
        except HubError as error:
            shown += [repr(error), str(error.fields)]
        for secret in secrets(record):
            assert all(secret not in text for text in shown)
        patient = rig.service.read(order.media_type, order.content).patient
        assert all(patient not in text for text in shown)

    async def test_a_document_of_another_kind_says_nothing(self, rig: Rig) -> None:
        """What comes by mail and is no dispensing is left to people."""
        if not isinstance(rig.service, ReadsDispensing):
            pytest.skip("this service reads no dispensing that comes by itself")
        assert list(rig.service.dispensings("application/pdf", b"%PDF-1.7")) == []
        assert list(rig.service.dispensings("text/plain", b"Bonjour")) == []

    async def test_its_probe_tells_up_from_down(self, rig: Rig) -> None:
        """A probe returns from a service that answers, and raises PeerError from one that doesn't."""
        async with asyncio.timeout(GUARD):
            await rig.service.probe()
            await rig.shut()
            with pytest.raises(PeerError):
                await rig.service.probe()


def begin(
    rig: Rig, number: int = 1, *, content: bytes | None = None, media_type: str | None = None
) -> tuple[Order, MemoryJournal]:
    """Make an order with a journal in which nothing stands yet. Each has an id of its own."""
    global _made  # noqa: PLW0603 -- ids must differ between all orders of a test run
    _made += 1
    now = int(rig.clock.now().timestamp() * 1000)
    prescription = EnvelopeId(uuid7(now, FixedChance(_made).bytes(10)))
    order = Order(
        id=prescription,
        prescriber=rig.prescriber,
        media_type=media_type or rig.media_type,
        content=rig.content(number) if content is None else content,
        options=rig.options,
        entry=rig.entry,
    )
    return order, MemoryJournal(prescription, rig.clock)


_made = 0


async def attempt(rig: Rig, order: Order, journal: MemoryJournal, *, settle: bool = False) -> Outcome:
    """Do what one delivery does: issue, or ask what became of it. What it refuses is an outcome."""
    async with asyncio.timeout(GUARD):
        try:
            call = rig.service.settle if settle else rig.service.issue
            return await call(order, journal)
        except InputError as error:
            return Refused(code=error.code, reason=error.words)
        except PeerError as error:
            return Deferred(code=error.code, reason=error.words, operator_failed=True)


async def run(rig: Rig, order: Order, journal: MemoryJournal, *, settles: bool = False) -> Outcome:
    """Go on as the hub does until it ends: again when deferred, asking when uncertain.

    `settles`: it begins by asking, as a hub does that was killed after something had left.
    """
    outcome: Outcome | None = None
    for _ in range(ROUNDS):
        outcome = await attempt(rig, order, journal, settle=isinstance(outcome, Uncertain) or settles)
        settles = False
        await rig.settled(journal)
        if isinstance(outcome, Delivered | Refused):
            return outcome
    raise AssertionError(f"the issue did not end: {outcome}")


async def issued(rig: Rig, number: int = 1) -> Record:
    """Issue one and return its record."""
    order, journal = begin(rig, number)
    assert isinstance(await run(rig, order, journal), Delivered)
    return journal.record


async def news(rig: Rig, cursor: str | None) -> tuple[list[Dispensing], str | None]:
    """Return all that happened since a cursor, and the cursor after it."""
    told: list[Dispensing] = []
    async with asyncio.timeout(GUARD):
        while True:
            found = await rig.service.events(cursor)
            told += found.events
            cursor = found.cursor
            if not found.more:
                return told, cursor


def secrets(record: Record) -> list[str]:
    """Return what nobody may see of a record."""
    return [one for one in (record.secret, record.code) if one]


def _needs_cancels(rig: Rig) -> None:
    if not rig.service.abilities.cancels:
        pytest.skip("this service cancels nothing")
