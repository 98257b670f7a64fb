"""OperationOutcome: what the service says in words when something is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.errors import InputError, Words
from hub_eprescription.gematik import fhir
from hub_eprescription.gematik.fhir import Node

MAX_KEPT: Final = 16 << 10
"""Bytes of JSON that are kept of an OperationOutcome."""
_SAID: Final = 400
_FIELDS: Final = ("severity", "code", "diagnostics")


@dataclass(frozen=True, slots=True)
class Said:
    """What an OperationOutcome says. `texts` are the details: they name no patient, unlike diagnostics."""

    issues: tuple[Mapping[str, Any], ...] = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)
    failed: bool

    @property
    def json(self) -> str:
        """The OperationOutcome as JSON, of at most `MAX_KEPT` bytes: then with fewer, or shorter, issues."""
        issues = [dict(one) for one in self.issues]
        while len((text := _spelled(issues)).encode()) > MAX_KEPT and issues:
            if len(issues) == 1:
                # One issue alone: what is longest in it gives way, what people read of it stays.
                return _spelled([{**issues[0], "diagnostics": "…", "details": {"text": self._first}}])
            issues = issues[: len(issues) // 2]
        return text

    @property
    def _first(self) -> str:
        return self.texts[0][:_SAID] if self.texts else ""

    def says(self, *signs: str) -> bool:
        """Whether one of the texts holds one of these."""
        return any(sign in text for text in self.texts for sign in signs)

    def after(self, words: Words) -> Words:
        """Return our words, and the service's own after them."""
        if not self.texts:
            return words
        said = " / ".join(dict.fromkeys(self.texts))
        said = said if len(said) <= _SAID else said[:_SAID] + "…"
        return Words(
            en=f"{words.en} The service says: “{said}”", fr=f"{words.fr} Le service dit : « {said} »"
        )


NOTHING: Final = Said((), (), False)


def read(body: bytes, media_type: str) -> Said:
    """Read what a service said; nothing when it is no OperationOutcome that can be read."""
    if not body or ("fhir" not in media_type and "xml" not in media_type and "json" not in media_type):
        return NOTHING
    try:
        node = fhir.read(body, media_type)
    except InputError:
        return NOTHING
    return of(node)


def of(node: Node) -> Said:
    """Return what a resource says, when it is an OperationOutcome."""
    if node.kind != "OperationOutcome":
        return NOTHING
    issues, texts, failed = [], [], False
    for issue in node.all("issue"):
        held: dict[str, Any] = {name: issue.text(name) for name in _FIELDS if issue.text(name)}
        text = _printable(issue.text("details", "text"))
        if text:
            held["details"] = {"text": text}
        codes = [
            {name: one.text(name) for name in ("system", "code", "display") if one.text(name)}
            for one in issue.all("details", "coding")
        ]
        if codes:
            held.setdefault("details", {})["coding"] = codes
        issues.append(held)
        if text:
            texts.append(text)
        failed = failed or issue.text("severity") in {"error", "fatal"}
    return Said(tuple(issues), tuple(texts), failed)


def _printable(text: str) -> str:
    """Return a text in one line, without what no terminal should get."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _spelled(issues: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"resourceType": "OperationOutcome", "issue": list(issues)}, ensure_ascii=False)
