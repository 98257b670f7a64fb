"""A practice in England with a hub, and EPS as the double plays it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from hub.domain.address import Address
from hub.domain.party import Identifier, Party, PartyKind
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.ports.prescription import Reason, Record, Signing
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog
from hub.testing.journals import MemoryJournal
from hub.testing.prescription_contract import Bad, Rig
from hub_eprescription.eps import names, number
from hub_eprescription.eps.opening import open_service
from hub_eprescription.eps.service import EpsService
from hub_eprescription.eps.settings import Settings
from hub_eprescription.settings import Common
from hub_eprescription.signing import xmldsig
from hub_eprescription.signing.pem import PemSettings
from hub_eprescription.signing.signers import SignerSettings
from hub_eprescription.wire.settings import WireSettings
from tests.plugins.eprescription import prescribers
from tests.plugins.eprescription.eps.double import TOKEN, Double, serving
from tests.plugins.eprescription.prescribers import NOW, Holder
from tests.servers import Papers, Tls

LILAS: Final = Address.parse("dr.camille.lilas@surgery-lilas.mssante.example")
GMC: Final = "https://fhir.hl7.org.uk/Id/gmc-number"
SDS: Final = "555000111222"
CAMILLE: Final = Party(
    kind=PartyKind.PERSON,
    name="Dr Camille Lilas",
    address=LILAS,
    identifiers=(Identifier(GMC, "7000001"), Identifier(names.SDS_USER, SDS)),
)
_MECHANISMS: Final = {"RS1": "rsa-pkcs1-sha1", "RS256": "rsa-pkcs1-sha256"}


def order(
    at: int = 1,
    *,
    items: int = 1,
    short: str | None = None,
    system: str = names.SNOMED,
    gmc: str = "7000001",
    identifier: str | None = None,
    indent: int | None = 2,
) -> bytes:
    """Return an order; another number and another medicine for each `at`. Everybody in it is invented."""
    stem = f"{at:06X}-0VALB1-{at:05X}"
    short = short or stem + number.check_character(stem)
    role, patient, person, place = (f"urn:uuid:0000000{one}-0000-4000-8000-{at:012x}" for one in range(1, 5))
    requests = [
        {
            "fullUrl": f"urn:uuid:1000000{item}-0000-4000-8000-{at:012x}",
            "resource": {
                "resourceType": "MedicationRequest",
                "identifier": [{"system": names.ITEM, "value": f"2000000{item}-0000-4000-8000-{at:012x}"}],
                "status": "active",
                "intent": "order",
                "medicationCodeableConcept": {
                    "coding": [
                        {
                            "system": system,
                            "code": f"{39732311000001104 + item}",
                            "display": f"Valbrumol {at} mg",
                        }
                    ]
                },
                "subject": {"reference": patient},
                "requester": {"reference": role},
                "groupIdentifier": {"system": names.NUMBER, "value": short},
                "dosageInstruction": [{"text": "1 tablet twice a day"}],
                "dispenseRequest": {
                    "validityPeriod": {"start": "2026-03-28", "end": "2026-09-28"},
                    "quantity": {"value": 20, "unit": "tablet"},
                },
                "substitution": {"allowedBoolean": False},
            },
        }
        for item in range(items)
    ]
    header = f"urn:uuid:3000000a-0000-4000-8000-{at:012x}"
    value: dict[str, Any] = {
        "resourceType": "Bundle",
        "identifier": {
            "system": names.UUIDS,
            "value": identifier or f"4000000b-0000-4000-8000-{at:012x}",
        },
        "type": "message",
        "entry": [
            {
                "fullUrl": header,
                "resource": {
                    "resourceType": "MessageHeader",
                    "eventCoding": {"system": names.EVENT, "code": names.ORDER},
                    "sender": {"identifier": {"system": names.ODS, "value": "VALB1"}},
                    "source": {"endpoint": "urn:nhs-uk:addressing:ods:VALB1"},
                    "focus": [{"reference": one["fullUrl"]} for one in requests],
                },
            },
            *requests,
            {
                "fullUrl": patient,
                "resource": {
                    "resourceType": "Patient",
                    "identifier": [{"system": names.NHS_NUMBER, "value": f"9{at:09d}"}],
                    "name": [{"family": "Hautmont", "given": ["Zoé"], "prefix": ["Ms"]}],
                    "birthDate": "1972-04-09",
                },
            },
            {
                "fullUrl": role,
                "resource": {
                    "resourceType": "PractitionerRole",
                    "practitioner": {"reference": person},
                    "organization": {"reference": place},
                },
            },
            {
                "fullUrl": person,
                "resource": {
                    "resourceType": "Practitioner",
                    "identifier": [
                        {"system": names.SDS_USER, "value": SDS},
                        {"system": GMC, "value": gmc},
                    ],
                    "name": [{"family": "Lilas", "given": ["Camille"], "prefix": ["Dr"]}],
                },
            },
            {
                "fullUrl": place,
                "resource": {
                    "resourceType": "Organization",
                    "identifier": [{"system": names.ODS, "value": "VALB1"}],
                    "name": "Surgery of the Lilacs",
                },
            },
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()


@dataclass
class Practice:
    """The hub's end, and the service's."""

    service: EpsService
    double: Double
    clock: FixedClock
    log: RecordingLog
    holder: Holder
    token: Path


@asynccontextmanager
async def practice(
    folder: Path,
    *,
    signing: Signing = Signing.HUB,
    algorithm: str = "RS256",
    key: str = "rsa",
    **more: Any,
) -> AsyncIterator[Practice]:
    """Open a practice with a service of its own, as the double plays it."""
    holder = make_holder(key)
    clock = FixedClock(NOW)
    double = Double(trust=holder.trust, now=clock.now, algorithm=algorithm)
    double.trust.accepts_sha1 = True
    tls = Papers(folder / "papers").issue()
    async with (
        serving(double, tls),
        hub(folder, double.url, tls, holder, clock, signing=signing, **more) as (service, log),
    ):
        yield Practice(
            service=service, double=double, clock=clock, log=log, holder=holder, token=folder / "token"
        )


def make_holder(key: str) -> Holder:
    """Make Dr Lilas's key and certificate."""
    made = prescribers.make_key(key)
    return prescribers.prescriber(None, made, name="Dr Camille Lilas", mail=str(LILAS))


