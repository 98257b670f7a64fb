"""The configured spaces of trust as one: a domain is admitted when one of them admits it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.errors import Words
from hub.ports.intake import Peer
from hub.ports.trust import Admission, TrustSpace, TrustUnavailableError


class Trust:
    """Asks the spaces in their configured order. Without any, every operator's domains are admitted.

    `own` are domains of services of this hub: no space needs to admit the hub to itself.
    """

    def __init__(self, spaces: Sequence[TrustSpace] = (), own: frozenset[str] = frozenset()) -> None:
        self._spaces = tuple(spaces)
        self._own = own

    def admission(self, domain: str) -> Admission | None:
        """Return what the first space that admits a domain says of it; None without any space.

        Raises Outside when all could be asked and none admits it, TrustUnavailableError.
        """
        if domain in self._own:
            return None
        unavailable = None
        for space in self._spaces:
            try:
                if (admitted := _asked(space, domain)) is not None:
                    return admitted
            except TrustUnavailableError as error:
                unavailable = error
        if unavailable is not None:
            raise unavailable
        if self._spaces:
            raise Outside(self.version())
        return None

    def version(self) -> str | None:
        """Say which lists are held, for the evidence of what decided."""
        versions = []
        for space in self._spaces:
            # A plugin that fails has no version to tell.
            with suppress(Exception):
                versions.append(space.held().version)
        return "; ".join(versions) or None

    def narrow(self, peer: Peer, names: Iterable[str]) -> Peer | None:
        """Leave a peer the domains for which its certificate, of these names, satisfies the pins.

        None when none is left. What can't be told now stays: whoever submits is asked again.
        """
        if not self._spaces:
            return peer
        known = frozenset(names)
        domains = frozenset(one for one in peer.domains if self._speaks(one, known))
        return replace(peer, domains=domains) if domains else None

    def _speaks(self, domain: str, names: frozenset[str]) -> bool:
        try:
            admitted = self.admission(domain)
        except TrustUnavailableError:
            return True
        except Outside:
            return False
        return admitted is None or not admitted.pins or bool(admitted.pins & names)


class Outside(Exception):  # noqa: N818 - an answer, which callers turn into a refusal
    """A domain that no space of trust admits. `version` says by which lists."""

    def __init__(self, version: str | None) -> None:
        super().__init__("not admitted")
        self.version = version


def outside(address: Address, whom: str, version: str | None) -> Refused:
    """Make the refusal for a mailbox whose domain is not admitted."""
    return Refused(
        code=f"{whom}.outside",
        reason=Words(
            en=f"{address.domain} is not admitted to the space of trust ({address}).",
            fr=f"{address.domain} n'est pas admis dans l'espace de confiance ({address}).",
        ),
        source=version,
    )


def _asked(space: TrustSpace, domain: str) -> Admission | None:
    try:
        answer: object = space.admission(domain)
    except TrustUnavailableError:
        raise
    except Exception as error:
        raise _failed(type(error).__name__) from error
    if answer is None or (isinstance(answer, Admission) and _is_sound(answer, domain)):
        return answer
    raise _failed("TypeError")


def _is_sound(answer: Admission, domain: str) -> bool:
    """Whether it is about this domain, and says what is decided by: a plugin may be of any making."""
    return answer.domain == domain and isinstance(answer.source, str) and isinstance(answer.pins, frozenset)


def _failed(kind: str) -> TrustUnavailableError:
    return TrustUnavailableError(
        "trust.failed",
        Words(
            en=f"The space of trust can't be asked now ({kind}); try again later.",
            fr=f"L'espace de confiance ne peut être consulté ({kind}) ; réessayez plus tard.",
        ),
    )
