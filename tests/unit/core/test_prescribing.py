"""Prescriptions as clients of the API see them: ordered once, by who may, followed and cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hub.core import ordering
from hub.core.acknowledge import Acknowledger
from hub.core.calling import Halt
from hub.core.correspondents import Correspondents
from hub.core.dispatch import attempt
from hub.core.normalise import Limits
from hub.core.notice import Notifier
from hub.core.operators import Operator, Operators
from hub.core.people import People
from hub.core.prescribing import Prescribing
from hub.core.receive import Reception
from hub.core.register import Register
from hub.core.submit import Submitter
from hub.core.tell import Teller
from hub.core.trust import Trust
from hub.domain import prescription_order
from hub.domain.address import Address
from hub.domain.delivery import State
from hub.domain.ids import DeliveryId, EnvelopeId, OperatorName
from hub.domain.message import Kind
from hub.domain.outcome import Delivered, Outcome, Refused
from hub.domain.prescription import CancelResult, Handing, PrescriptionState, PrescriptionView
from hub.domain.prescription_order import HandOrder
from hub.errors import ConfigError, ConflictError, HubError, InputError, PeerError, TrustError, Words
from hub.ports.connector import Capabilities, Parcel
from hub.ports.directory import Coded, DirectoryUnavailableError, MailboxKind, Standing
from hub.ports.intake import Accepted, Peer
from hub.ports.prescribing import CodeForm, PrescriptionOrder
from hub.ports.prescribing import Standing as Stands
from hub.ports.prescription import Abilities, Cancellation, Order, Reason, Record, Signing
from hub.ports.queue import Settlement
from hub.testing.contents import MemoryStage
from hub.testing.fakes import FixedChance, FixedClock, NullLog, TinyDirectory, entry
from hub.testing.memory_queue import MemoryQueue
from tests.unit.core.test_trust import Space
from tests.unit.core.world import OWN, sealer

SERVICE = Address.parse("erezept@rezept.hub.example")
LILAS, NURSE, PRACTICE = "dr.lilas@ville.example", "ide.beaulieu@ville.example", "secretariat@ville.example"
CLIENT = Peer(name="client:lilas", domains=frozenset({"ville.example"}))
OTHER = Peer(name="client:other", domains=frozenset({"ville.example"}))
EREZEPT, VILLE = OperatorName("erezept"), OperatorName("ville")
PHARMACY = HandOrder(to=Address.parse("pharmacie@ville.example"))
NOTHING = PrescriptionView(
    number=None,
    authored_on=None,
    valid_until=None,
    patient="",
    patient_identifiers=(),
    born=None,
    prescriber="",
    prescriber_identifiers=(),
    organisation="",
    medicines=(),
)


@dataclass
class Service:
    """An e-prescription service whose answers are set by the test."""

    records: dict[EnvelopeId, Record] = field(default_factory=dict)
    parcels: list[Parcel] = field(default_factory=list)
    checked: list[Order] = field(default_factory=list)
    signatures: list[bytes] = field(default_factory=list)
    fault: HubError | None = None
    capabilities = Capabilities()
    abilities = Abilities(
        mailbox=SERVICE,
        media_types=frozenset({"application/fhir+xml"}),
        professions=frozenset({"10"}),
        signing=Signing.HUB,
        options=frozenset({"workflow"}),
        handing=frozenset({Handing.TOKEN}),
        max_bytes=100,
    )
    mailboxes = (
        entry(
            str(SERVICE), name="E-Rezept", mailbox=MailboxKind.APPLICATION, answers_for="Cabinet des Lilas"
        ),
    )

    async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Issue."""
        self.parcels.append(parcel)
        return {one.delivery: Delivered(receipt="issued") for one in parcel.addressees}

    def check(self, order: Order) -> PrescriptionView:
        """Look at an order."""
        self.checked.append(order)
        if self.fault is not None:
            raise self.fault
        return NOTHING

    async def standing(self, prescription: EnvelopeId, *, fresh: bool = False) -> Stands | None:
        """Say how it stands."""
        found = self.records.get(prescription)
        return None if found is None else Stands(record=found, service=EREZEPT, view=None)

    async def to_sign(self, prescription: EnvelopeId) -> bytes | None:
        """Return what is to be signed."""
        return b"sign me" if self.records[prescription].awaits else None

    async def take_signed(self, prescription: EnvelopeId, signed: bytes) -> None:
        """Take a signature."""
        self.signatures.append(signed)

    async def signed(self, prescription: EnvelopeId) -> tuple[str, bytes] | None:
        """Return signed bytes."""
        return None

    async def draw(self, prescription: EnvelopeId, form: CodeForm) -> bytes | None:
        """Draw."""
        return None

    async def printed(self, prescription: EnvelopeId, language: str) -> bytes | None:
        """Print."""
        return None

    async def hand_over(self, prescription: EnvelopeId, order: HandOrder) -> EnvelopeId:
        """Hand over."""
        return EnvelopeId("handed")

    async def cancel(self, prescription: EnvelopeId, reason: Reason) -> Cancellation:
        """Cancel."""
        return Cancellation(
            result=CancelResult.CANCELLED, state=PrescriptionState.CANCELLED, words=Words(en="so", fr="ainsi")
        )


