"""`hub trust-list`: make a signed list, check one, and see who was admitted when."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.errors import InputError, MalformedError, Words, spoken_at

LANGUAGE: Final = spoken_at(os.environ)
_VALID: Final = re.compile(r"([1-9][0-9]{0,3})([hd])")


def _said(en: str, fr: str) -> str:
    return Words(en=en, fr=fr).in_language(LANGUAGE)


_HELP: Final = _said(
    "Make and look at the signed lists of a space of trust.",
    "Faire et consulter les listes signées d'un espace de confiance.",
)
_SIGN: Final = _said(
    "Sign a list.\n\n"
    "XML gets the signature inside; TOML gets a file FILE.jws beside it. No unsound list is signed.",
    "Signer une liste.\n\n"
    "Le XML reçoit la signature en son sein, le TOML un fichier FICHIER.jws à côté. Une liste fautive n'est "
    "pas signée.",
)
_CHECK: Final = _said(
    "Verify a list as the hub would, and show what it says.",
    "Vérifier une liste comme le ferait le hub, et montrer ce qu'elle dit.",
)
_HISTORY: Final = _said(
    "Show which lists the hub took, and who was admitted when.\n\n"
    "DIR is the folder that the hub keeps for the space: DATA/trust/NAME.",
    "Montrer les listes que le hub a reçues, et qui était admis quand.\n\n"
    "DIR est le dossier que le hub tient pour l'espace : DATA/trust/NOM.",
)

Json = Annotated[
    bool, typer.Option("--json", help=_said("Print JSON for a program.", "Écrire du JSON pour un programme."))
]
List = Annotated[Path, typer.Argument(metavar="FILE", help=_said("The list.", "La liste."))]

app = typer.Typer(name="trust-list", no_args_is_help=True, help=_HELP, add_completion=False)


@app.callback()
def trust_list() -> None:
    """Make and look at the signed lists of a space of trust."""


@app.command("sign", help=_SIGN)
def sign(
    *,
    file: List,
    key: Annotated[
        Path,
        typer.Option(help=_said("The signer's private key, in PEM.", "La clé privée du signataire, en PEM.")),
    ],
    certificates: Annotated[
        Path,
        typer.Option(
            help=_said(
                "Its certificate, then those that lead to an authority, in PEM.",
                "Son certificat, puis ceux qui mènent à une autorité, en PEM.",
            )
        ),
    ],
    sequence: Annotated[
        int | None,
        typer.Option(min=1, help=_said("Set this sequence number.", "Mettre ce numéro de séquence.")),
    ] = None,
    valid: Annotated[
        str | None,
        typer.Option(
            metavar="7d",
            help=_said(
                "Set the issue to now, and the next update to so many hours or days later.",
                "Dater de maintenant, et la prochaine mise à jour de tant d'heures ou de jours après.",
            ),
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help=_said("Write there; default: FILE itself.", "Écrire là ; sinon dans FILE.")
        ),
    ] = None,
) -> None:
    """Sign a list."""
    from hub_trust import certificates as papers  # noqa: PLC0415 - heavy, as all of the next
    from hub_trust import reading, signing  # noqa: PLC0415
    from hub_trust.showing import signed_words  # noqa: PLC0415

    draft = reading.load_draft(file)
    issued = _now() if valid is not None else None
    changes = signing.Changes(
        sequence=sequence,
        issued=issued,
        next_update=issued + _duration(valid) if issued is not None and valid is not None else None,
    )
    made = signing.sign(draft, changes, papers.load_key(key), papers.load([certificates]))
    written = signing.write(out or file, made)
    typer.echo(signed_words(made.content, written).in_language(LANGUAGE))


@app.command("check", help=_CHECK)
def check(
    *,
    file: List,
    anchors: Annotated[
        list[Path],
        typer.Option(
            help=_said(
                "Authorities of the signer, in PEM; may be repeated.",
                "Autorités du signataire, en PEM ; répétable.",
            )
        ),
    ],
    signer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=_said(
                "The one signer: sha256:, dns:, email: or subject: and a name.",
                "Le seul signataire : sha256:, dns:, email: ou subject: et un nom.",
            ),
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Verify a list as the hub would, and show what it says."""
    from hub_trust import certificates as papers  # noqa: PLC0415 - heavy, as all of the next
    from hub_trust import reading, showing  # noqa: PLC0415
    from hub_trust.authorities import Authorities  # noqa: PLC0415
    from hub_trust.settings import parse_signer  # noqa: PLC0415

    try:
        name = parse_signer(signer) if signer else None
    except MalformedError as error:
        raise InputError(
            "trust.signer", Words(en=f"--signer {error.words.en}.", fr=f"--signer {error.words.fr}.")
        ) from None
    authorities = Authorities(papers.load(anchors), name)
    opened = reading.verify(reading.load(file), authorities, _now())
    if json:
        showing.as_json(showing.list_data(opened))
        return
    for line in showing.list_lines(opened, _now()):
        typer.echo(line.in_language(LANGUAGE))


@app.command("history", help=_HISTORY)
def history(
    *,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help=_said("The hub's folder.", "Le dossier du hub."))
    ],
    domain: Annotated[
        str | None,
        typer.Option(metavar="DOMAIN", help=_said("Only of this domain.", "De ce domaine seulement.")),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help=_said(
                "What counted at this moment, such as 2026-03-03T14:00:00Z.",
                "Ce qui valait à cet instant, tel que 2026-03-03T14:00:00Z.",
            ),
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show which lists the hub took, and who was admitted when."""
    from hub_trust import remembering, showing  # noqa: PLC0415 - heavy

    found = remembering.recall(folder)
    if not found:
        raise _none_kept(folder)
    moment = _moment(at) if at is not None else None
    if moment is not None:
        held = remembering.at(found, moment)
        found = [held] if held is not None else []
    if json:
        showing.as_json({"lists": [showing.remembered_data(one, domain, moment) for one in found]})
        return
    for one in found:
        for line in showing.remembered_lines(one, domain, moment):
            typer.echo(line.in_language(LANGUAGE))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _duration(text: str) -> timedelta:
    found = _VALID.fullmatch(text)
    if found is None:
        raise InputError(
            "trust.valid",
            Words(
                en=f"{text!r} is no duration such as 12h or 7d.",
                fr=f"{text!r} n'est pas une durée telle que 12h ou 7d.",
            ),
        )
    return timedelta(hours=int(found[1]) * (24 if found[2] == "d" else 1))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InputError(
            "trust.at",
            Words(
                en=f"{text!r} is no moment with its zone, such as 2026-03-03T14:00:00Z.",
                fr=f"{text!r} n'est pas un instant avec son fuseau, tel que 2026-03-03T14:00:00Z.",
            ),
        )
    return moment.astimezone(UTC)


def _none_kept(folder: Path) -> InputError:
    return InputError(
        "trust.none_kept",
        Words(
            en=f"{folder} holds no list that the hub took. Give the folder DATA/trust/NAME.",
            fr=f"{folder} ne contient aucune liste reçue par le hub. Donnez le dossier DATA/trust/NOM.",
        ),
    )
