"""What the double says when it does not do what it is asked: an OperationOutcome, with the recorded texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

PROFILE: Final = "http://hl7.org/fhir/StructureDefinition/OperationOutcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue of an OperationOutcome. `code` is FHIR's issue type."""

    code: str
    text: str
    diagnostics: str | None = None
    severity: str = "error"
    coding: tuple[str, str, str] | None = None
    """System, code and display of `details.coding`, where the service gives one."""


class DeclinedError(Exception):
    """The service does not do it. `status` is the HTTP status of the answer."""

    def __init__(self, status: int, *issues: Issue) -> None:
        super().__init__(f"{status} {issues[0].text if issues else ''}")
        self.status = status
        self.issues = issues

    @property
    def outcome(self) -> dict[str, Any]:
        """The OperationOutcome of the answer."""
        return outcome(self.issues)


def declined(status: int, code: str, text: str, diagnostics: str | None = None) -> DeclinedError:
    """Make the error of a single issue."""
    return DeclinedError(status, Issue(code=code, text=text, diagnostics=diagnostics))


def forbidden(text: str) -> DeclinedError:
    """Make a 403."""
    return declined(403, "forbidden", text)


def gone(text: str) -> DeclinedError:
    """Make a 410."""
    return declined(410, "processing", text)


def invalid(text: str, diagnostics: str | None = None) -> DeclinedError:
    """Make a 400."""
    return declined(400, "invalid", text, diagnostics)


def missing(text: str, diagnostics: str | None = None) -> DeclinedError:
    """Make a 404."""
    return declined(404, "not-found", text, diagnostics)


def outcome(issues: Sequence[Issue]) -> dict[str, Any]:
    """Return an OperationOutcome."""
    return {
        "resourceType": "OperationOutcome",
        "meta": {"profile": [PROFILE]},
        "issue": [_spelt(one) for one in issues],
    }


def _spelt(issue: Issue) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if issue.coding is not None:
        system, code, display = issue.coding
        details["coding"] = [{"system": system, "code": code, "display": display}]
    if issue.text:
        details["text"] = issue.text
    found: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "details": details}
    if issue.diagnostics is not None:
        found["diagnostics"] = issue.diagnostics
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer that is ready."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
