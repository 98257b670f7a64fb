"""`hub send`: a message through the API of a running hub."""

from __future__ import annotations

import asyncio
import mimetypes
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hub.cli import exit_codes, language, screen
from hub.cli.door import LOCAL, Anchor, Certificate, CertificateKey, TokenFile, Url, door
from hub.cli.options import Json
from hub.cli.recipients import who
from hub.cli.screen import Cell
from hub.errors import HubError, Words

if TYPE_CHECKING:
    from hub.adapters.http.client import Attachment, Client, Door

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
    url: Url = LOCAL,
    token_file: TokenFile = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
    anchor: Anchor = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the message to its end.")] = False,
    json: Json = False,
) -> None:
    """Send a message through the API of a running hub.

    Prints its id, and who was refused and why. Exit code 0 when the hub took it; with --wait, when it
    reached everybody.
    """
    message: dict[str, Any] = {"from": sender, "to": [who(one) for one in to], "subject": subject}
    message |= {name: [who(one) for one in whom] for name, whom in (("cc", cc), ("bcc", bcc)) if whom}
    if text is not None:
        message["text"] = sys.stdin.read() if text == "-" else text
    way = door(url, token_file, certificate, certificate_key, anchor)
    files = [_attachment(one) for one in attach or ()]
    code = asyncio.run(_send(way, message, files, key or str(uuid.uuid4()), wait=wait, as_json=json))
    raise typer.Exit(code)


async def _send(
    way: Door,
    message: Mapping[str, Any],
    files: Sequence[Attachment],
    key: str,
    *,
    wait: bool,
    as_json: bool,
) -> int:
    from hub.adapters.http.client import open_client  # noqa: PLC0415 -- heavy: aiohttp

    async with open_client(way, language.tag()) as client:
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
    for whom, why in refused.items():
        screen.note(Words(en=f"refused: {whom}: {why['detail']}", fr=f"refusé : {whom} : {why['detail']}"))


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


def _attachment(path: Path) -> Attachment:
    from hub.adapters.http.client import Attachment  # noqa: PLC0415 -- heavy: aiohttp

    guessed = mimetypes.guess_type(path.name)[0]
    return Attachment(path=path, media_type=guessed or "application/octet-stream")