class World:
    """A hub with one service, and those who prescribe."""

    def __init__(self, spaces: tuple[Space, ...] = ()) -> None:
        self.clock, self.service = FixedClock(), Service()
        self.queue = MemoryQueue(self.clock, FixedChance(5))
        self.directory = TinyDirectory(
            entry(LILAS, profession=Coded("10", "Médecin")),
            entry(NURSE, profession=Coded("60", "Infirmier")),
            entry(PRACTICE, mailbox=MailboxKind.PRACTICE, profession=Coded("10", "Médecin"), answers_for="L"),
        )
        self.operators = Operators(
            [
                Operator(name=EREZEPT, domains=frozenset({SERVICE.domain}), connector=self.service),
                Operator(name=VILLE, domains=frozenset({"ville.example"})),
            ]
        )
        services = Correspondents(self.operators)
        people = People([services, self.directory])
        self.register = Register(
            directory=people, operators=self.operators, trust=Trust(spaces, own=services.domains)
        )
        notifier = Notifier(self.queue, self.operators, sealer(self.clock, 3), OWN)
        self.woken = 0
        reception = Reception(
            submitter=Submitter(
                queue=self.queue,
                register=self.register,
                sealer=sealer(self.clock),
                policies=(),
                limits=Limits(),
                clock=self.clock,
            ),
            catalogue=people,
            acknowledger=Acknowledger(self.queue, notifier, self.clock),
            teller=Teller(self.queue, notifier, self.clock),
            names_of=lambda _certificate: (),
            wake=self.wake,
            log=NullLog(),
            observe=lambda _event: None,
        )
        self.prescribing = Prescribing(
            intake=reception,
            records=self.queue,
            queue=self.queue,
            operators=self.operators,
            clock=self.clock,
            wake=self.wake,
        )

    def wake(self) -> None:
        """Count."""
        self.woken += 1

    async def order(self, key: str = "k1", peer: Peer = CLIENT, **fields: Any) -> Accepted:
        """Order a prescription."""
        given: dict[str, Any] = {
            "prescriber": Address.parse(LILAS),
            "service": None,
            "media_type": "application/fhir+xml",
            "content": b"<Bundle/>",
        }
        return await self.prescribing.issue(MemoryStage(), peer, key, PrescriptionOrder(**given | fields))

    async def attempt(self) -> Outcome | Any:
        """Try the delivery that is due, and return its verdict."""
        now = self.clock.now()
        (claimed,) = await self.queue.claim({EREZEPT: 1}, now, now.replace(year=now.year + 1))
        operator = self.operators.named(EREZEPT)
        assert operator is not None
        result = await attempt(claimed, operator, self.register, self.clock, Halt())
        return result.verdicts[claimed.deliveries[0].id]


async def refused(world: World, kind: type[HubError], **fields: Any) -> HubError:
    """Order what is refused, and return the error; nothing was stored."""
    with pytest.raises(kind) as caught:
        await world.order(**fields)
    assert not await world.queue.waiting()
    assert caught.value.words.en != caught.value.words.fr
    return caught.value


async def test_an_order_is_an_envelope_to_the_service() -> None:
    """The prescription stands in it byte for byte, and beside it what was asked for."""
    world = World()
    accepted = await world.order(options={"workflow": "160"}, hand_over=[PHARMACY])
    report = await world.queue.report(accepted.envelopes[0])
    assert report is not None
    message = report.sealed.envelope.message
    assert (message.kind, str(message.sender.address)) == (Kind.PRESCRIPTION, LILAS)
    assert [str(one.address) for one in message.recipients] == [str(SERVICE)]
    await world.attempt()
    (parcel,) = world.service.parcels
    document, order = message.documents
    assert await parcel.contents[document.id].read() == b"<Bundle/>"
    wishes = prescription_order.read(await parcel.contents[order.id].read())
    assert wishes.options == {"workflow": "160"}
    assert tuple(wishes.hand_over) == (PHARMACY,)
    assert parcel.sender is not None
    assert parcel.sender.profession == Coded("10", "Médecin")


