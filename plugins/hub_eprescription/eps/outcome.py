"""OperationOutcome: what the service says in words when something is wrong, or only worth knowing.

What it says decides over the HTTP status: a 200 with an error in it is a failure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.errors import InputError, Words
from hub_eprescription.eps import reading
from hub_eprescription.eps.reading import Resource, each, text

MAX_KEPT: Final = 16 << 10
"""Bytes of JSON that are kept of one."""
_SAID: Final = 400
_FAILURES: Final = frozenset({"error", "fatal"})
_TRANSIENT: Final = frozenset(
    {"transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"}
)
"""FHIR's issue types of what may work another time (`issue-type`, below `transient`)."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an OperationOutcome says. `codes` are its issues' codes, details first; `places` are FHIRPaths."""

    issues: tuple[Resource, ...] = field(default=(), repr=False)
    texts: tuple[str, ...] = field(default=(), repr=False)
    codes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    failed: bool = False
    warned: bool = False

    def __bool__(self) -> bool:
        """Whether there is one at all."""
        return bool(self.issues)

    @property
    def value(self) -> dict[str, Any]:
        """The OperationOutcome, of at most `MAX_KEPT` bytes as JSON: then with fewer, or shorter, issues."""
        issues: Sequence[Resource] = self.issues
        while True:
            made = {"resourceType": "OperationOutcome", "issue": list(issues)}
            if len(json.dumps(made, ensure_ascii=False).encode()) <= MAX_KEPT:
                return made
            if len(issues) > 1:
                issues = issues[: len(issues) // 2]
            else:
                texts = [one[:_SAID] for one in self.texts[:1]]
                issues = [{"severity": "error", "code": "processing", "diagnostics": f"{''.join(texts)}…"}]

    @property
    def json(self) -> str:
        """The same as text."""
        return json.dumps(self.value, ensure_ascii=False)

    def says(self, *codes: str) -> bool:
        """Whether one of its codes is among these."""
        return not set(codes).isdisjoint(self.codes)

    @property
    def transient(self) -> bool:
        """Whether it says that it failed now, and may work another time."""
        return self.failed and self.says(*_TRANSIENT)

    def mentions(self, *parts: str) -> bool:
        """Whether one of its texts holds one of these, whatever the case."""
        return any(part.lower() in one.lower() for one in self.texts for part in parts)

    def after(self, words: Words) -> Words:
        """Return our words, and the service's own after them."""
        if not self.texts:
            return words
        said = " / ".join(dict.fromkeys(self.texts))
        said = said if len(said) <= _SAID else said[:_SAID] + "…"
        return Words(
            en=f"{words.en} The service says: “{said}”", fr=f"{words.fr} Le service dit : « {said} »"
        )


NOTHING: Final = Said()


def read(body: bytes, media_type: str) -> Said:
    """Read what a service said; nothing when it is no OperationOutcome that can be read."""
    if not body or "json" not in media_type:
        return NOTHING
    try:
        return of(reading.load(body))
    except InputError:
        return NOTHING


def of(value: Resource) -> Said:
    """Return what a resource says, when it is an OperationOutcome."""
    if value.get("resourceType") != "OperationOutcome":
        return NOTHING
    issues, texts, codes, places = [], [], [], []
    failed = warned = False
    for issue in each(value, "issue"):
        issues.append(issue)
        codings = list(each(issue, "details", "coding"))
        said = [text(issue, "details", "text"), *(text(one, "display") for one in codings)]
        texts += [next((one for one in said if one), "") or text(issue, "diagnostics")]
        codes += [*(text(one, "code") for one in codings), text(issue, "code")]
        where = issue.get("expression")
        places += [one for one in where if isinstance(one, str)] if isinstance(where, list) else []
        failed = failed or text(issue, "severity") in _FAILURES
        warned = warned or text(issue, "severity") == "warning"
    kept = tuple(one for one in texts if one)
    return Said(tuple(issues), kept, tuple(one for one in codes if one), tuple(places), failed, warned)