@asynccontextmanager
async def hub(
    folder: Path,
    url: str,
    tls: Tls,
    holder: Holder,
    clock: FixedClock,
    *,
    signing: Signing = Signing.HUB,
    **more: Any,
) -> AsyncIterator[tuple[EpsService, RecordingLog]]:
    """Open a hub's end to a service at `url`."""
    log = RecordingLog()
    key_file, certificate = holder.write(folder)
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(TOKEN, "utf-8")
    host = Host(
        name="eps",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=clock,
        chance=FixedChance(),
        log=log,
        data=folder,
        ledger=EphemeralLedger(),
    )
    keys = {LILAS.key: PemSettings(key=key_file, certificate=certificate)}
    settings = Settings(
        common=Common(
            mailbox=Address.parse("eps@prescriptions.hub.example"),
            title="EPS",
            answers_for="Surgery of the Lilacs",
            professions=frozenset({"10"}),
            signing=signing,
            poll=None,
            language="en",
        ),
        wire=WireSettings(
            base_urls=(url,),
            token=token,
            anchors=(tls.authority,),
            answer_timeout=timedelta(seconds=60),
        ),
        signers=SignerSettings(keys=keys if signing is Signing.HUB else {}),
        **{"trust": (certificate,), "role": "555254240100"} | more,
    )
    async with open_service(settings, host) as service:
        assert isinstance(service, EpsService)
        yield service, log


@dataclass
class DoubleRig(Rig):
    """The adapter against the double, for the contract."""

    practice: Practice
    media_type: str = names.MEDIA_TYPE
    options: Mapping[str, str] = field(default_factory=dict)
    reason: Reason = field(default_factory=lambda: Reason(code="0001", text="Prescribing Error"))
    calls: Sequence[str] = ("prepare", "order")
    items: int = 1

    def __post_init__(self) -> None:
        self.service, self.clock = self.practice.service, self.practice.clock
        self.prescriber = CAMILLE

    def content(self, number: int) -> bytes:
        """Return a prescription of another medicine for each number."""
        return order(number, items=self.items)

    def bad(self) -> Sequence[Bad]:
        """Return what the hub refuses by itself."""
        return (
            Bad(
                name="unknown code system",
                code="prescription.code_system",
                content=order(system="https://codes.example/medicines"),
            ),
            Bad(
                name="mistyped number",
                code="prescription.number",
                content=order(short="000001-0VALB1-000011"),
            ),
            Bad(name="no number", code="prescription.number", content=order(short="12")),
            Bad(
                name="another prescriber", code="prescription.other_prescriber", content=order(gmc="7000002")
            ),
            Bad(name="no UUID", code="prescription.malformed", content=order(identifier="1")),
            Bad(
                name="another event",
                code="prescription.malformed",
                content=order().replace(b'"prescription-order"', b'"dispense-notification"'),
            ),
            Bad(
                name="a key twice",
                code="prescription.malformed",
                content=b'{"a": 1, ' + order()[1:-1] + b', "a": 2}',
            ),
            Bad(name="not JSON", code="prescription.malformed", content=order()[:-1]),
        )

    async def settled(self, journal: MemoryJournal) -> None:
        """Sign, when it is the workstation's turn."""
        content = await journal.to_sign()
        if content is not None:
            signer = self.practice.holder.signer
            mechanism = next(
                one for one in signer.mechanisms if one.value == _MECHANISMS[self.practice.double.algorithm]
            )
            signed = await xmldsig.sign_info(content, signer, mechanism)
            await self.service.take_signed(signed, CAMILLE, journal)

    async def count(self) -> int:
        """Return how many prescriptions the service holds."""
        return sum(one.whole for one in self.practice.double.held.values())

    async def lose(self, call: str, *, acted: bool) -> None:
        """Lose the next answer to a call."""
        self.practice.double.spoil(call, "after" if acted else "before")

    async def lose_cancel(self, *, acted: bool) -> None:
        """Lose the next answer to a cancel."""
        await self.lose("cancel", acted=acted)

    async def claim(self, record: Record) -> None:
        """Let a pharmacy take it."""
        self.practice.double.held[record.number or ""].status = "0002"

    async def dispense(self, record: Record) -> None:
        """Let a pharmacy dispense all of it."""
        self.practice.double.held[record.number or ""].status = "0006"

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
