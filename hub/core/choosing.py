"""Several mailboxes of one bearer → the one to write to, by the configured preference. Nothing guesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.domain.outcome import Refused
from hub.domain.target import Description
from hub.errors import Words
from hub.ports.directory import Entry, MailboxKind, Standing

CANDIDATES: Final = 10
"""Candidates that a refusal names."""
_LAST: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """Which mailboxes are written to first: by kind, then by domain, both the preferred first.

    What is not named comes last. After these the bearer's own order counts.
    """

    kinds: tuple[MailboxKind, ...] = (
        MailboxKind.PERSONAL,
        MailboxKind.PRACTICE,
        MailboxKind.ORGANISATIONAL,
        MailboxKind.APPLICATION,
        MailboxKind.PATIENT,
    )
    domains: tuple[str, ...] = ()


def of_bearer(entries: Sequence[Entry], preference: Preference, asked: str) -> Entry | Refused:
    """Choose among the mailboxes (one at least) of a bearer whom the sender named by identifier.

    Of mailboxes that are equally good a person's first is taken, as they are all that person's. A
    structure's are read by different people: there the sender has to say which.
    """
    active = [one for one in entries if one.standing is Standing.ACTIVE]
    if not active:
        return entries[0]
    ranks = [_rank(one, preference) for one in active]
    best = [one for one, rank in zip(active, ranks, strict=True) if rank == min(ranks)]
    if best[0].mailbox in {MailboxKind.PERSONAL, MailboxKind.PATIENT} or len(best) == 1:
        return best[0]
    # A structure's general mailbox stands for it, if it is the only one without a service.
    general = [one for one in best if not one.service]
    return general[0] if len(general) == 1 else _ambiguous(asked, best)


def of_description(entries: Sequence[Entry], preference: Preference, sought: Description) -> Entry | Refused:
    """Choose the mailbox of whoever a description fits, if that is one bearer alone."""
    bearers: dict[object, list[Entry]] = {}
    for one in entries:
        bearers.setdefault(one.identifiers[:1] or one.address.key, []).append(one)
    if not bearers:
        return _nobody(sought)
    if len(bearers) > 1:
        return _ambiguous(str(sought), [mailboxes[0] for mailboxes in bearers.values()])
    (mailboxes,) = bearers.values()
    return of_bearer(mailboxes, preference, str(sought))


def _rank(one: Entry, preference: Preference) -> tuple[int, int, int]:
    return (
        _place(one.mailbox, preference.kinds),
        _place(one.address.domain, preference.domains),
        one.rank if one.rank is not None else _LAST,
    )


def _place(value: str, order: Sequence[str]) -> int:
    return order.index(value) if value in order else len(order)


def _ambiguous(asked: str, candidates: Sequence[Entry]) -> Refused:
    shown = [_shown(one) for one in candidates if not one.unlisted]
    listed = "; ".join(shown[:CANDIDATES]) + (" …" if len(shown) > CANDIDATES else "")
    liste = " ; ".join(shown[:CANDIDATES]) + (" …" if len(shown) > CANDIDATES else "")
    return Refused(
        code="recipient.ambiguous",
        reason=Words(
            en=f"“{asked}” may be several mailboxes; write to the one you mean: {listed}.",
            fr=f"« {asked} » peut désigner plusieurs boîtes ; écrivez à celle que vous voulez : {liste}.",
        ),
        source=candidates[0].source,
    )


def _shown(one: Entry) -> str:
    about = ", ".join(
        text
        for text in (
            one.specialties[0].label
            if one.specialties
            else one.profession.label
            if one.profession
            else one.service,
            one.town,
        )
        if text
    )
    return f"{one.name} ({about}) <{one.address}>" if about else f"{one.name} <{one.address}>"


def _nobody(sought: Description) -> Refused:
    return Refused(
        code="recipient.nobody",
        reason=Words(
            en=f"Nobody in the directory is “{sought}”; look with a search, or write to an address.",
            fr=f"Personne dans l'annuaire n'est « {sought} » ; faites une recherche, ou donnez une adresse.",
        ),
    )
