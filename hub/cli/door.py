"""How a command reaches the API of a running hub, and proves who it is: the options that several share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hub.errors import InputError, Words

if TYPE_CHECKING:
    from hub.adapters.http.client import Door

VARIABLE: Final = "CADUCEE_TOKEN"
LOCAL: Final = "http://127.0.0.1:8025"

Url = Annotated[
    str, typer.Option(envvar="CADUCEE_URL", show_envvar=False, help="The hub's API; else CADUCEE_URL.")
]
TokenFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A file with the token; else CADUCEE_TOKEN.")
]
Certificate = Annotated[Path | None, typer.Option(metavar="PEM", help="The client certificate to show.")]
CertificateKey = Annotated[
    Path | None, typer.Option(metavar="PEM", help="Its private key, unless in the same file.")
]
Anchor = Annotated[Path | None, typer.Option(metavar="PEM", help="Authorities to trust, not the system's.")]


def door(
    url: str, token_file: Path | None, certificate: Path | None, key: Path | None, anchor: Path | None
) -> Door:
    """Return the way to the API. Raises InputError for a token that can't be read."""
    from hub.adapters.http.client import Door  # noqa: PLC0415 -- heavy: aiohttp

    token = _token(token_file)
    return Door(url=url, token=token, certificate=certificate, key=key, anchors=anchor)


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
