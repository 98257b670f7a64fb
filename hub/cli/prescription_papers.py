"""`hub prescription hand-over`, `print` and `sign`: what belongs to a prescription."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.cli import exit_codes, files, prescription_screen, screen
from hub.cli.door import LOCAL, Anchor, Certificate, CertificateKey, TokenFile, Url, door
from hub.cli.options import Json
from hub.cli.prescription_screen import Form, Id, Wait, asking
from hub.cli.recipients import who
from hub.domain.prescription import Handing
from hub.errors import Words

_PAPERS: Final = {".pdf": "print.pdf", ".png": "code.png", ".svg": "code.svg"}


class Language(StrEnum):
    """What the sheet speaks."""

    EN = "en"
    FR = "fr"


def hand_over(
    prescription: Id,
    *,
    to: Annotated[str, typer.Option("--to", metavar="WHO", help="Who gets it, as in `hub send`.")],
    form: Form = Handing.TOKEN,
    url: Url = LOCAL,
    token_file: TokenFile = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
    anchor: Anchor = None,
    json: Json = False,
) -> None:
    """Hand an issued prescription over by secure mail.

    Prints the mail's id. The same again sends nothing.
    """
    meant = who(to)
    way = door(url, token_file, certificate, certificate_key, anchor)
    answer = asyncio.run(
        asking(way, lambda one: one.hand_over(prescription, meant, form.value), as_json=json)
    )
    if json:
        screen.as_json(answer)
    else:
        screen.line(answer["message"])


def print_(
    prescription: Id,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A new file: .pdf for the sheet, .png or .svg for the 2D code."),
    ],
    *,
    language: Annotated[
        Language | None, typer.Option(help="The sheet's language; else the terminal's.")
    ] = None,
    url: Url = LOCAL,
    token_file: TokenFile = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
    anchor: Anchor = None,
) -> None:
    """Write the sheet for the patient, or the 2D code alone, into a new file.

    Who has it has the prescription: the file is made for its owner alone.
    """
    paper = _PAPERS.get(file.suffix.lower())
    if paper is None:
        known = ", ".join(_PAPERS)
        raise _misused(
            en=f"{file.name} must end in one of {known}.", fr=f"{file.name} doit finir par l'un de {known}."
        )
    if language is not None and paper == "print.pdf":
        paper = f"{paper}?language={language}"
    way = door(url, token_file, certificate, certificate_key, anchor)
    files.write(file, asyncio.run(asking(way, lambda one: one.fetch(prescription, paper))))


def sign(
    prescription: Id,
    *,
    fetch: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what is to be signed into this new file.")
    ] = None,
    signed: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Hand over what was signed, from this file.")
    ] = None,
    wait: Wait = 5,
    url: Url = LOCAL,
    token_file: TokenFile = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
    anchor: Anchor = None,
    json: Json = False,
) -> None:
    """Fetch what the prescriber is to sign, then hand over the signed result.

    Sign exactly the bytes that were fetched. Exit code as for `issue`.
    """
    way = door(url, token_file, certificate, certificate_key, anchor)
    if fetch is not None and signed is None:
        files.write(fetch, asyncio.run(asking(way, lambda one: one.fetch(prescription, "to-sign"))))
        return
    if signed is None or fetch is not None:
        raise _misused(
            en="Give exactly one of --fetch and --signed.",
            fr="Donnez exactement l'une des options --fetch et --signed.",
        )
    data = files.read(signed)
    answer = asyncio.run(asking(way, lambda one: one.sign(prescription, data, wait), as_json=json))
    raise typer.Exit(prescription_screen.tell(answer, as_json=json))


def _misused(en: str, fr: str) -> typer.Exit:
    screen.failed(Words(en=en, fr=fr))
    return typer.Exit(exit_codes.USAGE)
