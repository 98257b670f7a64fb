"""`hub operator try`: sends one message, shows all that went over the wire, and what came of it."""

from __future__ import annotations

import asyncio
import json as json_
import mimetypes
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hub.errors import ConfigError, InputError, Words
from hub.plugin.terminal import LANGUAGE, said
from hub_http.commands import outcome
from hub_http.commands.given import pairs

if TYPE_CHECKING:
    from hub_http.sending.trial import Letter, Trial
    from hub_http.settings import OperatorSettings

_CODE: Final = "http.try"
_LANGUAGES: Final = ("en", "fr")
_CODES: Final = {"delivered": 0, "refused": 4, "deferred": 6, "uncertain": 6}
_MOST: Final = 100 << 20
"""Bytes of a file that is sent along."""
_CORE: Final = frozenset(
    {
        "kind",
        "domains",
        "peers",
        "concurrency",
        "deadline",
        "retry_base",
        "retry_cap",
        "breaker_failures",
        "breaker_pause",
    }
)
"""Keys of `[operators.<name>]` that are the hub's own, not the plugin's."""

HELP: Final = said(
    "Send one test message to an operator, and show what went over the wire.\n\n"
    "Secrets and documents are not shown. Nothing is kept: no store is touched.",
    "Envoyer un message de test à un opérateur, et montrer les échanges.\n\n"
    "Ni les secrets ni les documents ne sont montrés. Rien n'est gardé : aucun stockage n'est touché.",
)


def try_(
    context: typer.Context,
    *,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help=said("The description of its API.", "La description de son API.")
        ),
    ] = None,
    to: Annotated[
        str,
        typer.Option("--to", metavar="ADDRESS", help=said("Who gets it.", "Qui le reçoit.")),
    ],
    sender: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ADDRESS",
            help=said("Who sends it; else who gets it.", "L'expéditeur ; sinon le même."),
        ),
    ] = None,
    operator: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=said(
                "In place of FILE and of what follows: an operator of hub.toml.",
                "À la place de FILE et de la suite : un opérateur de hub.toml.",
            ),
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help=said(
                "A parameter of the description; may be repeated.",
                "Un paramètre de la description ; répétable.",
            ),
        ),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE",
            help=said("A file with a secret; may be repeated.", "Un fichier de secret ; répétable."),
        ),
    ] = None,
    anchors: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PEM",
            help=said(
                "Authorities of its certificate, in PEM; else the system's.",
                "Autorités de son certificat, en PEM ; sinon celles du système.",
            ),
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="PEM", help=said("The hub's certificate, in PEM.", "Le certificat du hub, en PEM.")
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(metavar="PEM", help=said("Its private key, in PEM.", "Sa clé privée, en PEM.")),
    ] = None,
    document: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help=said("A file to send along; may be repeated.", "Un fichier à joindre ; répétable."),
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=said("Where its API is; else what FILE says.", "Où est son API ; sinon ce que dit FILE."),
        ),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CIDR",
            help=said(
                "An IP network where it may be, besides public addresses; may be repeated.",
                "Un réseau IP où il peut être, outre les adresses publiques ; répétable.",
            ),
        ),
    ] = None,
    language: Annotated[
        str,
        typer.Option(metavar="en|fr", help=said("The language of the message.", "La langue du message.")),
    ] = LANGUAGE,
    json: Annotated[
        bool,
        typer.Option("--json", help=said("Print JSON for a program.", "Écrire du JSON pour un programme.")),
    ] = False,
) -> None:
    """Send one test message to an operator, and show what went over the wire."""
    letter = _letter(to, sender, language, document or ())
    if operator is not None:
        if file is not None:
            raise _wrong("Give FILE or --operator, not both.", "Donnez FILE ou --operator, pas les deux.")
        name, settings = operator, _configured(context, operator)
    elif file is None:
        raise _wrong("Give FILE or --operator.", "Donnez FILE ou --operator.")
    else:
        name = "try"
        settings = _given(
            {
                "description": str(file.absolute()),
                "base_url": base_url,
                "anchors": [str(one.absolute()) for one in anchors or ()],
                "certificate": certificate and str(certificate.absolute()),
                "key": key and str(key.absolute()),
                "networks": network or [],
                "parameters": pairs("--set", values or (), _CODE),
                "secrets": {
                    name: str(Path(path).absolute())
                    for name, path in pairs("--secret", secret or (), _CODE).items()
                },
            }
        )
    lines: list[str] = []
    trial = _attempted(settings, letter, name, lines.append if json else typer.echo)
    kind = type(trial.outcome).__name__.lower()
    if json:
        typer.echo(json_.dumps(outcome.data(trial, kind, lines), ensure_ascii=False, indent=2))
    else:
        typer.echo(outcome.told(trial, kind, LANGUAGE))
    raise typer.Exit(_CODES[kind])


