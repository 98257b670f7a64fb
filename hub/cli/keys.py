"""`hub keys`: the hub's own keys, their fingerprints and how long they hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import screen
from hub.cli.given import given
from hub.cli.options import Json
from hub.cli.screen import Cell
from hub.errors import Words

if TYPE_CHECKING:
    from datetime import datetime

    from hub.adapters.keys.description import Described

app = typer.Typer(no_args_is_help=True, help="See, make and rotate the hub's own keys.")


@app.callback()
def keys() -> None:
    """See, make and rotate the hub's own keys."""


@app.command("list")
def list_(ctx: typer.Context, *, json: Json = False) -> None:
    """List signing certificates and key-encryption keys: fingerprints and dates, never a secret.

    Warns of a certificate that ends within 30 days.
    """
    from hub.adapters.clock import SystemChance, SystemClock  # noqa: PLC0415 -- heavy: cryptography
    from hub.adapters.keys import files  # noqa: PLC0415
    from hub.adapters.keys.description import ENDS_SOON, describe_file  # noqa: PLC0415
    from hub.adapters.keys.vault import Vault  # noqa: PLC0415
    from hub.app.reading import keys as read_keys  # noqa: PLC0415

    settings = read_keys(given(ctx).file)
    files.load_signing(settings.signing_key, settings.signing_certificates)
    certificates = describe_file(settings.signing_certificates)
    vault = Vault.open(settings.vault, SystemChance())
    now = SystemClock().now()
    if json:
        screen.as_json(
            {
                "certificates": [_certificate(one, now) for one in certificates],
                "vault": [
                    {"id": one.id.hex(), "created_at": screen.moment(one.created_at)} for one in vault.keys
                ],
            }
        )
        return
    screen.table(
        _HEADERS,
        [_row(_SIGNING, one.subject, one.fingerprint, one.not_before, one.not_after) for one in certificates]
        + [_row(_WRAPPING, str(settings.vault), one.id.hex(), one.created_at, None) for one in vault.keys],
    )
    for one in certificates:
        if (days := one.days_left(now)) < ENDS_SOON:
            _warn(one, days)


@app.command("new")
def new(
    *,
    key: Annotated[Path, typer.Argument(metavar="KEY", help="The file for the private key; must not exist.")],
    public: Annotated[
        Path,
        typer.Argument(metavar="PEM", help="The file for the certificate or the request; must not exist."),
    ],
    name: Annotated[
        str, typer.Option(metavar="NAME", help="The common name in the certificate.")
    ] = "Caducée",
    organisation: Annotated[
        str | None, typer.Option(metavar="NAME", help="The organisation in the certificate.")
    ] = None,
    country: Annotated[
        str | None, typer.Option(metavar="CC", help="Its country, two letters such as FR.")
    ] = None,
    host: Annotated[
        list[str] | None, typer.Option(metavar="DOMAIN", help="A host name to put in; may be repeated.")
    ] = None,
    days: Annotated[int, typer.Option(help="How long a self-signed certificate lasts.")] = 730,
    p256: Annotated[
        bool, typer.Option("--p256", help="Make an ES256 key instead of an Ed25519 one.")
    ] = False,
    csr: Annotated[
        bool, typer.Option("--csr", help="Make a request (PKCS #10) for an authority, no certificate.")
    ] = False,
) -> None:
    """Make a signing key, with a self-signed certificate or a request for one.

    Nothing is put to use: name the new files in the keys table, and start the hub anew. Keep the old
    certificate among the anchors, so that what it sealed still verifies.
    """
    from hub.adapters.clock import SystemClock  # noqa: PLC0415 -- heavy: cryptography
    from hub.adapters.keys import issue  # noqa: PLC0415

    subject = issue.Subject(
        common_name=name, organisation=organisation, country=country, hosts=tuple(host or ())
    )
    made = issue.new_key(issue.KeyType.P256 if p256 else issue.KeyType.ED25519)
    given_out = (
        issue.request(made, subject) if csr else issue.self_signed(made, subject, SystemClock().now(), days)
    )
    issue.save_key(made, key)
    issue.save_public(given_out, public)
    screen.say(Words(en=f"Made {key} and {public}.", fr=f"Créés : {key} et {public}."))
    if csr:
        screen.say(
            Words(
                en=f"Next: have an authority answer {public}, then name its certificate in [keys].",
                fr=f"Ensuite : faites signer {public} par une autorité, puis désignez le certificat"
                " dans [keys].",
            )
        )
    else:
        screen.say(
            Words(
                en="Next: name both in [keys], the old certificate in anchors too, and start the hub anew.",
                fr="Ensuite : désignez les deux dans [keys], l'ancien certificat aussi dans anchors, et"
                " relancez le hub.",
            )
        )


@app.command("rotate")
def rotate(ctx: typer.Context, *, json: Json = False) -> None:
    """Put a new key-encryption key first in the vault; the old ones go on unwrapping.

    A running hub uses the new one from its next start. Make a copy of the vault afterwards.
    """
    from hub.adapters.clock import SystemChance, SystemClock  # noqa: PLC0415 -- heavy: cryptography
    from hub.adapters.keys.vault import Vault  # noqa: PLC0415
    from hub.app.reading import keys as read_keys  # noqa: PLC0415

    path = read_keys(given(ctx).file).vault
    fresh = Vault.open(path, SystemChance()).rotate(SystemClock())
    if json:
        screen.as_json({"id": fresh.id.hex(), "created_at": screen.moment(fresh.created_at)})
        return
    screen.say(
        Words(
            en=f"{path} begins with the new key {fresh.id.hex()}. Next: copy the file to where its backup"
            " is kept, and start the hub anew.",
            fr=f"{path} commence par la nouvelle clé {fresh.id.hex()}. Ensuite : copiez ce fichier là où est"
            " sa sauvegarde, et relancez le hub.",
        )
    )


_HEADERS = (
    Words(en="use", fr="emploi"),
    Words(en="whose", fr="de qui"),
    Words(en="fingerprint or id", fr="empreinte ou identifiant"),
    Words(en="from", fr="depuis"),
    Words(en="until", fr="jusqu'au"),
)
_SIGNING = "signing"
_WRAPPING = "vault"


def _row(use: str, whose: str, mark: str, begin: datetime, end: datetime | None) -> list[Cell]:
    until = f"{end:%Y-%m-%d}" if end else ""
    return [Cell(use), Cell(whose), Cell(mark, whole=True), Cell(f"{begin:%Y-%m-%d}"), Cell(until)]


def _certificate(one: Described, now: datetime) -> dict[str, Any]:
    return {
        "subject": one.subject,
        "issuer": one.issuer,
        "sha256": one.fingerprint,
        "not_before": screen.moment(one.not_before),
        "not_after": screen.moment(one.not_after),
        "days_left": one.days_left(now),
    }


def _warn(one: Described, days: int) -> None:
    if days < 0:
        screen.note(
            Words(
                en=f"The certificate of {one.subject} ended on {one.not_after:%Y-%m-%d}: see hub keys new.",
                fr=f"Le certificat de {one.subject} a pris fin le {one.not_after:%Y-%m-%d} : voir"
                " hub keys new.",
            )
        )
    else:
        screen.note(
            Words(
                en=f"The certificate of {one.subject} ends in {days} days: see hub keys new.",
                fr=f"Le certificat de {one.subject} prend fin dans {days} jours : voir hub keys new.",
            )
        )
