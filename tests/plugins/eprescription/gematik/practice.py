"""A practice with a hub, and gematik's service as the simulator plays it, over real TLS on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hub.domain.address import Address
from hub.domain.ids import EnvelopeId, uuid7
from hub.domain.party import Party, PartyKind
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.ports.prescription import Record, Signing
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog
from hub.testing.journals import MemoryJournal
from hub.testing.prescription_contract import Bad, Rig
from hub_eprescription.gematik.opening import open_service
from hub_eprescription.gematik.service import Service
from hub_eprescription.gematik.settings import Settings
from hub_eprescription.settings import Common
from hub_eprescription.signing import cades
from hub_eprescription.signing.pem import PemSettings
from hub_eprescription.signing.signers import SignerSettings
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.serving import Served, serve
from hub_eprescription.simulator.simulation import Simulation
from hub_eprescription.simulator.tasks import State
from hub_eprescription.wire.settings import WireSettings
from tests.plugins.eprescription import prescribers
from tests.plugins.eprescription.prescribers import NOW, Holder
from tests.servers import Papers

LILAS = Address.parse("dr.camille.lilas@cabinet-lilas.mssante.example")
CAMILLE = Party(kind=PartyKind.PERSON, name="Dr Camille Lilas", address=LILAS)
ACCESS = Access(token="prescriber-token", role=Role.PRESCRIBER, identifier="1-cabinet-lilas-01")
ZONE = ZoneInfo("Europe/Berlin")
DAY = NOW.astimezone(ZONE).date()
MEDIA_TYPE = "application/fhir+xml"
KBV = "https://fhir.kbv.de"
_OPEN = frozenset({State.READY, State.IN_PROGRESS, State.COMPLETED})


def bundle(
    *,
    day: date = DAY,
    number: str | None = None,
    name: str = "Schmerzmittel Valbrume 400 mg",
    system: str = "http://fhir.de/CodeSystem/ifa/pzn",
    insurance: str = "GKV",
) -> bytes:
    """Return a small KBV bundle; everybody in it is invented."""
    identifier = (
        ""
        if number is None
        else '<identifier><system value="https://gematik.de/fhir/erp/NamingSystem/GEM_ERP_NS_PrescriptionId"/>'
        f'<value value="{number}"/></identifier>'
    )
    kvid = "pkv" if insurance == "PKV" else "gkv"
    resources = (
        f"""<Composition xmlns="http://hl7.org/fhir"><id value="c"/>
        <extension url="{KBV}/StructureDefinition/KBV_EX_FOR_Legal_basis"><valueCoding>
        <system value="{KBV}/CodeSystem/KBV_CS_SFHIR_KBV_STATUSKENNZEICHEN"/><code value="00"/></valueCoding>
        </extension><status value="final"/><title value="Arzneimittelverordnung"/></Composition>""",
        f"""<Coverage><id value="v"/><type><coding>
        <system value="http://fhir.de/CodeSystem/versicherungsart-de-basis"/><code value="{insurance}"/>
        </coding></type></Coverage>""",
        f"""<Patient><id value="p"/><identifier><system value="http://fhir.de/sid/{kvid}/kvid-10"/>
        <value value="X110614233"/></identifier><name><use value="official"/><family value="Hautmont"/>
        <given value="Zoé"/></name><birthDate value="1972-04-09"/></Patient>""",
        f"""<Practitioner><id value="a"/><identifier><system value="{KBV}/NamingSystem/KBV_NS_Base_ANR"/>
        <value value="123456601"/></identifier><name><use value="official"/><family value="Lilas"/>
        <given value="Camille"/><prefix value="Dr."/></name></Practitioner>""",
        '<Organization><id value="o"/><name value="Cabinet des Lilas"/></Organization>',
        f"""<Medication><id value="m"/><code><coding><system value="{system}"/><code value="12345678"/>
        </coding><text value="{name}"/></code><form><coding>
        <system value="{KBV}/CodeSystem/KBV_CS_SFHIR_KBV_DARREICHUNGSFORM"/><code value="TAB"/></coding>
        </form><amount><numerator><value value="20"/><unit value="Stk"/></numerator><denominator>
        <value value="1"/></denominator></amount></Medication>""",
        f"""<MedicationRequest><id value="r"/><status value="active"/><intent value="order"/>
        <medicationReference><reference value="Medication/m"/></medicationReference>
        <authoredOn value="{day.isoformat()}"/><requester><reference value="Practitioner/a"/></requester>
        <dosageInstruction><text value="1-0-1-0"/></dosageInstruction><dispenseRequest><quantity>
        <value value="1"/><system value="http://unitsofmeasure.org"/><code value="{{Package}}"/></quantity>
        </dispenseRequest><substitution><allowedBoolean value="true"/></substitution></MedicationRequest>""",
    )
    entries = "".join(f"\n  <entry><resource>{one}</resource></entry>" for one in resources)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- written by the practice's software -->
<Bundle xmlns="http://hl7.org/fhir">
  <id value="b"/>
  <meta><profile value="{KBV}/StructureDefinition/KBV_PR_ERP_Bundle|1.1.0" /></meta>
  {identifier}<type value="document"/>{entries}
</Bundle>
""".encode()


