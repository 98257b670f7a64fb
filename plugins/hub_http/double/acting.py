"""What each route does with messages (`Route.does`), once a request has proved itself and passed checks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub_http.description.simulation import Reply, Route
from hub_http.double.asking import Asking
from hub_http.double.replying import Said, said
from hub_http.double.store import Held, Store
from hub_http.mapping import picking, templates
from hub_http.mapping.templates import TemplateError

_WHOLE: Final = frozenset({"accepted", "acknowledged"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """The answer, and the message that became whole by it."""

    said: Said
    message: Held | None = None


class Acts:
    """Does what routes do. `unknown` are addresses of recipients whom the double does not know."""

    def __init__(self, store: Store, unknown: Collection[str]) -> None:
        self._store = store
        self._unknown = unknown

    def do(self, route: Route, asking: Asking, scope: Mapping[str, Any]) -> Acted:
        """Do it. Raises TemplateError when an answer can't be filled in."""
        return _DOES[route.does](self, route, asking, scope)

    def received(self, routes: tuple[Route, ...], asking: Asking) -> Held:
        """Hold a message that another user sends to the hub."""
        create = next((one for one in routes if one.does == "create"), None)
        held = self._store.new(
            asking.kept,
            incoming=True,
            ours=None if create is None else _text(create.ours, asking, {}),
            recipients=() if create is None else _texts(create.to, asking, {}),
            parts={1: asking.body},
        )
        self._store.keep(held)
        return held

    def _create(self, route: Route, asking: Asking, scope: Mapping[str, Any]) -> Acted:
        ours = _text(route.ours, asking, scope)
        known = self._store.of(ours)
        if known is not None and route.again != "twice":
            reply = route.answer if route.again == "same" else route.conflict
            return _answered(reply, scope, known)
        recipients = _texts(route.to, asking, scope)
        parts = int(_text(route.parts, asking, scope) or 1)
        made = self._store.new(
            asking.kept,
            ours=ours,
            recipients=recipients,
            state="draft" if route.draft else "uploading" if parts > 1 else "accepted",
            wanted=parts,
            parts={} if route.draft else {1: asking.body},
        )
        strangers = [one for one in recipients if one.lower() in self._unknown]
        if strangers:
            return _answered(route.unknown, {**scope, "unknown": strangers}, made)
        self._store.keep(made)
        return _answered(route.answer, scope, made, whole=made.state == "accepted")

    def _add(self, route: Route, asking: Asking, scope: Mapping[str, Any]) -> Acted:
        held = self._about(route, scope)
        if held is None:
            return _answered(route.absent, scope)
        if held.state not in {"draft", "uploading"}:
            return _answered(route.conflict, scope, held)
        number = _part(route, scope) or len(held.parts) + 1
        held.parts[number] = asking.body
        whole = held.state == "uploading" and len(held.parts) >= held.wanted
        if whole:
            self._complete(held)
        return _answered(route.answer, scope, held, whole=whole)

    def _commit(self, route: Route, asking: Asking, scope: Mapping[str, Any]) -> Acted:
        held = self._about(route, scope)
        if held is None:
            return _answered(route.absent, scope)
        if held.state in _WHOLE:
            return _answered(route.conflict if route.again == "refuse" else route.answer, scope, held)
        if asking.body:
            held.parts[len(held.parts) + 1] = asking.body
        self._complete(held)
        return _answered(route.answer, scope, held, whole=True)

    def _find(self, route: Route, asking: Asking, scope: Mapping[str, Any]) -> Acted:
        del asking
        held = self._about(route, scope)
        return _answered(route.absent if held is None else route.answer, scope, held)

    def _list(self, route: Route, asking: Asking, scope: Mapping[str, Any]) -> Acted:
        owner = _text(route.to, asking, scope)
        there = self._store.receipts(owner) if route.of == "receipts" else self._store.inbox(owner)
        after = _filled(route.after, scope) or ""
        if after.isascii() and after.isdigit():
            there = [one for one in there if one.number > int(after)]
        page = there[: route.page]
        if len(there) > len(page) and route.more is not None:
            return _answered(route.more, {**scope, "messages": page, "next": page[-1].number})
        return _answered(route.answer, {**scope, "messages": page})

    def _fetch(self, route: Route, asking: Asking, scope: Mapping[str, Any]) -> Acted:
        del asking
        held = self._about(route, scope)
        if held is None or held.state != "accepted":
            return _answered(route.absent, scope)
        number = _part(route, scope) or 1
        if route.slice is not None and number > 1 and (number - 1) * route.slice >= held.size:
            return _answered(route.absent, scope)
        filled = said(route.answer, {**scope, "message": held}, part=(number, route.slice))
        return Acted(said=filled)

    def _acknowledge(self, route: Route, asking: Asking, scope: Mapping[str, Any]) -> Acted:
        del asking
        if route.of == "receipts":
            held = self._store.taken(_filled(route.id, scope) or "")
        else:
            held = self._about(route, scope)
            if held is not None and held.state != "accepted":
                held = None
            elif held is not None:
                held.state = "acknowledged"
        return _answered(route.absent if held is None else route.answer, scope, held)

    def _answer(self, route: Route, asking: Asking, scope: Mapping[str, Any]) -> Acted:
        del asking
        return _answered(route.answer, scope, None if route.id is None else self._about(route, scope))

    def _about(self, route: Route, scope: Mapping[str, Any]) -> Held | None:
        return self._store.of(_filled(route.id, scope))

    def _complete(self, held: Held) -> None:
        held.state = "accepted"
        self._store.keep(held)


def _answered(
    reply: Reply, scope: Mapping[str, Any], held: Held | None = None, *, whole: bool = False
) -> Acted:
    seen = scope if held is None else {**scope, "message": held}
    return Acted(said=said(reply, seen), message=held if whole else None)


def _filled(source: str | None, scope: Mapping[str, Any]) -> str | None:
    """Fill in a template; what is not in the request is none."""
    if source is None:
        return None
    try:
        return templates.text(source, scope)
    except TemplateError as error:
        if error.missing is None:
            raise
        return None


def _part(route: Route, scope: Mapping[str, Any]) -> int | None:
    said_ = _filled(route.part, scope) or ""
    return int(said_) if said_.isascii() and said_.isdigit() and len(said_) < 7 else None  # noqa: PLR2004 - digits


def _text(pick: picking.Pick | None, asking: Asking, scope: Mapping[str, Any]) -> str | None:
    several = _texts(pick, asking, scope)
    return several[0] if several else None


def _texts(pick: picking.Pick | None, asking: Asking, scope: Mapping[str, Any]) -> tuple[str, ...]:
    if pick is None:
        return ()
    found = picking.pick(pick, asking.answered, scope)
    if found is picking.ABSENT:
        return ()
    return tuple(str(one) for one in (found if isinstance(found, list) else [found]))


_DOES: Final[Mapping[str, Callable[[Acts, Route, Asking, Mapping[str, Any]], Acted]]] = {
    "answer": Acts._answer,  # noqa: SLF001 - a table of its own methods
    "create": Acts._create,  # noqa: SLF001 - the same
    "add": Acts._add,  # noqa: SLF001 - the same
    "commit": Acts._commit,  # noqa: SLF001 - the same
    "find": Acts._find,  # noqa: SLF001 - the same
    "list": Acts._list,  # noqa: SLF001 - the same
    "fetch": Acts._fetch,  # noqa: SLF001 - the same
    "acknowledge": Acts._acknowledge,  # noqa: SLF001 - the same
}
