"""`hub send`: a message through the API of a running hub."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hub.cli import entries, exit_codes, language, screen
from hub.cli.options import Json
from hub.cli.screen import Cell
from hub.domain.party import Identifier
from hub.domain.target import Description, read_target
from hub.errors import HubError, InputError, MalformedError, Words

if TYPE_CHECKING:
    from hub.adapters.http.client import Attachment, Client, Door

VARIABLE: Final = "CADUCEE_TOKEN"
_PAUSE: Final = 0.5
"""Seconds between two looks at a message that is still on its way."""


def run(
    *,
    sender: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="Who sends.")],
    to: Annotated[
        list[str],
        typer.Option(
            "--to",
            metavar="WHO",
            help="Who receives: address, rpps:…, finess:…, ins:…, or 'name, specialty, town'; repeatable.",
        ),
    ],
    subject: Annotated[str, typer.Option(help="The subject.")],
    cc: Annotated[list[str] | None, typer.Option(metavar="WHO", help="Who gets a copy.")] = None,
    bcc: Annotated[
        list[str] | None, typer.Option(metavar="WHO", help="Who gets a copy that nobody else sees.")
    ] = None,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT|-", help="The text; - reads it from standard input.")
    ] = None,
    attach: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A document, may be repeated.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: the same again sends nothing twice.")
    ] = None,
    url: Annotated[str, typer.Option(help="The hub's API.")] = "http://127.0.0.1:8025",
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with the token; else CADUCEE_TOKEN.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(metavar="PEM", help="The client certificate to show.")
    ] = None,
    certificate_key: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Its private key, unless in the same file.")
    ] = None,
    anchor: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Authorities to trust, not the system's.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the message to its end.")] = False,
    json: Json = False,
) -> None:
    """Send a message through the API of a running hub.

    Prints its id, and who was refused and why. Exit code 0 when the hub took it; with --wait, when it
    reached everybody.
    """
    from hub.adapters.http.client import Door  # noqa: PLC0415 -- heavy: aiohttp

    message: dict[str, Any] = {"from": sender, "to": [_who(one) for one in to], "subject": subject}
    message |= {name: [_who(one) for one in whom] for name, whom in (("cc", cc), ("bcc", bcc)) if whom}
    if text is not None:
        message["text"] = sys.stdin.read() if text == "-" else text
    door = Door(
        url=url,
        token=_token(token_file),
        certificate=certificate,
        key=certificate_key,
        anchors=anchor,
    )
    files = [_attachment(one) for one in attach or ()]
    code = asyncio.run(_send(door, message, files, key or str(uuid.uuid4()), wait=wait, as_json=json))
    raise typer.Exit(code)


async def _send(
    door: Door,
    message: Mapping[str, Any],
    files: Sequence[Attachment],
    key: str,
    *,
    wait: bool,
    as_json: bool,
) -> int:
    from hub.adapters.http.client import open_client  # noqa: PLC0415 -- heavy: aiohttp

    async with open_client(door, language.tag()) as client:
        try:
            answer = await client.submit(message, files, key)
        except HubError as error:
            if error.code in {"send.unreachable", "http.timeout"}:
                screen.note(Words(en=f"The key was: --key {key}", fr=f"La clé était : --key {key}"))
            raise
        if not as_json:
            screen.line(answer["id"])
            _tell_refused(answer["refused"])
        reports = [await _follow(client, one) for one in answer["ids"]] if wait else []
    if as_json:
        screen.as_json({**answer, "key": key, **({"reports": reports} if wait else {})})
    elif wait:
        _tell(reports)
    arrived = all(one["state"] == "delivered" for one in reports)
    return exit_codes.FINE if not wait or (arrived and not answer["refused"]) else exit_codes.REFUSED


async def _follow(client: Client, message: str) -> Any:
    while True:
        report = await client.report(message)
        if report["state"] != "open":
            return report
        await asyncio.sleep(_PAUSE)


def _tell_refused(refused: Mapping[str, Mapping[str, str]]) -> None:
    for who, why in refused.items():
        screen.note(Words(en=f"refused: {who}: {why['detail']}", fr=f"refusé : {who} : {why['detail']}"))


def _tell(reports: Sequence[Any]) -> None:
    screen.table(
        (
            Words(en="recipient", fr="destinataire"),
            Words(en="state", fr="état"),
            Words(en="why", fr="pourquoi"),
        ),
        [
            [Cell(one["recipient"]["address"]), screen.state(one["state"]), Cell(one["detail"] or "")]
            for report in reports
            for one in report["deliveries"]
        ],
    )


def _who(text: str) -> str | dict[str, str]:
    """Return a recipient as the API takes it. Raises MalformedError, which names the one it means."""
    try:
        meant = read_target(text)
    except MalformedError as error:
        words = error.words
        raise MalformedError(
            error.code, Words(en=f"{text}: {words.en}", fr=f"{text} : {words.fr}")
        ) from error
    match meant:
        case Identifier():
            scheme, number = entries.short(meant)
            return {scheme: number}
        case Description(name=name, specialty=specialty, town=town):
            parts = {"name": name, "specialty": specialty, "town": town}
            return {part: value for part, value in parts.items() if value}
    return str(meant)


def _attachment(path: Path) -> Attachment:
    from hub.adapters.http.client import Attachment  # noqa: PLC0415 -- heavy: aiohttp

    guessed = mimetypes.guess_type(path.name)[0]
    return Attachment(path=path, media_type=guessed or "application/octet-stream")


def _token(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(VARIABLE) or None
    try:
        return file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        kind = type(error).__name__
        raise InputError(
            "token.unreadable",
            Words(en=f"{file} holds no token ({kind}).", fr=f"{file} ne contient pas de jeton ({kind})."),
        ) from None
