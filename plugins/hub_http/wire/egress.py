"""The one gate that every URL goes through: https only, and only hosts that somebody named.

A named host may still lead anywhere: where it really leads is asked when it is connected to, see `sockets`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from yarl import URL

from hub.errors import ConfigError, Words
from hub_http.wire.faults import WireFault

HTTPS: Final = 443
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:/?#@\s]+)(?::(\d{1,5}))?")
_SENDABLE: Final = re.compile(r"[!-~]*")
"""What may stand in a request line: a URL that is sent as it stands must not begin a second one."""

Place = tuple[str, int]


class Egress:
    """The hosts of one operator."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = frozenset(places)

    def admit(self, url: URL | str) -> URL:
        """Return the URL if it may be asked. Raises WireFault (`http.egress`, unsent)."""
        try:
            # a URL that came in an answer is sent as it stands: its escapes are the server's own
            read = URL(url, encoded=True) if isinstance(url, str) else url
            host, port = read.raw_host, read.port
        except ValueError:
            raise no_url() from None
        if not host or read.scheme not in {"https", "http"} or port is None:
            raise _refused("–", "it is no https URL", "ce n'est pas une URL https")
        named = name(host, port)
        if read.scheme != "https":
            raise _refused(named, "plain http is never used", "le http simple n'est jamais utilisé")
        if read.raw_user is not None or read.raw_password is not None:
            raise _refused(named, "it has a user in it", "elle contient un utilisateur")
        if (host.lower(), port) not in self._places:
            raise _refused(
                named,
                "neither the description nor the configuration names this host",
                "ni la description ni la configuration ne nomment cet hôte",
            )
        if not _SENDABLE.fullmatch(read.raw_path_qs):
            raise _refused(named, "it has signs that no URL may have", "elle contient des signes interdits")
        return read.with_fragment(None) if read.raw_fragment else read


def no_url() -> WireFault:
    """Make the fault for a text that is no URL, such as one that an answer gave."""
    return _refused("–", "it is no URL", "ce n'est pas une URL")


def name(host: str, port: int | None) -> str:
    """Return a host as words show it: with its port unless it is 443."""
    shown = f"[{host}]" if ":" in host else host
    return shown if port in {HTTPS, None} else f"{shown}:{port}"


def host_of(url: URL) -> str:
    """Return the host of a URL as words show it."""
    return name(url.raw_host or "–", url.port)


def place_of(url: URL) -> Place:
    """Return where a URL leads."""
    return (url.raw_host or "").lower(), url.port or HTTPS


def place(text: str) -> Place:
    """Read `host` or `host:port` of a description. Raises ConfigError."""
    found = _HOST.fullmatch(text)
    try:
        url = URL(f"https://{text}/") if found else URL()
    except ValueError:
        url = URL()
    if not url.raw_host:
        raise ConfigError(
            "http.host",
            Words(
                en=f"hosts: {text!r} is not a host, such as files.example or files.example:8443.",
                fr=f"hosts : {text!r} n'est pas un hôte, tel que files.example ou files.example:8443.",
            ),
        )
    return place_of(url)


def _refused(host: str, en: str, fr: str) -> WireFault:
    return WireFault(
        "http.egress",
        Words(en=f"A URL ({host}) is not asked: {en}.", fr=f"Une URL ({host}) n'est pas appelée : {fr}."),
        stage="unsent",
        host=host,
    )
