"""The keys `revocation` and `revocation_from` of the `[….mail]` tables.

revocation   what "no answer" means: "require" (wait and try again), "prefer" (go on, and say so in the
             log) or "off" (nobody is asked). A revoked certificate is refused by the first two alike.
             "prefer" when there are `anchors`, "off" without; "require" needs `anchors`.
revocation_from.lists        CRL files, and folders of them, in PEM or DER; none. Read again when changed.
revocation_from.urls         beginnings of URLs, http://host[:port]/path, where lists and OCSP answers
                             may be fetched; none: the network is not asked.
revocation_from.timeout      for one question; 5s.
revocation_from.list_bytes   a list; 20MiB.
revocation_from.ocsp_bytes   an OCSP answer; 64KiB.
revocation_from.keep         the longest that an answer is used, whatever it says itself; 1d.
revocation_from.again        after a failure, when the same place is asked again; 1m.
revocation_from.recheck      how long the verdict on a certificate is used before all is looked at
                             anew; 10m.
revocation_from.nonce        whether OCSP questions carry a nonce; true. An answer without one counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from hub.errors import MalformedError
from hub.plugin import Table
from hub_smtp.revocation.places import Place


class OnNoAnswer(StrEnum):
    """What it means that nobody says whether a certificate is revoked."""

    REQUIRE = "require"
    """Wait, and try again."""
    PREFER = "prefer"
    """Go on, and say so in the log."""
    OFF = "off"
    """Nobody is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationSettings:
    """Whom to ask, and what no answer means. Sizes are in bytes."""

    policy: OnNoAnswer = OnNoAnswer.OFF
    lists: tuple[Path, ...] = ()
    urls: tuple[Place, ...] = ()
    timeout: timedelta = timedelta(seconds=5)
    list_bytes: int = 20 << 20
    ocsp_bytes: int = 64 << 10
    keep: timedelta = timedelta(days=1)
    again: timedelta = timedelta(minutes=1)
    recheck: timedelta = timedelta(minutes=10)
    nonce: bool = True


def parse(table: Table, *, anchored: bool) -> RevocationSettings:
    """Read both keys from a `[….mail]` table, which has `anchors` or not. Raises ConfigError."""
    sources = table.table("revocation_from")
    lists, urls = sources.files("lists", ()), _places(sources)
    sourced = anchored and bool(lists or urls)
    default = OnNoAnswer.PREFER if sourced else OnNoAnswer.OFF
    policy = OnNoAnswer(table.choice("revocation", tuple(OnNoAnswer), default))
    if policy is not OnNoAnswer.OFF and not sourced:
        raise table.wrong(
            "revocation",
            "needs `anchors`, and `revocation_from.lists` or `revocation_from.urls`: without them nobody can"
            " say whether a certificate is revoked",
            "demande `anchors`, et `revocation_from.lists` ou `revocation_from.urls` : sans eux, nul ne peut"
            " dire si un certificat est révoqué",
        )
    settings = RevocationSettings(
        policy=policy,
        lists=lists,
        urls=urls,
        timeout=sources.duration("timeout", "5s"),
        list_bytes=sources.size("list_bytes", "20MiB"),
        ocsp_bytes=sources.size("ocsp_bytes", "64KiB"),
        keep=sources.duration("keep", "1d"),
        again=sources.duration("again", "1m"),
        recheck=sources.duration("recheck", "10m"),
        nonce=sources.boolean("nonce", True),
    )
    sources.finish()
    return settings


def _places(table: Table) -> tuple[Place, ...]:
    places = []
    for text in table.texts("urls", ()):
        try:
            places.append(Place.parse(text))
        except MalformedError as error:
            raise table.wrong("urls", error.words.en, error.words.fr) from error
    return tuple(places)
