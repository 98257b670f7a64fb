"""What came of a trial, in a sentence for a person or in JSON for a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from hub.domain.outcome import Delivered
from hub.errors import Words

if TYPE_CHECKING:
    from hub_http.sending.trial import Trial

_KINDS: Final = {
    "deferred": Words(en="deferred", fr="différé"),
    "refused": Words(en="refused", fr="refusé"),
    "uncertain": Words(en="uncertain", fr="incertain"),
}


def told(trial: Trial, kind: str, language: str) -> str:
    """Say what came of it."""
    outcome = trial.outcome
    if isinstance(outcome, Delivered):
        return Words(en=f"delivered: {outcome.receipt}", fr=f"remis : {outcome.receipt}").in_language(
            language
        )
    return f"{_KINDS[kind].in_language(language)}, {outcome.code}: {outcome.reason.in_language(language)}"


def data(trial: Trial, kind: str, lines: Sequence[str]) -> dict[str, Any]:
    """Return it for a program, the transcript too."""
    outcome = trial.outcome
    reason: Words | None = getattr(outcome, "reason", None)
    return {
        "outcome": kind,
        "code": getattr(outcome, "code", None),
        "reason": reason and {"en": reason.en, "fr": reason.fr},
        "receipt": getattr(outcome, "receipt", None),
        "judged": [
            {"request": request, "status": one.status, "meaning": one.meaning.value, "row": one.row}
            for request, one in trial.judged
        ],
        "transcript": list(lines),
    }
