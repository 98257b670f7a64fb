"""Operations of a service: which one a request asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from hub_eprescription.simulator.asking import Answer, Asking
from hub_eprescription.simulator.outcomes import DeclinedError, declined, missing
from hub_eprescription.simulator.parties import Access

Deed = Callable[[Asking, Access, str], Awaitable[Answer]]
"""Does what is asked; the text is what stood for `{id}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation. `path` may hold `{id}`, which stands for one segment."""

    name: str
    method: str
    path: str
    does: Deed

    def fits(self, path: str) -> str | None:
        """Return what stands for `{id}`, empty when the route has none; None when the path is another."""
        wanted, given = self.path.split("/"), path.split("/")
        if len(wanted) != len(given):
            return None
        found = ""
        for left, right in zip(wanted, given, strict=True):
            if left == "{id}" and right and not right.startswith("$"):
                found = right
            elif left != right:
                return None
        return found


def route(
    name: str, method: str, path: str, does: Callable[[Asking, Access, str], Answer | Awaitable[Answer]]
) -> Route:
    """Make a route of a deed that may be plain."""

    async def do(asking: Asking, access: Access, found: str) -> Answer:
        answer = does(asking, access, found)
        return answer if isinstance(answer, Answer) else await answer

    return Route(name=name, method=method, path=path, does=do)


def bare(does: Callable[[Asking, Access], Answer]) -> Callable[[Asking, Access, str], Answer]:
    """Return a deed of one that has no `{id}`."""
    return lambda asking, access, _: does(asking, access)


def fitting(routes: Sequence[Route], asking: Asking) -> tuple[Route, str]:
    """Return the route of a request. Raises DeclinedError: 404, or 405 with the methods that there are."""
    allowed = []
    for one in routes:
        found = one.fits(asking.path)
        if found is None:
            continue
        if one.method == asking.method:
            return one, found
        allowed.append(one.method)
    if allowed:
        raise NotAllowedError(allowed)
    raise missing("no such endpoint")


class NotAllowedError(DeclinedError):
    """The path is there, the method is not."""

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(405, *declined(405, "not-supported", "method not allowed").issues)
        self.allowed = ", ".join(dict.fromkeys(allowed))
