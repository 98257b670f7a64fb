"""`hub verify`: the offline check of a sealed envelope."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import exit_codes, screen
from hub.cli.given import Given, given
from hub.cli.language import told
from hub.cli.options import Json
from hub.errors import ConfigError, InputError, Words

if TYPE_CHECKING:
    from hub.app.proof import Proof


def run(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The sealed envelope (JWS); - reads it in.")],
    anchor: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PEM", help="A certificate to trust, may be repeated; default: the configuration's."
        ),
    ] = None,
    documents: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Find the sealed documents among the files of this folder."),
    ] = None,
    json: Json = False,
) -> None:
    """Check a sealed envelope, offline and step by step.

    Says who sealed it and when, and what of it holds. The time is the signer's own word. Exit code 0
    when all holds, 4 when it is no envelope, 5 when a signature, the trust or a document fails.
    """
    from hub.adapters.clock import SystemClock  # noqa: PLC0415 -- heavy: cryptography
    from hub.adapters.keys import files  # noqa: PLC0415
    from hub.app import proof  # noqa: PLC0415

    anchors = files.load_anchors(anchor or _configured(given(ctx)))
    proven = proof.prove(proof.read(_bytes(file)), anchors, SystemClock().now(), documents)
    if json:
        screen.as_json(_data(proven))
    else:
        _show(proven)
    raise typer.Exit(exit_codes.of(proven.error) if proven.error else exit_codes.FINE)


def _configured(options: Given) -> tuple[Path, ...]:
    """Return the configuration's anchors; none when there is no configuration at all."""
    try:
        file = options.file
    except ConfigError:
        return ()
    from hub.app.reading import keys  # noqa: PLC0415 -- only without --anchor

    return keys(file).anchors


def _bytes(file: Path) -> bytes:
    limit = 4 << 20
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(limit)
        with file.open("rb") as stream:
            return stream.read(limit)
    except OSError as error:
        from hub.plugin import reasons  # noqa: PLC0415 -- heavy: ssl

        why = reasons.why(error)
        raise InputError(
            "file.unreadable",
            Words(en=f"{file} can't be read ({why.en}).", fr=f"{file} est illisible ({why.fr})."),
        ) from None


def _show(proven: Proof) -> None:
    for one in proven.checks:
        mark = "✗" if one.error else "✓"
        said = told(one.error.words) if one.error else one.detail
        screen.mark(mark, told(one.name), said or "")
    if proven.signer is not None:
        signer = proven.signer
        screen.say(Words(en=f"Signer: {signer.subject}", fr=f"Signataire : {signer.subject}"))
        screen.say(
            Words(
                en=f"Certificate, SHA-256: {signer.fingerprint}",
                fr=f"Certificat, SHA-256 : {signer.fingerprint}",
            )
        )
    if proven.envelope is not None:
        when = f"{proven.envelope.created_at:%Y-%m-%d %H:%M:%S} UTC"
        screen.say(Words(en=f"Sealed: {when}", fr=f"Scellée le : {when}"))
    if proven.error is None:
        screen.say(Words(en="All of it holds.", fr="Tout tient."))
    else:
        screen.say(Words(en="It does not hold.", fr="Cela ne tient pas."))


def _data(proven: Proof) -> dict[str, Any]:
    signer, envelope = proven.signer, proven.envelope
    return {
        "holds": proven.error is None,
        "checks": [
            {
                "name": one.name.en,
                "holds": one.error is None,
                "detail": one.detail,
                "error": screen.error_json(one.error) if one.error else None,
            }
            for one in proven.checks
        ],
        "signer": signer and {"subject": signer.subject, "sha256": signer.fingerprint},
        "envelope": envelope and {"id": envelope.id, "created_at": screen.moment(envelope.created_at)},
    }
