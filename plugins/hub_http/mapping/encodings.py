"""Functions of templates that write bytes, texts and documents in another way."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from typing import Any, Final
from urllib.parse import quote

from hub_http.mapping.faults import UnfitError
from hub_http.mapping.limits import MAX_TEXT
from hub_http.mapping.markup import escaped
from hub_http.mapping.seen import named, written
from hub_http.mapping.streams import Streamed, Writing, content_of

_NAMESPACES: Final = {
    "dns": uuid.NAMESPACE_DNS,
    "url": uuid.NAMESPACE_URL,
    "oid": uuid.NAMESPACE_OID,
    "x500": uuid.NAMESPACE_X500,
}
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def base64_(value: Any) -> Any:
    """Write in base64 (RFC 4648, 4)."""
    return _written(value, "base64")


def base64url(value: Any, padding: bool = True) -> Any:  # noqa: FBT001, FBT002 - named so in templates
    """Write in base64 for URLs (RFC 4648, 5), with `=` at its end or without."""
    return _written(value, "base64url" if padding else "base64url-bare")


def hex_(value: Any) -> Any:
    """Write in lower-case hexadecimal."""
    return _written(value, "hex")


def text(value: Any) -> Any:
    """Return a document, or bytes in UTF-8, as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise UnfitError("the bytes are no text in UTF-8", "les octets ne sont pas de l'UTF-8") from None
    if (content := content_of(value)) is not None:
        return Streamed(content=content, writing="text")
    return written(value)


def sha256(value: Any) -> str:
    """Return the SHA-256 in hexadecimal; of a document it is known."""
    if (content := content_of(value)) is not None:
        return content.sha256
    return hashlib.sha256(_bytes(value)).hexdigest()


def sha512(value: Any) -> str:
    """Return the SHA-512 of a text in hexadecimal."""
    return hashlib.sha512(_bytes(value)).hexdigest()


def urlencode(value: Any) -> str:
    """Percent-encode all but unreserved characters (RFC 3986, 2.3)."""
    return quote(_bytes(value), safe="")


def uuid5(value: Any, namespace: str = "url") -> str:
    """Return a UUID of version 5 (RFC 9562, 5.5); the namespace is dns, url, oid, x500 or a UUID."""
    try:
        space = _NAMESPACES.get(namespace) or uuid.UUID(namespace)
    except (ValueError, AttributeError, TypeError):
        raise UnfitError(
            "the namespace is none of dns, url, oid, x500, nor a UUID",
            "l'espace de noms n'est ni dns, url, oid, x500, ni un UUID",
        ) from None
    return str(uuid.uuid5(space, written(value)))


def json_(value: Any) -> str:
    """Write as JSON (RFC 8259), without spaces."""
    try:
        return bounded(_ENCODER.encode(value))
    except (TypeError, ValueError, RecursionError):
        raise UnfitError(f"{named(value)[0]} is no JSON", f"{named(value)[1]} n'est pas du JSON") from None


def xml(value: Any) -> str:
    """Escape for XML, where that does not happen by itself."""
    return escaped(written(value))


def bounded(value: str) -> str:
    """Return a text that is not too long. Raises UnfitError for one that is."""
    if len(value) > MAX_TEXT:
        raise UnfitError("it becomes too long", "il devient trop long")
    return value


def encode(data: bytes, writing: Writing) -> str:
    """Write bytes in one of the ways."""
    match writing:
        case "base64":
            return base64.b64encode(data).decode()
        case "base64url":
            return base64.urlsafe_b64encode(data).decode()
        case "base64url-bare":
            return base64.urlsafe_b64encode(data).decode().rstrip("=")
        case "hex":
            return data.hex()
        case "text":
            return data.decode()


def _written(value: Any, writing: Writing) -> Any:
    if (content := content_of(value)) is not None:
        return Streamed(content=content, writing=writing)
    return encode(_bytes(value), writing)


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if content_of(value) is not None or isinstance(value, Streamed):
        raise UnfitError(
            "a document is too large for this function", "un document est trop grand pour cette fonction"
        )
    # Headers and bodies that were no UTF-8 come with surrogates in the place of their bytes (PEP 383).
    try:
        return written(value).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise UnfitError("the text is not Unicode", "le texte n'est pas de l'Unicode") from None
