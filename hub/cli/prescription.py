"""`hub prescription`: have prescriptions issued through the API of a running hub, follow and cancel them.

What a plugin adds to this group (`hub prescription simulate`) stands beside.
"""

from __future__ import annotations

import asyncio
import mimetypes
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hub.cli import files, prescription_papers, prescription_screen, screen
from hub.cli.added import Widened
from hub.cli.door import LOCAL, Anchor, Certificate, CertificateKey, TokenFile, Url, door
from hub.cli.options import Json
from hub.cli.prescription_screen import Form, Id, Wait, asking
from hub.cli.recipients import who
from hub.domain.prescription import Handing
from hub.errors import HubError, InputError, Words

if TYPE_CHECKING:
    from hub.adapters.http.client import Attachment, Door

app = typer.Typer(
    cls=Widened, no_args_is_help=True, help="Have prescriptions issued, follow them, cancel them."
)
MEDIA_TYPES: Final = {".xml": "application/fhir+xml", ".json": "application/fhir+json"}
"""What a file is taken for by its name, unless --media-type says, or it is CDA."""
CDA: Final = "application/hl7-cda+xml"
_CDA_SPACE: Final = b"urn:hl7-org:v3"
_FIRST: Final = 16 << 10
"""Bytes of a file in which the name space of CDA must stand."""


@app.callback()
def prescription() -> None:
    """Have prescriptions issued, follow them, cancel them."""


@app.command("issue")
def issue(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The prescription: FHIR R4, or CDA R2.")],
    *,
    sender: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="The prescriber's own mailbox.")],
    service: Annotated[
        str | None, typer.Option(metavar="NAME", help="The operator to issue it at; needed with several.")
    ] = None,
    media_type: Annotated[
        str | None,
        typer.Option(metavar="TYPE", help="Its media type; else what its name and its first lines say."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A word of the service's own; may be repeated."),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="WHO", help="Hand it over once issued, as `hub send`; repeatable."),
    ] = None,
    form: Form = Handing.TOKEN,
    language: Annotated[
        str | None, typer.Option(metavar="TAG", help="The language for patient and prescriber, such as fr.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: the same again issues nothing twice.")
    ] = None,
    wait: Wait = 5,
    url: Url = LOCAL,
    token_file: TokenFile = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
    anchor: Anchor = None,
    json: Json = False,
) -> None:
    """Have a prescription issued.

    Prints its id, state and number, and what to do. Exit code 0 when it is issued or awaits a
    signature, 4 or 5 when it is refused, 6 while it is under way: the hub goes on.
    """
    hand_over = [{"to": who(one), "as": form.value} for one in to or ()]
    options = prescription_screen.pairs(option or ())
    order: dict[str, Any] = {"from": sender}
    given = (("service", service), ("options", options), ("hand_over", hand_over), ("language", language))
    order |= {name: value for name, value in given if value}
    way = door(url, token_file, certificate, certificate_key, anchor)
    one = _attachment(file, media_type)
    answer = asyncio.run(_order(way, order, one, key or str(uuid.uuid4()), wait, as_json=json))
    raise typer.Exit(prescription_screen.tell(answer, as_json=json))


@app.command("status")
def status(
    prescription: Id,
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="Have the service asked now.")] = False,
    url: Url = LOCAL,
    token_file: TokenFile = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
    anchor: Anchor = None,
    json: Json = False,
) -> None:
    """Show how a prescription stands, and what became of it.

    Number and state are shown; access code and 2D code only with --json.
    """
    way = door(url, token_file, certificate, certificate_key, anchor)
    answer = asyncio.run(asking(way, lambda one: one.standing(prescription, fresh=fresh), as_json=json))
    prescription_screen.tell(answer, as_json=json)


@app.command("cancel")
def cancel(
    prescription: Id,
    *,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why, in words.")] = None,
    code: Annotated[
        str | None, typer.Option(metavar="CODE", help="Why, by the service's own list of codes.")
    ] = None,
    url: Url = LOCAL,
    token_file: TokenFile = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
    anchor: Anchor = None,
    json: Json = False,
) -> None:
    """Cancel a prescription.

    Exit code 0 when it is cancelled, 4 when it can't be, 6 while the hub goes on asking the service.
    """
    way = door(url, token_file, certificate, certificate_key, anchor)
    answer = asyncio.run(asking(way, lambda one: one.cancel(prescription, code, reason), as_json=json))
    raise typer.Exit(prescription_screen.tell_cancelled(answer, as_json=json))


app.command("hand-over")(prescription_papers.hand_over)
app.command("print")(prescription_papers.print_)
app.command("sign")(prescription_papers.sign)


async def _order(
    way: Door, order: dict[str, Any], file: Attachment, key: str, wait: int, *, as_json: bool
) -> Any:
    try:
        return await asking(way, lambda one: one.order(order, file, key, wait), as_json=as_json)
    except HubError as error:
        if error.code in {"send.unreachable", "http.timeout"}:
            screen.note(Words(en=f"The key was: --key {key}", fr=f"La clé était : --key {key}"))
        raise


def _attachment(file: Path, media_type: str | None) -> Attachment:
    from hub.adapters.http.client import Attachment  # noqa: PLC0415 -- heavy: aiohttp

    known = media_type or _media_type(file)
    if known is None:
        raise InputError(
            "prescription.media_type",
            Words(
                en=f"What {file.name} holds can't be told by its name: give --media-type.",
                fr=f"Le nom {file.name} ne dit pas ce qu'il contient : donnez --media-type.",
            ),
        )
    return Attachment(path=file, media_type=known)


def _media_type(file: Path) -> str | None:
    usual = MEDIA_TYPES.get(file.suffix.lower()) or mimetypes.guess_type(file.name)[0]
    return CDA if usual == MEDIA_TYPES[".xml"] and _CDA_SPACE in files.read(file, _FIRST) else usual
