"""A description's file looked at as a whole: each finding with its line, mistakes and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.errors import ConfigError, HubError, Words
from hub_http.description import checking, mistakes, reading
from hub_http.description.model import Description


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to be said of a file. The words name file, line and key."""

    code: str
    words: Words
    line: int | None = None
    key: str | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A file and all that there is to say of it. `about` says what it describes, when it is fine."""

    path: Path
    findings: tuple[Finding, ...]
    about: Words

    @property
    def fine(self) -> bool:
        """Whether it can be used."""
        return all(one.warning for one in self.findings)


def examine(path: Path) -> Examined:
    """Read a file and check it deeply; never raises for what it finds."""
    try:
        source, description = reading.read_source(path)
    except ConfigError as error:
        several = error.fields.get("errors")
        found = several if isinstance(several, tuple) else (error,)
        return Examined(path=path, findings=tuple(_finding(one) for one in found), about=Words(en="", fr=""))
    found_deep = mistakes.placed(path, source.text, checking.check(description))
    return Examined(
        path=path,
        findings=tuple(_finding(error, warning=one.warning) for one, error in found_deep),
        about=about(description),
    )


def _finding(error: HubError, *, warning: bool = False) -> Finding:
    line, key = error.fields.get("line"), error.fields.get("key")
    return Finding(
        code=error.code,
        words=error.words,
        line=line if isinstance(line, int) else None,
        key=None if key is None else str(key),
        warning=warning,
    )


def about(description: Description) -> Words:
    """Say in a few words what is described."""
    found = list(_abilities(description)) or [_NOTHING]
    return Words(en=_listed(found, "en"), fr=_listed(found, "fr"))


_NOTHING: Final = Words(en="neither sends nor receives", fr="n'envoie ni ne reçoit")


def _abilities(description: Description) -> Iterator[Words]:
    send = description.send
    if send is not None:
        count = len(send.steps)
        yield Words(
            en=f"sends in {count} step{'s' if count > 1 else ''} (idempotency: {send.idempotency})",
            fr=f"envoie en {count} étape{'s' if count > 1 else ''} (idempotence : {send.idempotency})",
        )
    for there, en, fr in (
        (description.recover, "recovers", "retrouve les envois sans réponse"),
        (description.track, "tracks", "suit les envois"),
        (description.inbox, "fetches", "relève"),
        (description.receipts, "fetches receipts", "relève les accusés"),
        (description.webhooks, "is called back", "est rappelé"),
        (description.simulate, "can be simulated", "se laisse simuler"),
    ):
        if there:
            yield Words(en=en, fr=fr)


def _listed(words: Iterable[Words], language: str) -> str:
    return ", ".join(one.in_language(language) for one in words)
