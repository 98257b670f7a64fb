"""What asking to cancel gave, by the service's own codes (`medicationrequest-status-history`).

Most of them come with HTTP 200 and a response that calls itself `ok`: success of transport is not success
of business. So the code alone decides. A cancel is for one item of a prescription; `combine` makes one
answer of those for all its items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.domain.prescription import CancelResult, PrescriptionState, may_move
from hub.errors import InputError, Words
from hub.ports.prescription import Cancellation
from hub_eprescription.eps import names, outcome, reading
from hub_eprescription.eps.outcome import Said
from hub_eprescription.eps.reading import Resource, each, text

_R = CancelResult
_S = PrescriptionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a code means. `state` is where the prescription stands after it; None: where it stood."""

    result: CancelResult
    state: PrescriptionState | None
    words: Words


CODES: Final[Mapping[str, Meaning]] = {
    "R-0001": Meaning(
        result=_R.CANCELLED,
        state=_S.CANCELLED,
        words=Words(en="It is cancelled.", fr="Elle est annulée."),
    ),
    "R-0002": Meaning(
        result=_R.WITH_DISPENSER,
        state=_S.CLAIMED,
        words=Words(
            en="It is not cancelled: a pharmacy has it. It is marked, and is cancelled if the pharmacy "
            "gives it "
            "back. Call the pharmacy if the patient must not get it.",
            fr="Elle n'est pas annulée : une pharmacie l'a prise. Elle est marquée, et sera annulée si la "
            "pharmacie la rend. Appelez la pharmacie si le patient ne doit pas la recevoir.",
        ),
    ),
    "R-0003": Meaning(
        result=_R.WITH_DISPENSER,
        state=_S.PARTLY_DISPENSED,
        words=Words(
            en="It is not cancelled: a pharmacy has begun to dispense it. What is left is marked to be "
            "cancelled. Call the pharmacy if the patient must not get it.",
            fr="Elle n'est pas annulée : une pharmacie a commencé à la délivrer. Le reste est marqué pour "
            "annulation. Appelez la pharmacie si le patient ne doit pas le recevoir.",
        ),
    ),
    "R-0004": Meaning(
        result=_R.DISPENSED,
        state=_S.COMPLETED,
        words=Words(
            en="It is not cancelled: it has been dispensed. Call the patient if they must not take it.",
            fr="Elle n'est pas annulée : elle a été délivrée. Appelez le patient s'il ne doit pas la "
            "prendre.",
        ),
    ),
    "R-0005": Meaning(
        result=_R.EXPIRED,
        state=_S.EXPIRED,
        words=Words(
            en="It has expired: nobody can dispense it, there is nothing to cancel.",
            fr="Elle a expiré : personne ne peut la délivrer, il n'y a rien à annuler.",
        ),
    ),
    "R-0006": Meaning(
        result=_R.ALREADY_CANCELLED,
        state=_S.CANCELLED,
        words=Words(en="It was cancelled already.", fr="Elle était déjà annulée."),
    ),
    "R-0007": Meaning(
        result=_R.OTHER_PRESCRIBER,
        state=None,
        words=Words(
            en="It is not cancelled: another prescriber has asked for that. Agree with them.",
            fr="Elle n'est pas annulée : un autre prescripteur l'a demandé. Accordez-vous avec lui.",
        ),
    ),
    "R-0008": Meaning(
        result=_R.NOT_FOUND,
        state=None,
        words=Words(
            en="It is not cancelled: the service has no such prescription. Ask those who run the hub.",
            fr="Elle n'est pas annulée : le service n'a pas cette ordonnance. Voyez avec les responsables "
            "du hub.",
        ),
    ),
    "R-0009": Meaning(
        result=_R.NOT_SUPPORTED,
        state=None,
        words=Words(
            en="It is not cancelled: the service cancels nothing now. Call the pharmacy, or the patient.",
            fr="Elle n'est pas annulée : le service n'annule rien actuellement. Appelez la pharmacie ou le "
            "patient.",
        ),
    ),
    "R-0010": Meaning(
        # It has ended without being dispensed, which is what `expired` tells the prescriber.
        result=_R.EXPIRED,
        state=_S.EXPIRED,
        words=Words(
            en="It is not cancelled, and need not be: the pharmacy has closed it without dispensing it. The "
            "patient did not get it, and nobody can dispense it now.",
            fr="Elle n'est pas annulée, et n'a pas à l'être : la pharmacie l'a close sans la délivrer. Le "
            "patient "
            "ne l'a pas reçue, et personne ne peut plus la délivrer.",
        ),
    ),
    "R-5000": Meaning(
        result=_R.INVALID,
        state=None,
        words=Words(
            en="It is not cancelled: what the cancellation says does not match the prescription at the "
            "service, "
            "such as the patient's NHS number.",
            fr="Elle n'est pas annulée : la demande ne correspond pas à l'ordonnance connue du service, par "
            "exemple le numéro NHS du patient.",
        ),
    ),
    "R-5888": Meaning(
        result=_R.INVALID,
        state=None,
        words=Words(
            en="It is not cancelled: the service can't read the cancellation. Ask those who run the hub.",
            fr="Elle n'est pas annulée : le service ne peut lire la demande. Voyez avec les responsables "
            "du hub.",
        ),
    ),
}
_NOT_FOUND: Final = CODES["R-0008"]
_INVALID: Final = Meaning(
    result=_R.INVALID,
    state=None,
    words=Words(
        en="It is not cancelled: the service does not take the cancellation as it is.",
        fr="Elle n'est pas annulée : le service n'accepte pas la demande telle qu'elle est.",
    ),
)
_WORST: Final = (
    _R.DISPENSED,
    _R.WITH_DISPENSER,
    _R.OTHER_PRESCRIBER,
    _R.INVALID,
    _R.NOT_FOUND,
    _R.NOT_SUPPORTED,
    _R.EXPIRED,
    _R.CANCELLED,
    _R.ALREADY_CANCELLED,
)
"""What of several items' results the prescriber must hear first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service said of one item. `said` is its own OperationOutcome, or one made of its code."""

    code: str
    meaning: Meaning
    said: Said = field(repr=False)