@dataclass
class Practice:
    """The hub's end, and the service's."""

    service: Service
    served: Served
    clock: FixedClock
    log: RecordingLog
    holder: Holder
    settings: Settings
    token: Path

    @property
    def simulation(self) -> Simulation:
        """The service."""
        return self.served.simulation


def settings(
    folder: Path,
    bases: Sequence[str],
    authority: Path,
    holder: Holder,
    *,
    signing: Signing = Signing.HUB,
    follow: bool = True,
    trust: bool = True,
    answer_timeout: timedelta = timedelta(seconds=60),
) -> Settings:
    """Return the settings of a service at these addresses, with files in a folder."""
    key, certificate = holder.write(folder)
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(ACCESS.token, "utf-8")
    return Settings(
        common=Common(
            mailbox=Address.parse("erezept@rezept.hub.example"),
            title="E-Rezept",
            answers_for="Cabinet des Lilas",
            professions=frozenset({"10"}),
            signing=signing,
            poll=None,
            language="fr",
        ),
        wire=WireSettings(
            base_urls=tuple(bases), token=token, anchors=(authority,), answer_timeout=answer_timeout
        ),
        signers=SignerSettings(keys={LILAS.key: PemSettings(key=key, certificate=certificate)}),
        trust=(certificate,) if trust else (),
        follow=follow,
        time_zone=ZONE,
    )


@asynccontextmanager
async def practice(
    folder: Path,
    *,
    prescribers_read: bool = True,
    first: Sequence[str] = (),
    named: str = "Dr Camille Lilas",
    twice: bool = False,
    **more: Any,
) -> AsyncIterator[Practice]:
    """Open a practice with a service of its own.

    `first` are addresses before its own, `named` is in the prescriber's certificate. With `twice` the
    service has a second address.
    """
    clock, log = FixedClock(NOW), RecordingLog()
    holder = prescribers.prescriber(None, name=named, mail=str(LILAS))
    simulation = Simulation([ACCESS], trust=holder.trust, now=clock.now, prescribers_read=prescribers_read)
    tls = Papers(folder / "papers").issue()
    hub = host(folder, clock, log)
    async with serve(simulation, certificate=tls.certificate, key=tls.key) as served:
        second = [served.url.replace("localhost", "LOCALHOST")] if twice else []
        made = settings(folder, [*first, served.url, *second], tls.authority, holder, **more)
        async with open_service(made, hub) as service:
            yield Practice(
                service=service,
                served=served,
                clock=clock,
                log=log,
                holder=holder,
                settings=made,
                token=folder / "token",
            )


