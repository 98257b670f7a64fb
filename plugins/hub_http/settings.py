"""What `[operators.<name>]` says when its kind is `http`, read strictly. The rest is in the description."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from yarl import URL

from hub.errors import ConfigError, MalformedError, Words
from hub.plugin import Table
from hub_http.description.model import Description
from hub_http.description.values import Scalar

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_ANY: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """How the hub proves itself to the operator and whom it believes. TLS 1.2 or later, always verified.

    certificate  PEM file with our certificate and its chain; none by default.
    key          PEM file with its private key, not encrypted; required with `certificate`.
    anchors      PEM files with the authorities that the server's certificate must come from; by default
                 those of the system.
    crls         PEM files with those authorities' revocation lists; none by default. When one is given,
                 every authority must have one that is in force, or its certificates are not believed.
    """

    certificate: Path | None = None
    key: Path | None = None
    anchors: tuple[Path, ...] = ()
    crls: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSettings:
    """The plugin's half of one `[operators.<name>]`.

    description  the TOML file that describes the operator's API; required.
    base_url     where the API is, `https://…`; by default what the description says.
    tls          `certificate`, `key`, `anchors` and `crls` of the same table.
    networks     IP networks where the operator may be, such as `10.0.0.0/8`, besides public addresses; none
                 by default: a name that leads to a private, local or reserved address is refused.
    poll         whether this hub fetches the operator's inbox and asks what became of messages; true.
    parameters   `[operators.<name>.parameters]`: values that the description asks for.
    secrets      `[operators.<name>.secrets]`: files that hold what the description asks for, mode 0600.
    """

    description: Path
    base_url: str | None = None
    tls: TlsSettings = TlsSettings()
    networks: tuple[Network, ...] = ()
    poll: bool = True
    parameters: Mapping[str, Scalar] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, Path] = field(default_factory=dict, repr=False)


def parse_operator(table: Table) -> OperatorSettings:
    """Read an operator's table. Raises ConfigError, which names file, line and key."""
    settings = OperatorSettings(
        description=table.file("description"),
        base_url=str(table.parsed("base_url", read_base)) if "base_url" in table.names() else None,
        tls=_tls(table),
        networks=_networks(table),
        poll=table.boolean("poll", True),
        parameters=_parameters(table.table("parameters")),
        secrets=_secrets(table.table("secrets")),
    )
    table.finish()
    return settings


def read_base(text: str) -> URL:
    """Read a base URL: https, a host, perhaps a path. Raises MalformedError."""
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    if url.scheme == "http" and url.raw_host:
        raise _wrong(
            "Plain http would show what is sent to everybody on the way: use https.",
            "En http simple, ce qui est envoyé serait lisible en chemin : utilisez https.",
        )
    extra = (url.user, url.password, url.query_string, url.fragment)
    if url.scheme != "https" or not url.raw_host or any(extra):
        raise _wrong(
            "A base URL is written https://host/path, with neither password nor query.",
            "Une URL de base s'écrit https://hôte/chemin, sans mot de passe ni requête.",
        )
    return url


def parameters_of(settings: OperatorSettings, description: Description) -> dict[str, Scalar]:
    """Return the values that templates see as `parameters`, the description's defaults included.

    Raises ConfigError when one that is required is not given, or one is given that nobody asks for.
    """
    asked = description.parameters
    for name in settings.parameters:
        if name not in asked:
            known = ", ".join(sorted(asked)) or "–"
            raise _parameter(
                f"{name} is not asked for by the description; it asks for: {known}",
                f"{name} n'est pas demandé par la description ; elle demande : {known}",
            )
    values = {name: one.default for name, one in asked.items()} | dict(settings.parameters)
    for name, value in values.items():
        if value is None:
            meaning = asked[name].meaning
            raise _parameter(f"{name} is missing: {meaning}", f"{name} manque : {meaning}")
    return {name: value for name, value in values.items() if value is not None}


def _tls(table: Table) -> TlsSettings:
    given = table.names()
    certificate, key = table.file("certificate", "."), table.file("key", ".")
    for one, other in (("certificate", "key"), ("key", "certificate")):
        if one in given and other not in given:
            raise table.wrong(other, f"is missing beside {one}", f"manque à côté de {one}")
    return TlsSettings(
        certificate=certificate if "certificate" in given else None,
        key=key if "key" in given else None,
        anchors=table.files("anchors", []),
        crls=table.files("crls", []),
    )


def _networks(table: Table) -> tuple[Network, ...]:
    networks = []
    for text in table.texts("networks", []):
        try:
            network = ipaddress.ip_network(text)
        except ValueError as error:
            raise table.wrong(
                "networks",
                f"holds {text!r}, which is no IP network such as 10.0.0.0/8",
                f"contient {text!r}, qui n'est pas un réseau IP tel que 10.0.0.0/8",
            ) from error
        if network.prefixlen == _ANY:
            raise table.wrong(
                "networks",
                f"holds {text}, which is every address: name the operator's",
                f"contient {text}, soit toutes les adresses : nommez celles de l'opérateur",
            )
        networks.append(network)
    return tuple(networks)


def _parameters(table: Table) -> dict[str, Scalar]:
    return {name: table.scalar(name) for name in table.names()}


def _secrets(table: Table) -> dict[str, Path]:
    return {name: table.file(name) for name in table.names()}


def _wrong(en: str, fr: str) -> MalformedError:
    return MalformedError("http.base_url", Words(en=en, fr=fr))


def _parameter(en: str, fr: str) -> ConfigError:
    return ConfigError(
        "http.parameter",
        Words(
            en=f"The operator's parameters don't fit its description: {en}.",
            fr=f"Les paramètres de l'opérateur ne conviennent pas à sa description : {fr}.",
        ),
    )