def read(body: bytes, media_type: str, number: str) -> Answer | None:
    """Return what an answer says of a cancel, whatever its HTTP status; None when it says nothing of it.

    `number` is that of the prescription: an answer about another one says nothing.
    """
    if not body or "json" not in media_type:
        return None
    try:
        value = reading.load(body)
        if value.get("resourceType") == "OperationOutcome":
            return _refusal(outcome.of(value))
        found = reading.of(value)
    except InputError:
        return None
    if found.event != names.RESPONSE:
        return None
    return next((answer for one in found.of("MedicationRequest") for answer in answers(one, number)), None)


def answers(request: Resource, number: str | None = None) -> Iterator[Answer]:
    """Yield what a MedicationRequest of a response says; nothing for another prescription's."""
    if number is not None and text(request, "groupIdentifier", "value") not in {"", number}:
        return
    for outer in each(request, "extension"):
        for inner in each(outer, "extension"):
            coding = inner.get("valueCoding")
            if text(coding, "system") == names.CANCEL_OUTCOME and text(coding, "code") in CODES:
                code = text(coding, "code")
                yield Answer(code=code, meaning=CODES[code], said=outcome.of(_outcome(coding)))


def _refusal(said: Said) -> Answer | None:
    if not said.failed:
        return None
    code = next((one for one in said.codes if one in CODES), None)
    if code is not None:
        return Answer(code=code, meaning=CODES[code], said=said)
    if said.says("PRESCRIPTION_NOT_FOUND", "RESOURCE_NOT_FOUND"):
        return Answer(code="R-0008", meaning=_NOT_FOUND, said=said)
    if said.transient:
        return None
    return Answer(code="", meaning=_INVALID, said=said)


def _outcome(coding: Any) -> Resource:
    done = CODES[text(coding, "code")].result.done
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "information" if done else "error",
                "code": "informational" if done else "business-rule",
                "details": {"coding": [coding]},
            }
        ],
    }


def combine(found: Sequence[Answer], state: PrescriptionState) -> Cancellation:
    """Make one answer of those for all the items of a prescription that stood at `state`."""
    worst = min(found, key=lambda one: _WORST.index(one.meaning.result))
    done = [one for one in found if one.meaning.result.done]
    words = worst.meaning.words
    if not worst.meaning.result.done:
        words = worst.said.after(words)
    if done and len(done) < len(found):
        some = Words(
            en=f"{len(done)} of its {len(found)} items are cancelled; of the others: ",
            fr=f"{len(done)} de ses {len(found)} lignes sont annulées ; pour les autres : ",
        )
        words = Words(en=some.en + words.en, fr=some.fr + words.fr)
    after = worst.meaning.state or state
    issues = [issue for one in found for issue in one.said.value["issue"]]
    return Cancellation(
        result=worst.meaning.result,
        state=after if after is state or may_move(state, after) else state,
        words=words,
        detail=outcome.of({"resourceType": "OperationOutcome", "issue": issues}).value if issues else None,
    )
