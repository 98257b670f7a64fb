"""Lists in words and in JSON, for `hub trust-list`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from hub.errors import Words
from hub_trust.authorities import fingerprint
from hub_trust.content import Domain, TrustList
from hub_trust.reading import Opened
from hub_trust.remembering import Remembered


def as_json(data: Any) -> None:
    """Print data for a program."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2))


def signed_words(content: TrustList, files: Iterable[Path]) -> Words:
    """Say what was signed, and where it is."""
    names = ", ".join(str(one) for one in files)
    return Words(
        en=f"✓ {names}: list {content.name}, sequence {content.sequence}, {len(content.domains)} domains, "
        f"next update by {_day(content.next_update)}.",
        fr=f"✓ {names} : liste {content.name}, séquence {content.sequence}, {len(content.domains)} domaines, "
        f"prochaine mise à jour avant le {_day(content.next_update)}.",
    )


def list_lines(opened: Opened, now: datetime) -> Iterator[Words]:
    """Show a list and everybody in it."""
    content = opened.content
    yield Words(
        en=f"✓ List {content.name}, sequence {content.sequence}, of {_day(content.issued)}, next update by "
        f"{_day(content.next_update)}.",
        fr=f"✓ Liste {content.name}, séquence {content.sequence}, du {_day(content.issued)}, prochaine mise "
        f"à jour avant le {_day(content.next_update)}.",
    )
    if content.next_update <= now:
        yield Words(
            en="✗ It has ended: no hub takes it any more.",
            fr="✗ Elle a pris fin : plus aucun hub ne la reçoit.",
        )
    subject = opened.signer.subject.rfc4514_string()
    print_ = fingerprint(opened.signer)
    yield Words(en=f"  signed by {subject}, sha256:{print_}", fr=f"  signée par {subject}, sha256:{print_}")
    for one in content.domains:
        yield _domain_line(one, now)


def list_data(opened: Opened) -> dict[str, Any]:
    """Return a list as JSON shows it."""
    return {
        **_head(opened.content),
        "signer": opened.signer.subject.rfc4514_string(),
        "signer_sha256": fingerprint(opened.signer),
        "domains": [_domain_data(one) for one in opened.content.domains],
    }


def remembered_lines(one: Remembered, domain: str | None, moment: datetime | None) -> Iterator[Words]:
    """Show one list of the past, and what it changed; with a moment, who was admitted then."""
    content = one.content
    taken = _day(one.taken)
    held_en = f"from {taken} to {_day(one.until)}" if one.until else f"since {taken}"
    held_fr = f"du {taken} au {_day(one.until)}" if one.until else f"depuis le {taken}"
    yield Words(
        en=f"{content.sequence}: held {held_en}, list {content.name} of {_day(content.issued)}",
        fr=f"{content.sequence} : en vigueur {held_fr}, liste {content.name} du {_day(content.issued)}",
    )
    if moment is not None:
        for each in content.domains:
            if domain in {None, each.name}:
                yield _domain_line(each, moment)
        if domain is not None and all(each.name != domain for each in content.domains):
            yield Words(en=f"  ✗ {domain}: not in the list", fr=f"  ✗ {domain} : absent de la liste")
        return
    for sign, domains in (("+", one.appeared), ("~", one.changed), ("−", one.gone)):
        for each in domains:
            if domain in {None, each.name}:
                dates = _dates(each)
                yield Words(
                    en=f"  {sign} {each.name} ({each.operator}){dates.en}",
                    fr=f"  {sign} {each.name} ({each.operator}){dates.fr}",
                )


def remembered_data(one: Remembered, domain: str | None, moment: datetime | None) -> dict[str, Any]:
    """Return one list of the past as JSON shows it."""

    def chosen(domains: Iterable[Domain]) -> list[dict[str, Any]]:
        return [_domain_data(each) for each in domains if domain in {None, each.name}]

    data = {
        **_head(one.content),
        "taken": one.taken.isoformat(),
        "until": one.until.isoformat() if one.until else None,
        "signer": one.signer.subject.rfc4514_string(),
        "signer_sha256": fingerprint(one.signer),
        "appeared": chosen(one.appeared),
        "changed": chosen(one.changed),
        "gone": chosen(one.gone),
    }
    if moment is not None:
        data["admitted"] = chosen(each for each in one.content.domains if each.is_admitted(moment))
    return data


def _head(content: TrustList) -> dict[str, Any]:
    return {
        "list": content.name,
        "sequence": content.sequence,
        "issued": content.issued.isoformat(),
        "next_update": content.next_update.isoformat(),
    }


def _domain_line(one: Domain, now: datetime) -> Words:
    mark = "✓" if one.is_admitted(now) else "✗"
    dates = _dates(one)
    pins = "".join(f"\n      {each}" for each in sorted(one.pins))
    return Words(
        en=f"  {mark} {one.name} ({one.operator}){dates.en}{pins}",
        fr=f"  {mark} {one.name} ({one.operator}){dates.fr}{pins}",
    )


def _dates(one: Domain) -> Words:
    until_en = f", withdrawn from {_day(one.withdrawn)}" if one.withdrawn else ""
    until_fr = f", retiré le {_day(one.withdrawn)}" if one.withdrawn else ""
    return Words(
        en=f": admitted from {_day(one.admitted)}{until_en}", fr=f" : admis le {_day(one.admitted)}{until_fr}"
    )


def _domain_data(one: Domain) -> dict[str, Any]:
    return {
        "domain": one.name,
        "operator": one.operator,
        "admitted": one.admitted.isoformat(),
        "withdrawn": one.withdrawn.isoformat() if one.withdrawn else None,
        "pins": sorted(one.pins),
    }


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
