"""`hub prescription simulate`: plays the services on this machine until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hub.errors import InputError, Words
from hub.plugin.double.command import Anchors, Certificate, Clients, Key, quoted, stopping, tell
from hub.plugin.listening import Endpoint
from hub.plugin.terminal import said

if TYPE_CHECKING:
    from hub.plugin.double.papers import Papers
    from hub_eprescription.simulator.serving import Served
    from hub_eprescription.simulator.simulation import Seen, Simulation

HELP: Final = said(
    "Play e-prescription services on this machine: gematik's E-Rezept, and one such as NHS EPS.\n\n"
    "Prints what to put into hub.toml, then one line for each request, without its contents. Prescriptions "
    "lie in memory, or with --keep in the folder. Faults: --fault, or POST /_simulator/faults.",
    "Jouer des services de prescription électronique sur cette machine : E-Rezept de gematik, et un service "
    "tel que NHS EPS.\n\n"
    "Écrit ce qu'il faut mettre dans hub.toml, puis une ligne par requête, sans son contenu. Les "
    "prescriptions restent en mémoire, ou dans le dossier avec --keep. Pannes : --fault, ou POST "
    "/_simulator/faults.",
)
_PRESCRIBER: Final = "1-cabinet-simule-01"
_PHARMACY: Final = "3-pharmacie-simulee-02"


def simulate(
    *,
    listen: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            help=said("Where it listens; port 0: any.", "Où il écoute ; port 0 : au choix."),
        ),
    ] = "127.0.0.1:9444",
    folder: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help=said(
                "Where certificate and tokens are, or are made.",
                "Où sont, ou seront créés, certificat et jetons.",
            ),
        ),
    ] = Path("simulator"),
    keep: Annotated[
        bool,
        typer.Option(
            "--keep",
            help=said(
                "Keep prescriptions in the folder, for the next time.",
                "Conserver les prescriptions dans le dossier, pour la prochaine fois.",
            ),
        ),
    ] = False,
    certificate: Certificate = None,
    key: Key = None,
    anchors: Anchors = None,
    clients: Clients = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PEM",
            help=said(
                "Authorities of prescribers; else all signatures that hold are taken. Repeatable.",
                "Autorités des prescripteurs ; sinon, toute signature valable suffit. Répétable.",
            ),
        ),
    ] = None,
    patient: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KVNR",
            help=said(
                "An insured person who may ask too; may be repeated.",
                "Un assuré qui peut aussi l'interroger ; répétable.",
            ),
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OPERATION=KIND[:TIMES]",
            help=said(
                "A fault to commit, such as activate=lost or *=status:500:3; may be repeated.",
                "Une panne à commettre, telle que activate=lost ou *=status:500:3 ; répétable.",
            ),
        ),
    ] = None,
    strict_roles: Annotated[
        bool,
        typer.Option(
            "--strict-roles",
            help=said(
                "Let no prescriber read state or dispensing, as the E-Rezept service does today.",
                "Ne laisser aucun prescripteur lire l'état ni la dispensation, comme E-Rezept aujourd'hui.",
            ),
        ),
    ] = False,
) -> None:
    """Play an e-prescription service on this machine."""
    from hub.plugin.double.papers import Papers  # noqa: PLC0415 - heavy
    from hub_eprescription.signing.authorities import Authorities  # noqa: PLC0415 - heavy
    from hub_eprescription.simulator.papers import access, kept  # noqa: PLC0415 - heavy
    from hub_eprescription.simulator.parties import Role  # noqa: PLC0415 - heavy
    from hub_eprescription.simulator.simulation import Simulation  # noqa: PLC0415 - heavy

    endpoint = _endpoint(listen)
    if len({certificate is None, key is None, anchors is None}) > 1:
        raise _wrong(
            "--certificate, --key and --anchors go together.",
            "--certificate, --key et --anchors vont ensemble.",
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if certificate is None or key is None or anchors is None:
        files = kept(folder, endpoint.host)
    else:
        files = Papers(certificate=certificate, key=key, anchors=anchors)
    wanted = [(Role.PRESCRIBER, _PRESCRIBER, "prescriber"), (Role.PHARMACY, _PHARMACY, "pharmacy")]
    wanted += [(Role.PATIENT, one, f"patient-{one}") for one in patient or ()]
    known = [access(folder, role, identifier, name) for role, identifier, name in wanted]
    simulation = Simulation(
        [one for one, _ in known],
        folder=folder / "prescriptions" if keep else None,
        trust=Authorities.load(trust) if trust else None,
        prescribers_read=not strict_roles,
    )
    for one in fault or ():
        simulation.commit(one)
    simulation.told.append(_tell)
    asyncio.run(_play(simulation, endpoint, files, clients, [path for _, path in known]))


async def _play(
    simulation: Simulation, endpoint: Endpoint, files: Papers, clients: Path | None, tokens: Sequence[Path]
) -> None:
    from hub.plugin.double.papers import HOST, LOOPBACK  # noqa: PLC0415 - heavy
    from hub_eprescription.simulator.serving import serve  # noqa: PLC0415 - heavy

    stop = stopping()
    async with serve(
        simulation,
        endpoint,
        certificate=files.certificate,
        key=files.key,
        clients=clients,
        host=HOST if endpoint.host in LOOPBACK else endpoint.host,
    ) as served:
        typer.echo(_introduced(served, files, tokens))
        await stop.wait()
    typer.echo(said("Stopped.", "Arrêté."))


def _introduced(served: Served, files: Papers, tokens: Sequence[Path]) -> str:
    """Say where it is, and what to put into hub.toml."""
    anchors = files.anchors.absolute()
    token = f"token = {quoted(tokens[0].absolute())}"
    authority = f"anchors = [{quoted(anchors)}]"
    lines = [
        said(
            f"The simulator listens at {served.url}; trust {anchors}.",
            f"Le simulateur écoute sur {served.url} ; autorité à croire : {anchors}.",
        ),
        said("Tokens:", "Jetons :"),
        *(f"  {one.absolute()}" for one in tokens),
        "",
        said("For hub.toml:", "Pour hub.toml :"),
        "",
        "[operators.erezept]",
        'kind = "gematik"',
        'domains = ["rezept.hub.example"]',
        'mailbox = "erezept@rezept.hub.example"',
        'answers_for = "Cabinet des Lilas"',
        f"base_urls = [{quoted(served.url)}]",
        f"listen = {quoted(served.pings)}",
        token,
        authority,
        "",
        "[operators.eps]",
        'kind = "eps"',
        'domains = ["eps.hub.example"]',
        'mailbox = "eps@eps.hub.example"',
        'answers_for = "Cabinet des Lilas"',
        f"base_urls = [{quoted(served.eps_url)}]",
        token,
        authority,
        "",
        said("It is ready; Ctrl-C stops it.", "Il est prêt ; Ctrl-C l'arrête."),
    ]
    return "\n".join(lines)


def _endpoint(text: str) -> Endpoint:
    try:
        return Endpoint.parse(text)
    except InputError as error:
        raise _wrong(
            f"--listen {error.words.en}: {text!r}.", f"--listen {error.words.fr} : {text!r}."
        ) from None


def _wrong(en: str, fr: str) -> InputError:
    return InputError("simulator.option", Words(en=en, fr=fr))


def _tell(seen: Seen) -> None:
    """Write one line for a request: nothing of what it says."""
    fault = None if seen.fault is None else f"({seen.fault})"
    tell(seen.method, seen.route, seen.status, fault)