def _attempted(settings: OperatorSettings, letter: Letter, name: str, tell: Any) -> Trial:
    from hub_http.sending import trial  # noqa: PLC0415 - heavy

    return asyncio.run(trial.attempt(settings, letter, name=name, tell=tell))


def _letter(to: str, sender: str | None, language: str, documents: Sequence[Path]) -> Letter:
    from hub.domain.address import Address  # noqa: PLC0415 - with the rest
    from hub_http.sending.trial import Letter  # noqa: PLC0415 - heavy

    if language not in _LANGUAGES:
        raise _wrong("--language takes en or fr.", "--language admet en ou fr.")
    return Letter(
        sender=Address.parse(sender or to),
        recipient=Address.parse(to),
        language=language,
        documents=[_document(path) for path in documents],
    )


def _document(path: Path) -> tuple[str, str, bytes]:
    try:
        with path.open("rb") as opened:
            data = opened.read(_MOST + 1)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise _wrong(f"{path} can't be read: {why}.", f"{path} est illisible : {why}.") from None
    if len(data) > _MOST:
        raise _wrong(f"{path} is over 100 MiB.", f"{path} dépasse 100 Mio.")
    return path.name, mimetypes.guess_type(path.name)[0] or "application/octet-stream", data


def _given(values: Mapping[str, Any]) -> OperatorSettings:
    """Read the command line as `[operators.try]` would be."""
    from hub.plugin import Table  # noqa: PLC0415 - with the rest
    from hub_http.settings import parse_operator  # noqa: PLC0415 - heavy

    kept = {key: value for key, value in values.items() if value not in (None, [], {})}
    return parse_operator(Table(kept, file=Path.cwd() / "hub operator try", path=""))


def _configured(context: typer.Context, name: str) -> OperatorSettings:
    """Read `[operators.<name>]` of the configuration that the program would use."""
    import tomllib  # noqa: PLC0415 - with the rest

    from hub.plugin import Table  # noqa: PLC0415 - the same
    from hub.plugin.positions import Positions  # noqa: PLC0415 - the same
    from hub_http.settings import parse_operator  # noqa: PLC0415 - heavy

    path = _configuration(context)
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text).get("operators", {}).get(name)
    except (OSError, ValueError) as error:
        raise _unusable(f"{path} can't be read: {error}", f"{path} est illisible : {error}") from None
    if not isinstance(found, dict) or found.get("kind") != "http":
        raise _unusable(
            f"{path} has no [operators.{name}] of kind http",
            f"{path} n'a pas de [operators.{name}] de kind http",
        )
    own = {key: value for key, value in found.items() if key not in _CORE}
    return parse_operator(
        Table(own, file=path.absolute(), path=f"operators.{name}", line_of=Positions(text).line_of)
    )


def _configuration(context: typer.Context) -> Path:
    given = context.find_root().params.get("config") or os.environ.get("CADUCEE_CONFIG")
    if given:
        return Path(given)
    places = (Path("hub.toml"), Path("/etc/caducee/hub.toml"))
    return next((place for place in places if place.exists()), places[0])


def _wrong(en: str, fr: str) -> InputError:
    return InputError(_CODE, Words(en=en, fr=fr))


def _unusable(en: str, fr: str) -> ConfigError:
    return ConfigError(_CODE, Words(en=f"{en}.", fr=f"{fr}."))
