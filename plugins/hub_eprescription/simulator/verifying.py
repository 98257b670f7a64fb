"""What is checked of a prescription before it is activated: its signature, and the rules of the workflow.

Not a FHIR validator: of the profiles it knows what the recorded refusals show (the length of a PZN, the
order of a period), and what ties the document to its Task.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from cryptography import x509

from hub.errors import InputError, TrustError
from hub_eprescription.simulator import fhir, systems
from hub_eprescription.simulator.fhir import FhirError, Form, Resource
from hub_eprescription.simulator.outcomes import invalid

if TYPE_CHECKING:
    from hub_eprescription.signing.verdict import Verified

Seal = Callable[[bytes, datetime], Awaitable["Verified"]]
"""Verifies a CAdES signature at a moment; raises InputError and TrustError."""

GERMANY: Final = ZoneInfo("Europe/Berlin")
PROFESSIONS: Final = frozenset({"1.2.276.0.76.4.30", "1.2.276.0.76.4.31"})
"""Physicians and dentists, as qualified certificates name them (A_19225)."""
_PZN: Final = 8
_DISCHARGE: Final = frozenset({"04", "14"})
"""Legal bases of prescriptions at discharge from hospital."""
_MULTIPLE: Final = "KBV_EX_ERP_Multiple_Prescription"
_BASIS: Final = "KBV_EX_FOR_Legal_basis"
_ACCEPT_DAYS: Final = 28
_MULTIPLE_DAYS: Final = 365
_MONTHS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A prescription that may be activated."""

    bundle: Resource
    patient: str
    accept_by: date
    expires_on: date
    starts_on: date | None


async def check(signed: bytes, number: str, flow: str, seal: Seal, now: datetime) -> Checked:
    """Check what is to be activated under a number. Raises DeclinedError."""
    try:
        verified = await seal(signed, now)
    except (InputError, TrustError) as error:
        raise invalid(f"The signature of the prescription is not valid: {error.words.en}") from error
    _expect_profession(verified.certificate)
    try:
        bundle = fhir.read(verified.content, Form.XML)
    except FhirError as error:
        raise invalid("FHIR-Validation error", f"Bundle: error: {error}") from error
    return _judge(bundle, number, flow, verified.signed_at or now)


def _judge(bundle: Resource, number: str, flow: str, signed_at: datetime) -> Checked:
    profile = fhir.text(bundle, "meta", "profile", 0)
    if bundle["resourceType"] != "Bundle" or profile.partition("|")[0] not in systems.KBV_BUNDLES:
        raise invalid("FHIR-Validation error", "Bundle: error: this is no KBV_PR_ERP_Bundle")
    requests = fhir.entries(bundle, "MedicationRequest") + fhir.entries(bundle, "DeviceRequest")
    patients = fhir.entries(bundle, "Patient")
    if len(requests) != 1 or len(patients) != 1:
        raise invalid(
            "FHIR-Validation error",
            "Bundle: error: one MedicationRequest (or DeviceRequest) and one Patient are needed",
        )
    request = requests[0]
    _validate(bundle)
    if fhir.identified(bundle.get("identifier"), systems.PRESCRIPTION_ID) != number:
        raise invalid("Invalid Prescription-ID: Bundle.identifier is not the Task's")
    _expect_coverage(bundle, flow)
    multiple = _multiple(request)
    basis = fhir.text(_extension(fhir.entries(bundle, "Composition"), _BASIS), "valueCoding", "code")
    if multiple is not None and basis in _DISCHARGE:
        raise invalid("Für Entlassrezepte sind keine Mehrfachverordnungen zulässig")
    authored = _day(fhir.text(request, "authoredOn"))
    if authored is None or authored != signed_at.astimezone(GERMANY).date():
        raise invalid(
            "Ausstellungsdatum und Signaturzeitpunkt weichen voneinander ab, müssen aber taggleich sein"
        )
    patient = next(
        (found for one in systems.KVNRS if (found := fhir.identified(patients[0].get("identifier"), one))),
        None,
    )
    if patient is None:
        raise invalid("FHIR-Validation error", "Bundle: error: the Patient has no KVNR")
    starts, ends = multiple or (None, None)
    if multiple is not None:
        accept = expires = ends or authored + timedelta(days=_MULTIPLE_DAYS)
    else:
        expires = _months_later(authored, _MONTHS)
        accept = (
            expires if flow in systems.PRIVATE else authored + timedelta(days=_accept_days(basis, authored))
        )
    return Checked(bundle=bundle, patient=patient, accept_by=accept, expires_on=expires, starts_on=starts)


