"""What comes back by mail or by a webhook: a `dispense-notification`, or a late answer to a cancel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from hub.domain.prescription import PrescriptionState
from hub.errors import InputError, Words
from hub.ports.prescription import Dispensing
from hub_eprescription.eps import cancel, names, reading, statuses
from hub_eprescription.eps.reading import Bundle, Resource, at, coded, each, extension, text

_TYPES: Final = frozenset({names.MEDIA_TYPE, "application/json"})
_SUPPLIED: Final = frozenset({"0001", "0003"})
"""Item fully dispensed; item dispensed in part (`medicationdispense-type`)."""
_UNTOLD: Final = Words(
    en="The pharmacy has reported on the prescription.",
    fr="La pharmacie a rendu compte de l'ordonnance.",
)


def dispensings(media_type: str, content: bytes, now: datetime) -> Sequence[Dispensing]:
    """Return what a message says of prescriptions; nothing for another kind of document.

    Raises MalformedError for a `dispense-notification` that can't be read.
    """
    if media_type not in _TYPES:
        return ()
    try:
        value = reading.load(content)
        found = reading.of(value)
    except InputError:
        if media_type == names.MEDIA_TYPE and b"dispense-notification" in content:
            raise
        return ()
    if found.event == names.DISPENSED:
        return [_notification(found, content, now)]
    if found.event == names.RESPONSE:
        return list(_late_answers(found, content, now))
    return ()


def _notification(bundle: Bundle, content: bytes, now: datetime) -> Dispensing:
    dispenses = list(bundle.of("MedicationDispense"))
    numbers = {number for one in dispenses if (number := _number(bundle, one))}
    status = {code for one in dispenses if (code := _status(one))}
    if len(numbers) != 1 or len(status) != 1 or not bundle.identifier:
        raise reading.malformed(
            "a dispense-notification has an identifier, and says of one prescription, by its number, how it "
            "stands",
            "un dispense-notification a un identifiant, et dit d'une ordonnance, par son numéro, où elle "
            "en est",
            "MedicationDispense",
        )
    (code,) = status
    supplied = sum(_type(one) in _SUPPLIED for one in dispenses)
    # A pharmacy reports, so it has the prescription, whatever else a code that is not known may say.
    state = statuses.BUSINESS.get(code, PrescriptionState.PARTLY_DISPENSED)
    if state is PrescriptionState.PARTLY_DISPENSED and not supplied:
        state = PrescriptionState.CLAIMED
    return Dispensing(
        id=bundle.identifier.lower(),
        number=numbers.pop(),
        state=state,
        at=_when(bundle, dispenses) or now,
        text=_told(code, supplied, len(dispenses)),
        document=content,
        media_type=names.MEDIA_TYPE,
        document_name="dispense-notification.json",
    )


def _late_answers(bundle: Bundle, content: bytes, now: datetime) -> Iterator[Dispensing]:
    """Yield what a cancel has come to after all, such as when a pharmacy gave back what was marked."""
    for place, request in enumerate(bundle.of("MedicationRequest")):
        number = text(request, "groupIdentifier", "value")
        for answer in cancel.answers(request):
            if number and bundle.identifier and answer.meaning.state is not None:
                yield Dispensing(
                    id=f"{bundle.identifier.lower()}/{place}",
                    number=number,
                    state=answer.meaning.state,
                    at=_moment(text(bundle.value, "timestamp")) or now,
                    text=answer.meaning.words,
                    document=content,
                    media_type=names.MEDIA_TYPE,
                    document_name="prescription-order-response.json",
                )


def _told(code: str, supplied: int, items: int) -> Words:
    words = statuses.WORDS.get(code, _UNTOLD)
    if items <= 1 or code not in {"0003", "0006"}:
        return words
    return Words(
        en=f"{words.en} Items dispensed: {supplied} of {items}.",
        fr=f"{words.fr} Lignes délivrées : {supplied} sur {items}.",
    )


def _number(bundle: Bundle, dispense: Resource) -> str:
    """Return the number of the prescription that a dispense is for: its order is contained in it."""
    reference = text(dispense, "authorizingPrescription", 0, "reference")
    if reference.startswith("#"):
        inner = (one for one in each(dispense, "contained") if text(one, "id") == reference[1:])
        request = next(inner, reading.NOTHING)
    else:
        request = bundle.find(reference)
    return text(request, "groupIdentifier", "value")


def _status(dispense: Resource) -> str:
    return text(extension(dispense, names.TASK_STATUS), "valueCoding", "code")


def _type(dispense: Resource) -> str:
    return text(coded(at(dispense, "type"), names.DISPENSE_TYPE), "code")


def _when(bundle: Bundle, dispenses: Sequence[Resource]) -> datetime | None:
    told = (_moment(text(one, "whenHandedOver")) or _moment(text(one, "whenPrepared")) for one in dispenses)
    return max((one for one in told if one), default=None) or _moment(text(bundle.value, "timestamp"))


def _moment(written: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(written)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        # The first and the last day that there are have moments that UTC has not.
        return None
