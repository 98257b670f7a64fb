"""`hub operator simulate`: plays an operator on this machine, from its description, until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hub.errors import InputError, Words
from hub.plugin.double.command import Anchors, Certificate, Clients, Key, quoted, stopping, tell
from hub.plugin.terminal import said
from hub_http.commands.given import pairs

if TYPE_CHECKING:
    from hub_http.description.model import Description
    from hub_http.double.faults import Fault
    from hub_http.double.opening import Double, Plans, Tls
    from hub_http.double.serving import Seen

_CODE: Final = "double.option"

HELP: Final = said(
    "Play an operator on this machine, from its description.\n\n"
    "Prints what to put into hub.toml, then one line for each request, without its contents. What it is told "
    "lies in memory, and is gone when it stops (Ctrl-C). Faults: --fault, or POST /_double/faults.",
    "Jouer un opérateur sur cette machine, d'après sa description.\n\n"
    "Écrit ce qu'il faut mettre dans hub.toml, puis une ligne par requête, sans son contenu. Tout est en "
    "mémoire et disparaît à l'arrêt (Ctrl-C). Pannes : --fault, ou POST /_double/faults.",
)


def simulate(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help=said(
                "The description; its table `simulate` says how the operator behaves.",
                "La description ; sa table `simulate` dit comment se comporte l'opérateur.",
            ),
        ),
    ],
    *,
    port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65535,
            help=said(
                "Where it listens, on 127.0.0.1; 0: any.", "Où il écoute, sur 127.0.0.1 ; 0 : au choix."
            ),
        ),
    ] = 9443,
    folder: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help=said(
                "Where certificates and secrets are, or are made.",
                "Où sont, ou seront créés, certificats et secrets.",
            ),
        ),
    ] = Path("double"),
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help=said(
                "A parameter of the description; else one is made up. May be repeated.",
                "Un paramètre de la description ; sinon, il est inventé. Répétable.",
            ),
        ),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE",
            help=said(
                "A file with a secret; else one is drawn. May be repeated.",
                "Un fichier de secret ; sinon, il est tiré au sort. Répétable.",
            ),
        ),
    ] = None,
    unknown: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help=said(
                "A recipient whom it does not know; may be repeated.",
                "Un destinataire qu'il ne connaît pas ; répétable.",
            ),
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROUTE=KIND[:TIMES]",
            help=said(
                "A fault to commit, such as send=lost or *=status:500:3; may be repeated.",
                "Une panne à commettre, telle que send=lost ou *=status:500:3 ; répétable.",
            ),
        ),
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=said(
                "This operator at the hub's door: https://…/operators/NAME.",
                "Cet opérateur à la porte du hub : https://…/operators/NOM.",
            ),
        ),
    ] = None,
    webhook_anchors: Annotated[
        Path | None,
        typer.Option(
            metavar="PEM",
            help=said(
                "Authorities of that door's certificate, in PEM; else the system's.",
                "Autorités du certificat de cette porte, en PEM ; sinon celles du système.",
            ),
        ),
    ] = None,
    certificate: Certificate = None,
    key: Key = None,
    anchors: Anchors = None,
    clients: Clients = None,
) -> None:
    """Play an operator on this machine, from its description."""
    from hub_http.description import checking, reading  # noqa: PLC0415 - heavy
    from hub_http.double.faults import Fault  # noqa: PLC0415 - heavy
    from hub_http.double.opening import Plans  # noqa: PLC0415 - heavy

    description = reading.read_whole(file)
    checking.sound(file, description)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    plans = Plans(
        parameters=pairs("--set", values or (), _CODE),
        secrets=_secrets(description, folder, pairs("--secret", secret or (), _CODE)),
        tls=_tls(folder, certificate, key, anchors, clients),
        port=port,
        unknown=tuple(unknown or ()),
        webhook=webhook,
        webhook_anchors=webhook_anchors,
        told=_tell,
    )
    faults = [Fault.parse(one) for one in fault or ()]
    asyncio.run(_play(description, file, folder, plans, faults))


async def _play(
    description: Description, file: Path, folder: Path, plans: Plans, faults: Sequence[Fault]
) -> None:
    from hub_http.double.opening import open_double  # noqa: PLC0415 - heavy

    stop = stopping()
    async with open_double(description, folder, plans) as double:
        for one in faults:
            double.commit(one)
        typer.echo(_introduced(double, file, folder))
        if description.simulate is not None and description.simulate.calls and plans.webhook is None:
            typer.echo(said("Without --webhook it calls nobody.", "Sans --webhook, elle n'appelle personne."))
        await stop.wait()
    typer.echo(said("Stopped.", "Arrêté."))


def _introduced(double: Double, file: Path, folder: Path) -> str:
    """Say where it is, and what to put into hub.toml."""
    name = file.stem
    first = said(
        f"The double of {name} listens at {double.url}; trust {double.anchors.absolute()}.",
        f"La doublure de {name} écoute sur {double.url} ; autorité à croire : {double.anchors.absolute()}.",
    )
    paste = said("For hub.toml:", "Pour hub.toml :")
    lines = [
        f"[operators.{name}]",
        'kind = "http"',
        'domains = ["valbrume.example"]',
        f"description = {quoted(file.absolute())}",
        f"base_url = {quoted(double.url)}",
        f"anchors = [{quoted(double.anchors.absolute())}]",
        'networks = ["127.0.0.0/8", "::1/128"]',
    ]
    if double.parameters:
        lines += ["", f"[operators.{name}.parameters]"]
        lines += [f"{key} = {quoted(value)}" for key, value in double.parameters.items()]
    if double.secrets:
        lines += ["", f"[operators.{name}.secrets]"]
        lines += [
            f"{key} = {quoted((folder / 'secrets' / key).absolute())}" for key in sorted(double.secrets)
        ]
    last = said("It is ready; Ctrl-C stops it.", "Elle est prête ; Ctrl-C l'arrête.")
    return "\n".join([first, "", paste, "", *lines, "", last])


def _tell(seen: Seen) -> None:
    """Write one line for a request: nothing of what it says."""
    fault = None if seen.fault is None else f"({seen.fault})"
    why = None if seen.why is None else f"[{seen.why}]"
    tell(seen.method, seen.route, seen.status, fault, why)


def _secrets(description: Description, folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return all secrets, in files below the folder too: those given, those of an earlier time, new ones."""
    from hub.plugin.double.papers import write_secret  # noqa: PLC0415 - heavy
    from hub_http.double import papers  # noqa: PLC0415 - heavy

    place = folder / "secrets"
    place.mkdir(mode=0o700, exist_ok=True)
    secrets = {}
    for name, drawn in papers.drawn(description).items():
        held = Path(given[name]) if name in given else place / name
        text = _read(held) if held.exists() or name in given else drawn
        write_secret(place / name, text)
        secrets[name] = text.rstrip("\r\n")
    for name in given:
        if name not in secrets:
            raise _wrong(
                f"--secret {name}: the description asks for no such secret.",
                f"--secret {name} : la description ne demande pas ce secret.",
            )
    return secrets


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise _wrong(f"{path} can't be read: {why}.", f"{path} est illisible : {why}.") from None


def _tls(
    folder: Path, certificate: Path | None, key: Path | None, anchors: Path | None, clients: Path | None
) -> Tls:
    """Return the files of the server; those that an earlier time made are used again."""
    from hub_http.double import papers  # noqa: PLC0415 - heavy
    from hub_http.double.opening import Tls  # noqa: PLC0415 - heavy

    if certificate is None:
        made = papers.kept(folder)
        return Tls(anchors=made.anchors, certificate=made.certificate, key=made.key, clients=clients)
    if key is None or anchors is None:
        raise _wrong("--certificate needs --key and --anchors.", "--certificate demande --key et --anchors.")
    return Tls(certificate=certificate, key=key, anchors=anchors, clients=clients)


def _wrong(en: str, fr: str) -> InputError:
    return InputError(_CODE, Words(en=en, fr=fr))