def _expect_profession(certificate: bytes) -> None:
    """Refuse who the certificate says is no physician. One that names no profession is not refused."""
    try:
        read = x509.load_der_x509_certificate(certificate)
        named = read.extensions.get_extension_for_class(x509.Admissions).value
    except x509.ExtensionNotFound:
        return
    except ValueError as error:
        raise invalid("The QES-Certificate can't be read.") from error
    professions = {
        oid.dotted_string
        for admission in named
        for info in admission.profession_infos
        for oid in info.profession_oids or ()
    }
    if professions.isdisjoint(PROFESSIONS):
        raise invalid("The QES-Certificate does not have expected ProfessionOID.")


def _validate(bundle: Resource) -> None:
    for place, entry in enumerate(bundle.get("entry") or ()):
        resource = fhir.pick(entry, "resource") or {}
        kind = resource.get("resourceType")
        where = f"Bundle.entry[{place}].resource{{{kind}}}"
        if kind == "Medication":
            for at, coding in enumerate(fhir.pick(resource, "code", "coding") or ()):
                if coding.get("system") == systems.PZN and len(str(coding.get("code"))) != _PZN:
                    raise invalid(
                        "FHIR-Validation error",
                        f"{where}.code.coding[{at}]: error: -erp-begrenzungPznCode: Der PZN-Code muss aus "
                        "genau 8 Zeichen bestehen. (from profile: https://fhir.kbv.de/StructureDefinition/"
                        "KBV_PR_ERP_Medication_PZN:pznCode|1.1.0); ",
                    )
        for path, period in _periods(resource):
            start, end = period.get("start"), period.get("end")
            if start and end and str(start) > str(end):
                raise invalid(
                    "FHIR-Validation error",
                    f"{where}{path}: error: per-1: If present, start SHALL have a lower value than end (from "
                    "profile: http://hl7.org/fhir/StructureDefinition/Period|4.0.1); ",
                )


def _periods(resource: Resource) -> list[tuple[str, Resource]]:
    found = []
    for at, one in enumerate(resource.get("extension") or ()):
        for within, part in enumerate(one.get("extension") or ()):
            if isinstance(part.get("valuePeriod"), dict):
                found.append((f".extension[{at}].extension[{within}].valuePeriod", part["valuePeriod"]))
    return found


def _expect_coverage(bundle: Resource, flow: str) -> None:
    codings = [
        coding
        for one in fhir.entries(bundle, "Coverage")
        for coding in fhir.pick(one, "type", "coding") or ()
    ]
    private = any(one.get("code") == "PKV" for one in codings)
    if flow in systems.PRIVATE and not private:
        raise invalid('Coverage "PKV" not set for flowtype 200/209')
    if flow not in systems.PRIVATE and private:
        raise invalid('Coverage "PKV" not allowed for flowtype 160/169')


def _multiple(request: Resource) -> tuple[date | None, date | None] | None:
    """Return from when till when a part of a multiple prescription holds; None for a single one."""
    held = _extension([request], _MULTIPLE)
    if held is None or not any(
        one.get("valueBoolean") is True for one in fhir.extensions(held, "Kennzeichen")
    ):
        return None
    period = fhir.pick(fhir.extensions(held, "Zeitraum"), "valuePeriod")
    return _day(fhir.text(period, "start")), _day(fhir.text(period, "end"))


def _extension(resources: list[Resource], url: str) -> Any:
    return next((one for resource in resources for one in fhir.extensions(resource, url)), None)


def _accept_days(basis: str, authored: date) -> int:
    """Return how long an insurance pays: 28 days; at discharge three working days, holidays not known."""
    if basis not in _DISCHARGE:
        return _ACCEPT_DAYS
    days, left = 0, 3
    while left:
        days += 1
        left -= (authored + timedelta(days=days)).weekday() < 6  # noqa: PLR2004 - Saturday is a working day
    return days


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