async def test_the_same_key_gives_the_same_prescription() -> None:
    """Sent twice, it is ordered once; with another content under the same key it is a conflict."""
    world = World()
    first = await world.order()
    again = await world.order()
    assert (again.envelopes, again.again) == (first.envelopes, True)
    with pytest.raises(ConflictError):
        await world.order(content=b"<Bundle></Bundle>")
    assert len(await world.queue.waiting()) == 1


async def test_a_repetition_is_answered_although_it_could_not_be_issued_any_more() -> None:
    """What was accepted once is answered the same: the validity that has ended since changes nothing."""
    world = World()
    first = await world.order()
    world.service.fault = InputError("prescription.expired", Words(en="late", fr="tard"))
    assert (await world.order()).envelopes == first.envelopes
    with pytest.raises(InputError, match=r"prescription\.expired"):
        await world.order("k2")


@pytest.mark.parametrize(
    ("sender", "code"),
    [
        (NURSE, "prescriber.profession"),
        (PRACTICE, "prescriber.not_a_person"),
        ("nobody@ville.example", "sender.unknown"),
        ("dr.lilas@elsewhere.example", "sender.not_yours"),
    ],
)
async def test_who_may_not_prescribe_is_told_so_before_anything_is_stored(sender: str, code: str) -> None:
    """By the directory's word on their profession and right to practise."""
    error = await refused(World(), TrustError, prescriber=Address.parse(sender))
    assert error.code == code


async def test_the_words_name_the_profession() -> None:
    """The nurse reads what the directory knows of her, and can have it corrected."""
    error = await refused(World(), TrustError, prescriber=Address.parse(NURSE))
    assert "Infirmier" in error.words.fr


async def test_struck_off_since_the_order_nothing_is_issued() -> None:
    """The directory is asked again at the issue itself, and the timeline says why nothing came of it."""
    world = World()
    await world.order()
    world.directory.put(entry(LILAS, standing=Standing.STRUCK_OFF, profession=Coded("10", "Médecin")))
    verdict = await world.attempt()
    assert isinstance(verdict, Refused)
    assert verdict.code == "sender.struck-off"
    assert not world.service.parcels


async def test_another_profession_since_the_order_nothing_is_issued() -> None:
    """The same holds for the profession."""
    world = World()
    await world.order()
    world.directory.put(entry(LILAS, profession=Coded("60", "Infirmier")))
    assert (await world.attempt()).code == "prescriber.profession"
    world.directory.remove(LILAS)


async def test_without_the_directory_the_issue_waits() -> None:
    """It is never read as 'may not': nothing is issued, and it is tried again."""
    world = World()
    world.directory.available = False
    with pytest.raises(DirectoryUnavailableError):
        await world.order()
    world.directory.available = True
    await world.order()
    world.directory.available = False
    verdict = await world.attempt()
    assert verdict.code == "directory.unavailable"
    assert not world.service.parcels


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"service": OperatorName("nowhere")}, "prescription.service"),
        ({"service": VILLE}, "prescription.service_closed"),
        ({"media_type": "text/plain"}, "prescription.media_type"),
        ({"content": b"x" * 101}, "prescription.too_large"),
        ({"options": {"colour": "red"}}, "prescription.option"),
        ({"hand_over": [replace(PHARMACY, form=Handing.PRINT)]}, "prescription.handing"),
    ],
)
async def test_an_order_that_can_t_be_is_refused(fields: Mapping[str, Any], code: str) -> None:
    """With what is wrong, and what this hub or service would take."""
    kind = PeerError if code.endswith("closed") else InputError
    assert (await refused(World(), kind, **fields)).code == code


async def test_what_the_service_could_never_issue_is_refused_at_once() -> None:
    """The service's own words reach the prescriber's software in the first answer."""
    world = World()
    world.service.fault = InputError("prescription.code_system", Words(en="line 2", fr="ligne 2"))
    assert (await refused(world, InputError)).code == "prescription.code_system"


async def test_while_an_order_is_looked_at_others_have_their_turn() -> None:
    """A large document keeps nobody else from the hub."""
    world, turned = World(), threading.Event()

    def look(order: Order) -> PrescriptionView:
        asyncio.run_coroutine_threadsafe(turn(), loop).result(60)
        return NOTHING

    async def turn() -> None:
        turned.set()

    loop = asyncio.get_running_loop()
    world.service.check = look  # type: ignore[method-assign]
    await world.order()
    assert turned.is_set()


