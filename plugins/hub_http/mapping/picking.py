"""Takes values out of what came, as a `Pick` says, and asks them what a `Condition` asks.

1. The place gives a list of values. JSON's null counts as nothing, and so does all that is in a body which
   can't be read as what the pick looks for.
2. A pattern takes a part of each, a table of codes translates it, decoding makes bytes of it; what does not
   fit is left out.
3. With `many` it is the list, otherwise the first. When nothing is left: the default, else ABSENT.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from hub.errors import MalformedError
from hub_http.mapping import paths, patterns, strict, templates
from hub_http.mapping.answered import Answered
from hub_http.mapping.seen import written
from hub_http.mapping.templates import TemplateError

PLACES: Final = ("json_", "xpath", "fhirpath", "header", "text", "value")


class Pick(Protocol):
    """What is read of `hub_http.description.picking.Pick`, which says what each is."""

    @property
    def json_(self) -> str | None: ...  # noqa: D102
    @property
    def xpath(self) -> str | None: ...  # noqa: D102
    @property
    def fhirpath(self) -> str | None: ...  # noqa: D102
    @property
    def header(self) -> str | None: ...  # noqa: D102
    @property
    def text(self) -> bool: ...  # noqa: D102
    @property
    def value(self) -> str | None: ...  # noqa: D102
    @property
    def namespaces(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def pattern(self) -> str | None: ...  # noqa: D102
    @property
    def codes(self) -> str | None: ...  # noqa: D102
    @property
    def default(self) -> Any: ...  # noqa: D102
    @property
    def many(self) -> bool: ...  # noqa: D102
    @property
    def decode(self) -> str | None: ...  # noqa: D102


class Condition(Pick, Protocol):
    """What is read of `hub_http.description.picking.Condition`."""

    @property
    def equals(self) -> Any: ...  # noqa: D102
    @property
    def one_of(self) -> Sequence[Any] | None: ...  # noqa: D102
    @property
    def matches(self) -> str | None: ...  # noqa: D102
    @property
    def exists(self) -> bool | None: ...  # noqa: D102


class Absent:
    """The kind of `ABSENT`."""

    def __bool__(self) -> bool:
        """Say no."""
        return False

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
"""There is no such value."""


class PickFault(NamedTuple):
    """What is wrong with a pick: at which key, in which language (`json`, `pattern` …), and how."""

    key: str
    kind: str
    detail: str


def pick(pick: Pick, answered: Answered, scope: Mapping[str, Any]) -> Any:
    """Return the value, a list of them for `many`, or ABSENT.

    `scope` is for `value`, beside `status` and `headers`, and holds the tables of `codes`. Raises
    MalformedError for a value that is not encoded as `decode` says, TemplateError for a `value` that can't
    be filled in whatever came.
    """
    try:
        found = _found(pick, answered, scope)
    except MalformedError:
        found = []
    return _made(pick, found, scope)


def holds(  # noqa: PLR0911 - one for each question
    condition: Condition, answered: Answered, scope: Mapping[str, Any]
) -> bool:
    """Whether the picked value, or one of many, is what is asked for.

    Nothing holds of a body that can't be read as what the condition looks for. A number and its text are
    the same, since headers and XML have only texts. Raises TemplateError as `pick`.
    """
    try:
        found = _made(condition, _found(condition, answered, scope), scope)
    except MalformedError:
        return False
    if condition.exists is not None:
        return condition.exists is (found is not ABSENT)
    if found is ABSENT:
        return False
    several = found if condition.many and isinstance(found, list) else [found]
    if condition.equals is not None:
        return any(_same(one, condition.equals) for one in several)
    if condition.one_of is not None:
        return any(_same(one, wanted) for one in several for wanted in condition.one_of)
    if condition.matches is not None:
        return any(patterns.fits(condition.matches, text) for text in _texts(several))
    return True


def fault(pick: Pick) -> PickFault | None:
    """Return what is wrong with a pick that can be known beforehand; None when it can be used."""
    named = [name for name in PLACES if getattr(pick, name) not in (None, False)]
    if len(named) != 1:
        return PickFault("", "place", ", ".join(one.rstrip("_") for one in named))
    place = named[0].rstrip("_")
    detail = _CHECKS[named[0]](pick)
    if detail is not None:
        return PickFault(place, place, detail)
    for key in ("pattern", "matches"):
        said = getattr(pick, key, None)
        if said is not None and (detail := patterns.fault(said)) is not None:
            return PickFault(key, "pattern", detail)
    return None


def _found(pick: Pick, answered: Answered, scope: Mapping[str, Any]) -> list[Any]:
    """Return what is at the place. Raises MalformedError, TemplateError."""
    if pick.json_ is not None:
        find, single = paths.json(pick.json_)
        found = find(answered.json)
        # A path that means one place, at which a list stands: with `many` its members are meant.
        return found[0] if pick.many and single and found and isinstance(found[0], list) else found
    if pick.header is not None:
        held = answered.headers.get(pick.header.lower())
        return [] if held is None else [held]
    if pick.fhirpath is not None:
        return paths.fhirpath(pick.fhirpath)(answered.json)
    if pick.xpath is not None:
        return paths.xpath(pick.xpath, tuple(sorted(pick.namespaces.items())))(answered.xml)
    if pick.value is not None:
        return _valued(pick, pick.value, answered, scope)
    return [answered.text] if pick.text and answered.text else []


def _valued(pick: Pick, source: str, answered: Answered, scope: Mapping[str, Any]) -> list[Any]:
    try:
        found = templates.value(source, {"status": answered.status, "headers": answered.headers, **scope})
    except TemplateError as error:
        if error.missing is None:
            raise
        return []
    return list(found) if pick.many and isinstance(found, list | tuple) else [found]


def _made(pick: Pick, found: list[Any], scope: Mapping[str, Any]) -> Any:
    values = [one for one in found if one is not None]
    if pick.pattern is not None:
        parts = (patterns.taken(pick.pattern, text) for text in _texts(values))
        values = [one for one in parts if one is not None]
    if pick.codes is not None:
        table = _table(pick.codes, scope)
        values = [table[text] for text in _texts(values) if text in table]
    if pick.decode is not None:
        values = [_decoded(text, pick.decode) for text in _texts(values)]
    for one in values:
        if isinstance(one, str) and not one.isascii():
            _check_unicode(one)
    if not values:
        return ABSENT if pick.default is None else [pick.default] if pick.many else pick.default
    return values if pick.many else values[0]


def _texts(values: Sequence[Any]) -> Iterator[str]:
    return (written(one) for one in values if isinstance(one, str | int | float))


def _table(name: str, scope: Mapping[str, Any]) -> Mapping[str, Any]:
    tables = scope.get("codes", {})
    if name not in tables:
        raise templates.without_value(f"codes.{name}")
    table: Mapping[str, Any] = tables[name]
    return table


def _decoded(text: str, how: str) -> bytes:
    """Decode strictly; line breaks and spaces are let through, as MIME and FHIR allow them."""
    compact = "".join(text.split())
    try:
        match how:
            case "base64":
                return binascii.a2b_base64(compact, strict_mode=True) if compact else b""
            case "base64url":
                plain = compact.rstrip("=")
                if not plain.isascii() or "+" in plain or "/" in plain:
                    raise ValueError(how)
                return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
        return bytes.fromhex(compact)
    except ValueError:
        raise strict.malformed(f"no {how}", f"autre chose que du {how}") from None


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise strict.malformed("text that is not Unicode", "du texte qui n'est pas de l'Unicode") from None


def _same(one: Any, wanted: Any) -> bool:
    if isinstance(one, str) is isinstance(wanted, str):
        return isinstance(one, bool) is isinstance(wanted, bool) and bool(one == wanted)
    return isinstance(one, str | int | float) and written(one) == written(wanted)


def _path_fault(compile_: Callable[[], object]) -> str | None:
    try:
        compile_()
    except paths.PathError as error:
        return str(error)
    return None


def _value_fault(pick: Pick) -> str | None:
    found = templates.fault(pick.value or "")
    return None if found is None else found.kind


_CHECKS: Final[Mapping[str, Callable[[Pick], str | None]]] = {
    "json_": lambda pick: _path_fault(lambda: paths.json(pick.json_ or "")),
    "xpath": lambda pick: paths.xpath_fault(pick.xpath or "", tuple(sorted(pick.namespaces.items()))),
    "fhirpath": lambda pick: _path_fault(lambda: paths.fhirpath(pick.fhirpath or "")),
    "header": lambda _: None,
    "text": lambda _: None,
    "value": _value_fault,
}
