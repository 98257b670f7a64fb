"""`hub trace`: what became of a message, from its acceptance to its last recipient."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hub.cli import screen
from hub.cli.given import given
from hub.cli.language import told
from hub.cli.options import Json
from hub.cli.screen import Cell
from hub.domain.delivery import State
from hub.errors import ConfigError, InputError, Words

if TYPE_CHECKING:
    from hub.app.settings import Settings
    from hub.domain.party import Party
    from hub.ports.records import DeliveryReport, Report

MOST_SAID: Final = 500
"""Characters that a table shows of what the other side said; `--json` gives all of it."""


def run(
    ctx: typer.Context,
    *,
    message: Annotated[str, typer.Argument(metavar="ID", help="The message's id, or one delivery's.")],
    envelope: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the sealed envelope there, for `hub verify`."),
    ] = None,
    json: Json = False,
) -> None:
    """Show a message's timeline: who got it, through whom, when, and why not.

    Reads the store beside a running hub. Subject and contents are never shown.
    """
    report = asyncio.run(_report(given(ctx).load().settings, message))
    if envelope is not None:
        _write(envelope, report.sealed.jws)
    if json:
        screen.as_json(_data(report))
    else:
        _show(report)


async def _report(settings: Settings, message: str) -> Report:
    from hub.app.assembly import open_records  # noqa: PLC0415 -- heavy: the store
    from hub.domain.ids import DeliveryId, EnvelopeId, check_uuid7  # noqa: PLC0415

    check_uuid7(message)
    async with open_records(settings) as store:
        report = await store.report(EnvelopeId(message))
        if report is None and (envelope := await store.envelope_of(DeliveryId(message))) is not None:
            report = await store.report(envelope)
    if report is None:
        raise InputError(
            "message.unknown",
            Words(
                en=f"{message} is no message of this hub.",
                fr=f"{message} n'est pas un message de ce hub.",
            ),
        )
    return report


def _write(path: Path, jws: bytes) -> None:
    try:
        path.write_bytes(jws)
    except OSError as error:
        from hub.plugin import reasons  # noqa: PLC0415 -- heavy: ssl

        why = reasons.why(error)
        raise ConfigError(
            "file.unwritable",
            Words(en=f"{path} can't be written ({why.en}).", fr=f"{path} ne peut pas être écrit ({why.fr})."),
        ) from error


def shown(party: Party) -> str:
    """Return how a party is shown: a patient's address holds a health identifier, so it is masked."""
    return party.address.masked if party.kind.value == "patient" else str(party.address)


def _show(report: Report) -> None:
    envelope = report.sealed.envelope
    message = envelope.message
    kind, signed = _KINDS[message.kind.value], _SIGNED[message.origin.signature.result.value]
    screen.say(Words(en=f"Message {envelope.id}", fr=f"Message {envelope.id}"))
    screen.say(
        Words(
            en=f"{kind.en} from {shown(message.sender)}, in by {message.origin.connector} from"
            f" {report.peer}; signature: {signed.en}",
            fr=f"{kind.fr} de {shown(message.sender)}, entré par {message.origin.connector} de"
            f" {report.peer} ; signature : {signed.fr}",
        )
    )
    screen.say(
        Words(
            en=f"Sealed {envelope.created_at:%Y-%m-%d %H:%M:%S} UTC, to arrive by"
            f" {envelope.expires_at:%Y-%m-%d %H:%M:%S} UTC",
            fr=f"Scellé le {envelope.created_at:%Y-%m-%d %H:%M:%S} UTC, à remettre avant le"
            f" {envelope.expires_at:%Y-%m-%d %H:%M:%S} UTC",
        )
    )
    screen.line()
    screen.table(
        _DELIVERIES,
        [
            [
                Cell(str(number)),
                Cell(shown(one.recipient), whole=True),
                Cell(one.operator),
                screen.state(one.state.value),
                Cell(str(one.attempts)),
                Cell(_why(one)),
            ]
            for number, one in enumerate(report.deliveries, 1)
        ],
    )
    for number, one in enumerate(report.deliveries, 1):
        if not one.state.final:
            screen.say(Words(en=f"{number} is delivery {one.id}", fr=f"{number} est la remise {one.id}"))
    screen.line()
    numbers = {one.id: str(number) for number, one in enumerate(report.deliveries, 1)}
    screen.table(
        _TIMELINE,
        [
            [
                Cell(f"{one.at:%Y-%m-%d %H:%M:%S}.{one.at.microsecond // 1000:03d}", "dim", whole=True),
                Cell(numbers.get(one.delivery, "") if one.delivery else ""),
                Cell(one.event, "bold", whole=True),
                Cell(one.code or ""),
                Cell(_said(one.detail)),
            ]
            for one in report.steps
        ],
    )


def _said(detail: str | None) -> str:
    """Return what was said, its beginning when it is long: another hub's receipt is a whole envelope."""
    text = detail or ""
    return text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]}…"


def _why(one: DeliveryReport) -> str:
    """Return the reason for whatever is not simply delivered."""
    if one.state is State.DELIVERED:
        return ""
    return told(one.reason) if one.reason else one.code or ""


_KINDS = {
    "message": Words(en="message", fr="message"),
    "report": Words(en="report", fr="compte rendu"),
    "prescription": Words(en="prescription", fr="ordonnance"),
    "acknowledgement": Words(en="acknowledgement", fr="accusé"),
    "notice": Words(en="notice", fr="avis"),
}
_SIGNED = {
    "none": Words(en="none", fr="aucune"),
    "valid": Words(en="valid", fr="valide"),
    "invalid": Words(en="invalid", fr="non valide"),
}
_DELIVERIES = (
    Words(en="no.", fr="nº"),
    Words(en="recipient", fr="destinataire"),
    Words(en="operator", fr="opérateur"),
    Words(en="state", fr="état"),
    Words(en="attempts", fr="tentatives"),
    Words(en="why", fr="pourquoi"),
)
_TIMELINE = (
    Words(en="UTC", fr="UTC"),
    Words(en="no.", fr="nº"),
    Words(en="event", fr="événement"),
    Words(en="code", fr="code"),
    Words(en="said", fr="dit"),
)


def _data(report: Report) -> dict[str, Any]:
    envelope = report.sealed.envelope
    return {
        "id": envelope.id,
        "kind": envelope.message.kind.value,
        "peer": report.peer,
        "sender": shown(envelope.message.sender),
        "created_at": screen.moment(envelope.created_at),
        "expires_at": screen.moment(envelope.expires_at),
        "deliveries": [
            {
                "id": one.id,
                "recipient": shown(one.recipient),
                "operator": one.operator,
                "state": one.state.value,
                "attempts": one.attempts,
                "due_at": screen.moment(one.due_at),
                "code": one.code,
                "reason": one.reason and {"en": one.reason.en, "fr": one.reason.fr},
            }
            for one in report.deliveries
        ],
        "timeline": [
            {
                "at": screen.moment(one.at),
                "event": one.event,
                "delivery": one.delivery,
                "code": one.code,
                "detail": one.detail,
            }
            for one in report.steps
        ],
    }
