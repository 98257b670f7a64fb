"""What an answer says in words: a FHIR R4 OperationOutcome, or a problem (RFC 9457).

The words are the operator's own and may repeat what the message says of a patient: they are for its sender,
never for a log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from hub.errors import MalformedError
from hub_http.mapping.answered import Answered

MAX_CODE: Final = 100
MAX_WORDS: Final = 1000
_MOST_ISSUES: Final = 5
_SEVERITIES: Final = ("fatal", "error", "warning", "information")
_FHIR: Final = "{http://hl7.org/fhir}"
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")


def told(answered: Answered) -> tuple[str | None, str | None]:
    """Return code and words of an answer, each None when it says none. Never raises for what it holds."""
    media_type = answered.headers.get("content-type", "").lower()
    try:
        if "xml" in media_type:
            issues = list(_xml_issues(answered.xml))
            return _of_issues(issues)
        body = answered.json
    except MalformedError:
        return None, None
    if not isinstance(body, dict):
        return None, None
    if body.get("resourceType") == "OperationOutcome":
        return _of_issues([one for one in _list(body.get("issue")) if isinstance(one, dict)])
    return _of_problem(body, media_type)


def _of_issues(issues: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    """Return what the gravest issues say, the first one's code."""
    ranked = sorted(issues, key=lambda one: _rank(one.get("severity")))
    gravest = [one for one in ranked if _rank(one.get("severity")) == _rank(ranked[0].get("severity"))]
    said = dict.fromkeys(words for one in gravest[:_MOST_ISSUES] for words in _issue_words(one))
    code = next(filter(None, map(_issue_code, gravest)), None)
    return code, _line("; ".join(said), MAX_WORDS)


def _rank(severity: Any) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def _issue_code(issue: dict[str, Any]) -> str | None:
    """Return the finest code: that of `details`, else the kind of issue."""
    codings = [
        one.get("code") for one in _list(_table(issue.get("details")).get("coding")) if isinstance(one, dict)
    ]
    return next(filter(None, (_line(one, MAX_CODE) for one in [*codings, issue.get("code")])), None)


def _issue_words(issue: dict[str, Any]) -> Iterator[str]:
    details = _table(issue.get("details"))
    displays = [one.get("display") for one in _list(details.get("coding")) if isinstance(one, dict)]
    said = [
        _line(details.get("text"), MAX_WORDS)
        or next(filter(None, (_line(one, MAX_WORDS) for one in displays)), None)
    ]
    said.append(_line(issue.get("diagnostics"), MAX_WORDS))
    yield from dict.fromkeys(filter(None, said))


def _of_problem(body: dict[str, Any], media_type: str) -> tuple[str | None, str | None]:
    """Return what a problem says; one without its media type is known by its members."""
    if "problem+json" not in media_type and not ({"title", "detail"} & body.keys() and "type" in body):
        return None, None
    kind = _line(body.get("type"), 10 * MAX_CODE)
    code = None if kind in (None, "about:blank") else kind.rstrip("/").rpartition("/")[2].rpartition(":")[2]
    title, detail = _line(body.get("title"), MAX_WORDS), _line(body.get("detail"), MAX_WORDS)
    said = dict.fromkeys(filter(None, [title, detail]))
    return _line(code, MAX_CODE), _line(": ".join(said), MAX_WORDS)


def _xml_issues(root: etree._Element) -> Iterator[dict[str, Any]]:
    if root.tag != f"{_FHIR}OperationOutcome":
        return
    for issue in root.iterfind(f"{_FHIR}issue"):
        text = issue.find(f"{_FHIR}details/{_FHIR}text")
        codings = issue.iterfind(f"{_FHIR}details/{_FHIR}coding")
        yield {
            **{name: _valued(issue.find(f"{_FHIR}{name}")) for name in ("severity", "code", "diagnostics")},
            "details": {
                "text": _valued(text),
                "coding": [
                    {name: _valued(one.find(f"{_FHIR}{name}")) for name in ("code", "display")}
                    for one in codings
                ],
            },
        }


def _valued(element: etree._Element | None) -> str | None:
    return None if element is None else element.get("value")


def _line(said: Any, limit: int) -> str | None:
    """Return a text in one line, without control characters, cut; None for what is no text, or empty."""
    if isinstance(said, int) and not isinstance(said, bool):
        said = str(said)
    if not isinstance(said, str):
        return None
    line = _SPACE.sub(" ", said[: 4 * limit]).encode("utf-8", "replace").decode().strip()
    return (line if len(line) <= limit else f"{line[: limit - 1]}…") or None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
