"""The `[api]` table: where the API listens, who may use it, and its limits."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from hub.domain.address import Address, parse_domain
from hub.errors import ConfigError, HubError, Words
from hub.plugin.table import Table
from hub.ports.intake import Peer

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LISTEN: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """A host (an IP address or a name) and a port; port 0 lets the machine choose."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this very machine can connect."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program that may submit, by a token (its SHA-256 is kept) or a certificate name."""

    peer: Peer
    token_sha256: bytes | None = field(default=None, repr=False)
    certificate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiLimits:
    """What one request may take. Sizes are in bytes.

    `body` bounds a whole request, `json` what is read into memory of it (the message, with the documents
    inside it), `inline_document` one document inside the message. `upload` is the time for sending a
    request, `idle` for doing nothing between two. Beyond `concurrency` submissions at a time, or
    `searches` questions to the directory: 503.
    """

    body: int
    json: int
    inline_document: int
    upload: timedelta
    idle: timedelta
    concurrency: int
    searches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """The whole table. `certificate` and `key` are both there, or neither (then: loopback only)."""

    listen: Listen
    certificate: Path | None
    key: Path | None
    client_anchors: tuple[Path, ...]
    clients: tuple[Client, ...]
    limits: ApiLimits


def parse_api(table: Table) -> ApiSettings:
    """Read `[api]`. Raises ConfigError that names the key."""
    certificate = table.file("certificate") if "certificate" in table.names() else None
    key = table.file("key") if "key" in table.names() else None
    anchors = table.files("client_anchors", [])
    settings = ApiSettings(
        listen=table.parsed("listen", _listen),
        certificate=certificate,
        key=key,
        client_anchors=anchors,
        clients=tuple(
            _client(name, inner, certificates=bool(anchors))
            for name, inner in table.tables("clients").items()
        ),
        limits=ApiLimits(
            body=table.size("max_body", "128MiB"),
            json=table.size("max_json", "16MiB"),
            inline_document=table.size("max_inline_document", "10MiB"),
            upload=table.duration("upload_timeout", "5m"),
            idle=table.duration("idle_timeout", "30s"),
            concurrency=table.integer("concurrency", 64, least=1, most=10_000),
            searches=table.integer("searches", 16, least=1, most=1000),
        ),
    )
    _check(settings, table)
    table.finish()
    return settings


def _check(settings: ApiSettings, table: Table) -> None:
    if (settings.certificate is None) != (settings.key is None):
        missing, given = ("key", "certificate") if settings.key is None else ("certificate", "key")
        raise table.wrong(missing, f"is missing: it belongs to {given}", f"est absent : il va avec {given}")
    if settings.certificate is None and not settings.listen.loopback:
        raise table.wrong(
            "listen",
            "can be reached from other machines, so certificate and key are needed;"
            " without them only 127.0.0.1, [::1] or localhost will do",
            "est joignable d'autres machines : il faut certificate et key ;"
            " sans eux, seuls 127.0.0.1, [::1] ou localhost conviennent",
        )
    if settings.client_anchors and settings.certificate is None:
        raise table.wrong(
            "client_anchors",
            "needs certificate and key: client certificates travel in TLS",
            "demande certificate et key : les certificats des clients passent par TLS",
        )
    _distinct(table, "token_sha256", [one.token_sha256 for one in settings.clients])
    _distinct(table, "certificate", [one.certificate for one in settings.clients])


def _distinct(table: Table, key: str, values: list[bytes | None] | list[str | None]) -> None:
    given = [value for value in values if value is not None]
    if len(set(given)) != len(given):
        raise table.wrong("clients", f"has two clients with one {key}", f"a deux clients avec le même {key}")


def _client(name: str, table: Table, *, certificates: bool) -> Client:
    if not _NAME.fullmatch(name):
        raise table.wrong(
            "addresses",
            "belongs to a client whose name is not made of letters, digits, '.', '_' and '-'",
            "appartient à un client dont le nom n'est pas fait de lettres, chiffres, '.', '_' et '-'",
        )
    token = table.parsed("token_sha256", _digest) if "token_sha256" in table.names() else None
    certificate = table.parsed("certificate", _certificate_name) if "certificate" in table.names() else None
    if token is None and certificate is None:
        raise table.wrong(
            "token_sha256",
            "is missing, and so is certificate: a client needs one of them",
            "est absent, et certificate aussi : il faut l'un des deux à un client",
        )
    if certificate is not None and not certificates:
        raise table.wrong(
            "certificate",
            "needs client_anchors in [api]: the authorities of client certificates",
            "demande client_anchors dans [api] : les autorités des certificats des clients",
        )
    peer = Peer(
        name=f"client:{name}",
        domains=frozenset(_all(table, "domains", parse_domain)),
        addresses=frozenset(_all(table, "addresses", lambda text: Address.parse(text).key)),
    )
    if not peer.domains and not peer.addresses:
        raise table.wrong(
            "addresses",
            "is missing, and so is domains: say whom this client may send as",
            "est absent, et domains aussi : dites au nom de qui ce client peut envoyer",
        )
    table.finish()
    return Client(peer=peer, token_sha256=token, certificate=certificate)


def _all(table: Table, key: str, parse: Callable[[str], str]) -> list[str]:
    try:
        return [parse(one) for one in table.texts(key, [])]
    except HubError as error:
        raise table.wrong(key, f"is wrong: {error.words.en}", f"est faux : {error.words.fr}") from error


def _listen(text: str) -> Listen:
    found = _LISTEN.fullmatch(text)
    if not found or int(found[3]) > 65535:  # noqa: PLR2004 - the last port there is
        raise _wrong(
            "is not host:port, such as 127.0.0.1:8025 or [::1]:8025",
            "n'est pas hôte:port, comme 127.0.0.1:8025 ou [::1]:8025",
        )
    return Listen(host=found[1] or found[2], port=int(found[3]))


def _digest(text: str) -> bytes:
    if not _SHA256.fullmatch(text):
        raise _wrong(
            "is not a SHA-256 in 64 lower-case hexadecimal digits: printf %s TOKEN | sha256sum",
            "n'est pas un SHA-256 en 64 chiffres hexadécimaux minuscules : printf %s JETON | sha256sum",
        )
    return bytes.fromhex(text)


def _certificate_name(text: str) -> str:
    scheme, _, value = text.partition(":")
    value = value.lower()
    if scheme == "sha256":
        value = value.replace(":", "")
    if (
        scheme not in {"dns", "email", "sha256"}
        or not value
        or (scheme == "sha256" and not _SHA256.fullmatch(value))
    ):
        raise _wrong(
            "is not dns:<name>, email:<address> or sha256:<fingerprint>",
            "n'est pas dns:<nom>, email:<adresse> ou sha256:<empreinte>",
        )
    return f"{scheme}:{value}"


def _wrong(en: str, fr: str) -> ConfigError:
    return ConfigError("config.wrong", Words(en=en, fr=fr))
