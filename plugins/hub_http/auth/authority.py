"""Proves requests: all that the description's `auth` names, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hub_http.wire.exchange import Request


class Proof(Protocol):
    """One way for requests to prove who makes them."""

    async def authorise(self, request: Request, scope: Mapping[str, Any]) -> Request:
        """Return the request with its proof.

        Raises WireFault (stage `unsent`; AuthenticationFault when the credentials are refused), ConfigError
        when a secret's file can't be used any more, TemplateError.
        """
        ...

    async def renew(self, refused: Request | None) -> bool:
        """Say whether another try may prove more than the one that the server refused with 401."""
        ...


class Authority:
    """The proofs of one operator. Shared by concurrent attempts."""

    def __init__(self, proofs: Sequence[Proof], scope: Mapping[str, Any]) -> None:
        """`scope` is what templates see beside what `authorise` is given."""
        self._proofs = tuple(proofs)
        self._scope = scope

    async def authorise(self, request: Request, scope: Mapping[str, Any] | None = None) -> Request:
        """Return the request with all proofs. Raises WireFault (`unsent`), ConfigError, TemplateError."""
        seen = {**self._scope, **(scope or {})}
        for one in self._proofs:
            request = await one.authorise(request, seen)
        return request

    async def renew(self, refused: Request | None = None) -> bool:
        """Say, after an answer 401, whether it is worth authorising the request anew and asking once more.

        `refused` is the request as it went: when another has renewed the credentials meanwhile, they are
        not renewed again.
        """
        return any([await one.renew(refused) for one in self._proofs])
