"""The list of who is admitted to the demonstration's space of trust, before it is signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One operator: its domain, and the host name that its certificates must have."""

    name: str
    domain: str
    host: str | None = None


def trust_list(sequence: int, members: Iterable[Member]) -> str:
    """Write the list in its XML form (`docs/reference/trust-list.md`), good for a week."""
    now = datetime.now(UTC)
    issued, next_update = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (now, now + timedelta(days=7)))
    return (
        f'<trustList xmlns="urn:caducee:trust-list:1" list="demo.mssante.example" sequence="{sequence}"\n'
        f'           issued="{issued}" nextUpdate="{next_update}">\n'
        f"{''.join(map(_operator, members))}</trustList>\n"
    )


def _operator(one: Member) -> str:
    pin = f"    <pin>dns:{one.host}</pin>\n" if one.host else ""
    return (
        f'  <operator name="{one.name}" admitted="2026-01-01T00:00:00Z">\n'
        f'    <domain name="{one.domain}"/>\n{pin}  </operator>\n'
    )
