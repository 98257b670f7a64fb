"""Which hosts take mail for a domain (RFC 5321, 5.1; RFC 7505), by DNS.

DNS is believed here about names only: whoever answers at such a host must still show a certificate of a
configured authority that carries the host's name. An operator whose MX could be forged to another member
of the same authority is better given a `relay` or a `server_name`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.resolver

from hub.domain.outcome import Refused
from hub.errors import PeerError, Words
from hub.plugin.listening import Endpoint
from hub.ports.clock import Chance

_DNS_PORT: Final = 53
_LIFETIME: Final = 10.0
_MAX_HOSTS: Final = 10


class Mx:
    """Looks hosts up. One for a connector."""

    def __init__(self, nameservers: Sequence[Endpoint], chance: Chance) -> None:
        self._chance = chance
        self._resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        if nameservers:
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(one.host, one.port or _DNS_PORT) for one in nameservers
            ]
        self._resolver.lifetime = _LIFETIME

    async def hosts(self, domain: str) -> tuple[str, ...] | Refused:
        """Return the mail hosts of a domain, the preferred first, equals in random order.

        Refused when the domain says that it takes no mail. Raises PeerError when DNS can't tell now.
        """
        try:
            answer = await self._resolver.resolve(domain, "MX", raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN as error:
            raise _unknown(domain, "no such domain") from error
        except dns.exception.DNSException as error:
            raise _unknown(domain, type(error).__name__) from error
        records = [
            (one.preference, self._chance.fraction(), one.exchange.to_text(omit_final_dot=True).lower())
            for one in answer.rrset or ()
        ]
        if not records:
            return (domain,)
        if [host for *_, host in records] == ["."] or [host for *_, host in records] == [""]:
            return _takes_no_mail(domain)
        return tuple(host for *_, host in sorted(records))[:_MAX_HOSTS]

    async def addresses(self, host: str) -> tuple[str, ...]:
        """Return the IP addresses of a host. Raises PeerError."""
        found: list[str] = []
        failure: Exception | None = None
        for kind in ("A", "AAAA"):
            try:
                answer = await self._resolver.resolve(host, kind, raise_on_no_answer=False)
            except dns.exception.DNSException as error:
                failure = error
            else:
                found += [one.address for one in answer.rrset or ()]
        if not found:
            raise _unknown(host, type(failure).__name__ if failure else "no address") from failure
        return tuple(found[:_MAX_HOSTS])


def _unknown(domain: str, why: str) -> PeerError:
    return PeerError(
        "smtp.dns",
        Words(
            en=f"DNS does not say where mail for {domain} goes ({why}).",
            fr=f"Le DNS ne dit pas où va le courrier de {domain} ({why}).",
        ),
        reason=why,
    )


def _takes_no_mail(domain: str) -> Refused:
    return Refused(
        code="smtp.null_mx",
        reason=Words(
            en=f"{domain} says that it takes no mail (RFC 7505).",
            fr=f"{domain} indique ne pas recevoir de courrier (RFC 7505).",
        ),
    )
