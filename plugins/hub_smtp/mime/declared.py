"""What a part's header declares of its body: media type and transfer encoding (RFC 2045, 5 and 6)."""

from __future__ import annotations

import re
from typing import Final

from hub_smtp.mime import parameters
from hub_smtp.mime.fields import Headers
from hub_smtp.mime.refusals import malformed
from hub_smtp.mime.words import UnreadableError

ENCODINGS: Final = frozenset({"7bit", "8bit", "binary", "base64", "quoted-printable"})
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


def content_type(headers: Headers, default: str, number: str) -> tuple[str, dict[str, str]]:
    """Return the media type, in lower case, and its parameters; `default` when none is declared.

    Raises MalformedError, also for types whose content is elsewhere.
    """
    value = headers.get("content-type")
    if value is None:
        return default, {}
    try:
        media_type, found = parameters.parse(value)
    except UnreadableError as error:
        raise malformed(f"Content-Type: {error.en}", f"Content-Type : {error.fr}", number) from None
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise malformed(
            "its Content-Type is not type/subtype", "son Content-Type n'est pas type/sous-type", number
        )
    if media_type in {"message/partial", "message/external-body"}:
        raise malformed(
            f"{media_type} holds no content of its own; send the mail whole",
            f"{media_type} n'a pas de contenu propre ; envoyez le courrier entier",
            number,
            "mail.partial",
        )
    return media_type, found


def encoding(headers: Headers, media_type: str, number: str) -> str:
    """Return the transfer encoding, one of `ENCODINGS`. Raises MalformedError for any other."""
    value = headers.get("content-transfer-encoding")
    if value is None:
        return "7bit"
    declared = value.lower()
    if declared not in ENCODINGS:
        raise malformed(
            "its Content-Transfer-Encoding is none of 7bit, 8bit, binary, base64, quoted-printable",
            "son Content-Transfer-Encoding n'est ni 7bit, 8bit, binary, base64 ni quoted-printable",
            number,
        )
    if declared in {"base64", "quoted-printable"} and media_type.startswith("multipart/"):
        raise malformed(
            "a multipart can't be base64 or quoted-printable (RFC 2045, 6.4)",
            "un multipart ne peut être en base64 ni en quoted-printable (RFC 2045, 6.4)",
            number,
        )
    return declared
