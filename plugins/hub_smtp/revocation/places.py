"""Where a certificate says that its authority can be asked, and where this hub may ask at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from hub.errors import MalformedError, Words

MOST: Final = 4
"""Places of one kind that are tried for one certificate."""
_LONGEST: Final = 2000
_HTTP: Final = 80
_UNSAFE: Final = frozenset(' "<>\\^`{|}')


@dataclass(frozen=True, slots=True)
class Place:
    """The beginning of the URLs that may be asked: a host, a port, and a path that they begin with."""

    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read `http://host[:port]/path`; the path ends in `/` or is a whole one. Raises MalformedError."""
        split = _split(text)
        if split is None or split.query:
            raise MalformedError(
                "revocation.url",
                Words(
                    en="is not the beginning of a URL such as http://crl.authority.example/lists/"
                    " (http, with a path, without user, query or fragment)",
                    fr="n'est pas le début d'une URL telle que http://crl.authority.example/lists/"
                    " (http, avec un chemin, sans utilisateur, requête ni fragment)",
                ),
            )
        return cls(*_where(split))

    def covers(self, url: str) -> bool:
        """Whether a URL is one of these; never for one that could be read in two ways."""
        split = _split(url)
        if split is None:
            return False
        host, port, path = _where(split)
        begins = path.startswith(self.path) if self.path.endswith("/") else path == self.path
        return (host, port) == (self.host, self.port) and begins


def responders(certificate: x509.Certificate) -> list[str]:
    """Return the OCSP responders that a certificate names (RFC 5280, 4.2.2.1), by HTTP."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return []
    names = (one.access_location for one in access if one.access_method == AuthorityInformationAccessOID.OCSP)
    return _by_http(names)


def lists(certificate: x509.Certificate) -> list[str]:
    """Return where the certificate's authority puts its complete list (RFC 5280, 4.2.1.13), by HTTP.

    Points for some reasons only, or of another issuer, are left out.
    """
    return _by_http(names_of_lists(certificate))


def names_of_lists(certificate: x509.Certificate) -> list[x509.GeneralName]:
    """Return every name of those distribution points, whatever its kind."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    return [
        name
        for point in points
        if point.reasons is None and point.crl_issuer is None
        for name in point.full_name or ()
    ]


def _by_http(names: Iterable[x509.GeneralName]) -> list[str]:
    urls = [one.value for one in names if isinstance(one, x509.UniformResourceIdentifier)]
    return [one for one in dict.fromkeys(urls) if _split(one) is not None][:MOST]


def _split(url: str) -> SplitResult | None:
    """Take an HTTP URL apart; None for everything else, and for what two readers could read in two ways."""
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        return None
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        return None
    path = _path(split)
    plain = split.scheme == "http" and split.hostname and "@" not in split.netloc and not split.fragment
    climbs = any(part in {".", ".."} for part in path.replace("\\", "/").split("/"))
    if not plain or port == 0 or not path.startswith("/") or climbs or "%" in path:
        return None
    return split


def _where(split: SplitResult) -> tuple[str, int, str]:
    return (split.hostname or "").rstrip("."), split.port or _HTTP, _path(split)


def _path(split: SplitResult) -> str:
    return unquote(split.path) or "/"
