"""Which attributes of an entry a client wants (RFC 4511, 4.5.1.8; RFC 3673)."""

from __future__ import annotations

from collections.abc import Sequence

from hub_annuaire.ldap.face.kinds import known
from hub_annuaire.ldap.face.root import OPERATIONAL
from hub_annuaire.ldap.face.shown import Shown
from hub_annuaire.ldap.messages import Found


def select(entry: Shown, wanted: Sequence[str], *, types_only: bool) -> Found:
    """Return what is wanted of an entry.

    Nothing named, or `*`: all but the operational ones. `+`: the operational ones. `1.1` alone: none.
    """
    names = {_plain(one) for one in wanted}
    usual = not wanted or "*" in names
    attributes = []
    for name, values in entry.values.items():
        operational = name in OPERATIONAL
        if name.lower() in names or ("+" in names if operational else usual):
            kind = known(name)
            shown = kind.shown if kind is not None else name
            attributes.append((shown, () if types_only else tuple(values)))
    return Found(dn=entry.dn, attributes=tuple(attributes))


def _plain(wanted: str) -> str:
    kind = known(wanted)
    return (kind.name if kind is not None else wanted).lower()