async def test_a_service_is_admitted_to_itself() -> None:
    """A space of trust lists operators, not the services of this hub; prescribers must be in it."""
    assert (await World((Space("ville.example"),)).order()).envelopes
    error = await refused(World((Space("other.example"),)), TrustError)
    assert error.code == "sender.outside"


async def test_a_mailbox_outside_its_operator_s_domains_is_a_fault_of_the_configuration() -> None:
    """It would never get an order: the hub says so at start."""
    lone = Operators([Operator(name=EREZEPT, domains=frozenset({"x.example"}), connector=Service())])
    with pytest.raises(ConfigError, match="erezept"):
        Correspondents(lone)


async def test_nobody_else_s_prescription_is_shown() -> None:
    """To another client it is as absent as one that never was; so is a letter, and any id."""
    world = World()
    (mine,) = (await world.order()).envelopes
    progress = await world.prescribing.standing(CLIENT, mine)
    assert (progress.state, progress.standing) == (PrescriptionState.DRAFT, None)
    for peer, one in ((OTHER, mine), (CLIENT, EnvelopeId("01890000-0000-7000-8000-000000000000"))):
        with pytest.raises(InputError, match=r"prescription\.not_found"):
            await world.prescribing.standing(peer, one)


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("to_sign", "nothing_to_sign"),
        ("signed", "not_signed"),
    ],
)
async def test_what_is_not_there_is_said_to_be_missing(method: str, code: str) -> None:
    """Each with words of its own."""
    world = World()
    (mine,) = (await world.order()).envelopes
    world.service.records[mine] = record(world, mine)
    with pytest.raises(InputError, match=rf"prescription\.{code}"):
        await getattr(world.prescribing, method)(CLIENT, mine)


async def test_a_signature_lets_the_issue_go_on_at_once() -> None:
    """What the workstation signed makes the delivery due now, and leaves a line in the timeline."""
    world = World()
    (mine,) = (await world.order()).envelopes
    world.service.records[mine] = replace(record(world, mine), awaits=True)
    assert await world.prescribing.to_sign(CLIENT, mine) == b"sign me"
    before = world.woken
    await world.prescribing.sign(CLIENT, mine, b"signed")
    report = await world.queue.report(mine)
    assert report is not None
    assert report.steps[-1].event == "prescription.signed"
    assert (world.service.signatures, world.woken) == ([b"signed"], before + 1)


async def test_to_wait_for_it_ends_when_it_is_issued_or_time_is_up() -> None:
    """A client that waits gets its number in the first answer, or the state as it is."""
    world = World()
    (mine,) = (await world.order()).envelopes
    await world.prescribing.wait(CLIENT, mine, 0.01)
    world.service.records[mine] = replace(record(world, mine), state=PrescriptionState.ACTIVE)
    await world.prescribing.wait(CLIENT, mine, 60)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("outcome.unknown", PrescriptionState.UNKNOWN),
        ("prescription.refused", PrescriptionState.REJECTED),
    ],
)
async def test_an_order_whose_end_nobody_knows_is_not_refused(code: str, state: PrescriptionState) -> None:
    """Signed, perhaps at the service: who reads that it was refused would order a second one."""
    world = World()
    (mine,) = (await world.order()).envelopes
    world.service.records[mine] = replace(record(world, mine), state=PrescriptionState.SIGNED)
    now = world.clock.now()
    (claimed,) = await world.queue.claim({EREZEPT: 1}, now, now.replace(year=now.year + 1))
    (delivery,) = claimed.deliveries
    end = Settlement(
        delivery=delivery.id,
        envelope=mine,
        lease=delivery.lease,
        state=State.REFUSED,
        at=now,
        event="delivery.refused",
        code=code,
        reason=Words(en="so", fr="ainsi"),
    )
    await world.queue.settle([end])
    assert (await world.prescribing.standing(CLIENT, mine)).state is state


def record(world: World, prescription: EnvelopeId) -> Record:
    """Make the record of a draft."""
    return Record(id=prescription, state=PrescriptionState.DRAFT, changed_at=world.clock.now())


def test_a_hub_without_a_service_says_so() -> None:
    """And where to find out why, in the place of an empty list."""
    assert "hub check" in ordering.unknown([]).words.en
    assert str(EREZEPT) in ordering.unknown([EREZEPT]).words.en