@dataclass
class SimulatorRig(Rig):
    """The adapter against the simulator, for the contract."""

    practice: Practice
    media_type: str = MEDIA_TYPE
    options: Mapping[str, str] = field(default_factory=dict)
    calls: Sequence[str] = ("create", "activate")

    def __post_init__(self) -> None:
        self.service, self.clock = self.practice.service, self.practice.clock
        self.prescriber = CAMILLE

    def content(self, number: int) -> bytes:
        """Return a prescription of another medicine for each number."""
        return bundle(name=f"Schmerzmittel Valbrume {number} mg")

    def bad(self) -> Sequence[Bad]:
        """Return what the hub refuses by itself."""
        yesterday = DAY.replace(day=DAY.day - 1)
        return (
            Bad(name="yesterday", code="prescription.authored_on", content=bundle(day=yesterday)),
            Bad(
                name="unknown code system",
                code="prescription.code_system",
                content=bundle(system="https://codes.example/medicines"),
            ),
            Bad(
                name="no bundle",
                code="prescription.malformed",
                content=b"<Patient xmlns='http://hl7.org/fhir'/>",
            ),
            Bad(
                name="a document type",
                code="prescription.malformed",
                content=bundle().replace(b"<Bundle", b"<!DOCTYPE Bundle [<!ENTITY a 'b'>]><Bundle"),
            ),
            Bad(
                name="another encoding",
                code="prescription.malformed",
                content=bundle().replace(b'"UTF-8"', b'"ISO-8859-1"'),
            ),
            Bad(
                name="an identifier of another system",
                code="prescription.malformed",
                content=bundle(number="1").replace(b"GEM_ERP_NS_PrescriptionId", b"Other"),
            ),
        )

    async def settled(self, journal: MemoryJournal) -> None:
        """Sign, when it is the workstation's turn; wait, when the service said for how long."""
        if "next_try" in journal.record.facts:
            self.practice.clock.advance(timedelta(hours=1))
        content = await journal.to_sign()
        if content is not None:
            signed = await cades.envelop(content, self.practice.holder.signer, self.clock.now())
            await self.service.take_signed(signed, CAMILLE, journal)

    async def count(self) -> int:
        """Return how many prescriptions the service holds."""
        return sum(one.state in _OPEN for one in self.practice.simulation.gematik.kept)

    async def lose(self, call: str, *, acted: bool) -> None:
        """Lose the next answer to a call."""
        self.practice.simulation.fault(call, "lost" if acted else "cut")

    async def lose_cancel(self, *, acted: bool) -> None:
        """Lose the next answer to a cancel."""
        await self.lose("abort", acted=acted)

    async def claim(self, record: Record) -> None:
        """Let a pharmacy take it."""
        self.practice.simulation.pharmacy.claim(record.number or "")

    async def dispense(self, record: Record) -> None:
        """Let a pharmacy dispense all of it."""
        held = self.practice.simulation.gematik.kept.get(record.number or "")
        if held is not None and held.state is State.READY:
            await self.claim(record)
        self.practice.simulation.pharmacy.close(record.number or "")

    async def shut(self) -> None:
        """Make the service unreachable: at its address nobody listens."""
        session = self.practice.service._asking._session
        self._open = session._settings
        session._settings = replace(self._open, base_urls=("https://localhost:1",))

    async def reopen(self) -> None:
        """Make it reachable again."""
        self.practice.service._asking._session._settings = self._open

    def logged(self) -> str:
        """Return everything that was logged."""
        return repr(self.practice.log.lines)


def envelope(count: int) -> EnvelopeId:
    """Return an id for an order."""
    return EnvelopeId(uuid7(int(NOW.timestamp() * 1000), FixedChance(count).bytes(10)))


def host(folder: Path, clock: FixedClock | None = None, log: RecordingLog | None = None) -> Host:
    """Return what a hub lends to the service."""
    return Host(
        name="erezept",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=clock or FixedClock(NOW),
        chance=FixedChance(),
        log=log or RecordingLog(),
        data=folder,
        ledger=EphemeralLedger(),
    )
