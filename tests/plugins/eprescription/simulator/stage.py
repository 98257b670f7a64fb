"""A simulation on loopback with real TLS, a client of it, and a prescriber whose signatures OpenSSL makes."""

from __future__ import annotations

import base64
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.fhir import Form, Resource
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.serving import Served, serve
from hub_eprescription.simulator.simulation import Simulation
from hub_eprescription.simulator.verifying import GERMANY
from tests.counterparts import program
from tests.plugins.eprescription import scenarios
from tests.servers import Papers

PRESCRIBER = Access(token="prescriber-token", role=Role.PRESCRIBER, identifier="1-cabinet-lilas-01")
OTHER_PRESCRIBER = Access(token="other-token", role=Role.PRESCRIBER, identifier="1-cabinet-aubepine-01")
PHARMACY = Access(token="pharmacy-token", role=Role.PHARMACY, identifier="3-pharmacie-valbrume-01")
OTHER_PHARMACY = Access(token="second-token", role=Role.PHARMACY, identifier="3-pharmacie-hautmont-01")
PATIENT = Access(token="patient-token", role=Role.PATIENT, identifier="X110614233")
EVERYBODY = (PRESCRIBER, OTHER_PRESCRIBER, PHARMACY, OTHER_PHARMACY, PATIENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def resource(self) -> Resource:
        """The FHIR resource in it."""
        form = Form.of(self.headers["Content-Type"])
        assert form is not None
        return fhir.read(self.body, form)

    @property
    def words(self) -> list[tuple[str, str]]:
        """Code and text of each issue of an OperationOutcome."""
        return [(one["code"], fhir.text(one, "details", "text")) for one in self.resource["issue"]]


class Caller:
    """Asks a simulation, in somebody's name."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    async def ask(
        self,
        access: Access | None,
        method: str,
        target: str,
        body: Resource | bytes | None = None,
        *,
        code: str | None = None,
        accept: Form | None = None,
        form: Form = Form.XML,
        headers: Mapping[str, str] | None = None,
    ) -> Heard:
        """Ask, and return what comes. Raises aiohttp.ClientError when nothing does."""
        headers = dict(headers or {})
        if access is not None:
            headers["Authorization"] = f"Bearer {access.token}"
        if code is not None:
            headers["X-AccessCode"] = code
        if accept is not None:
            headers["Accept"] = accept.value
        data = body if isinstance(body, bytes) else None if body is None else fhir.write(body, form)
        if data is not None:
            headers["Content-Type"] = form.value
        async with self._session.request(
            method, f"{self.url}{target}", data=data, headers=headers, allow_redirects=False
        ) as response:
            return Heard(status=response.status, headers=response.headers, body=await response.read())

    async def create(self, flow: str = "160") -> tuple[str, str]:
        """Return the number and the access code of a new draft."""
        heard = await self.ask(PRESCRIBER, "POST", "/Task/$create", ordering(flow))
        assert heard.status == 201
        number, code = (one["value"] for one in heard.resource["identifier"])
        return number, code

    async def activate(self, number: str, code: str, signed: bytes) -> Heard:
        """Activate a draft."""
        return await self.ask(PRESCRIBER, "POST", f"/Task/{number}/$activate", activating(signed), code=code)

    async def issue(self, signer: Signer) -> tuple[str, str]:
        """Return number and access code of a prescription that is ready."""
        number, code = await self.create()
        heard = await self.activate(number, code, signer.sign(prescription(number)))
        assert heard.status == 200
        return number, code


class Signer:
    """A prescriber with a certificate of their own making; OpenSSL signs."""

    def __init__(self, folder: Path, profession: str | None = None) -> None:
        self._certificate, self._key = folder / "prescriber.pem", folder / "prescriber.key"
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Camille Lilas")])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        if profession is not None:
            info = x509.ProfessionInfo(
                naming_authority=None,
                profession_items=["?"],
                profession_oids=[x509.ObjectIdentifier(profession)],
                registration_number=None,
                add_profession_info=None,
            )
            admission = x509.Admission(
                admission_authority=None, naming_authority=None, profession_infos=[info]
            )
            builder = builder.add_extension(
                x509.Admissions(authority=None, admissions=[admission]), critical=False
            )
        made = builder.sign(key, hashes.SHA256())
        self._certificate.write_bytes(made.public_bytes(Encoding.PEM))
        self._key.touch(mode=0o600)
        self._key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def sign(self, content: bytes) -> bytes:
        """Return CAdES, enveloping, in DER."""
        command = [program("openssl"), "cms", "-sign", "-binary", "-nodetach", "-cades", "-md", "sha256"]
        command += ["-signer", str(self._certificate), "-inkey", str(self._key), "-outform", "DER"]
        return subprocess.run(command, input=content, capture_output=True, check=True).stdout


def ordering(flow: str) -> Resource:
    """Return what `$create` asks for."""
    coding = {"system": "https://gematik.de/fhir/erp/CodeSystem/GEM_ERP_CS_FlowType", "code": flow}
    return {"resourceType": "Parameters", "parameter": [{"name": "workflowType", "valueCoding": coding}]}


def activating(signed: bytes) -> Resource:
    """Return what `$activate` asks for."""
    binary = {
        "resourceType": "Binary",
        "contentType": "application/pkcs7-mime",
        "data": base64.b64encode(signed).decode(),
    }
    return {"resourceType": "Parameters", "parameter": [{"name": "ePrescription", "resource": binary}]}


def prescription(number: str, day: str | None = None) -> bytes:
    """Return a recorded KBV bundle under another number, written on `day`; else today, in Germany."""
    recorded = scenarios.scenario("Arztpraxis/e_rezept_durch_verordnenden_löschen")
    content = next(one for one in recorded.files if one.what is scenarios.What.TO_SIGN).content
    old = next(one for one in recorded.files if one.what is scenarios.What.CODE).number
    today = datetime.now(UTC).astimezone(GERMANY).date().isoformat()
    return content.replace(old.encode(), number.encode()).replace(
        b'<authoredOn value="2025-03-28"', f'<authoredOn value="{day or today}"'.encode()
    )


@asynccontextmanager
async def playing(folder: Path, simulation: Simulation | None = None) -> AsyncIterator[tuple[Served, Caller]]:
    """Serve a simulation, and yield it with somebody who may ask it."""
    papers = Papers(folder / "papers")
    tls = papers.issue()
    simulation = simulation or Simulation(EVERYBODY)
    async with serve(simulation, certificate=tls.certificate, key=tls.key) as served:
        context = ssl.create_default_context(cafile=str(tls.authority))
        connector = aiohttp.TCPConnector(ssl=context, force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session:
            yield served, Caller(session, served.url)
