"""Values that several bodies hold: bytes in base64, media types, language tags."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import Final

from hub.adapters.http import faults
from hub.adapters.http.fields import Fields
from hub.errors import LimitError, MalformedError, Words

_MEDIA_TYPE: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
MAX_PART: Final = 255
"""Characters in the name of a form's part."""


TooLarge = Callable[[int, str], LimitError]
"""Makes the error for more bytes than a limit, at a pointer."""


def carried(
    fields: Fields,
    pointer: str,
    *,
    inline: int,
    parts: bool,
    too_large: TooLarge = faults.document_too_large,
) -> tuple[bytes | None, str | None]:
    """Read where the bytes are: `content` in base64 or, where `parts` may follow, the name of a `part`.

    One of the two is there, else a fault was noted. Raises what `too_large` makes for more than `inline`
    bytes.
    """
    there = fields.has("content") or (parts and fields.has("part"))
    data = _base64(fields, inline, pointer, too_large)
    part = fields.text("part", most=MAX_PART) if parts else None
    if not there:
        fields.wrong(
            "content",
            "Is missing: the bytes in base64"
            + (", or part: the name of the part that holds them." if parts else "."),
            "Est absent : les octets en base64"
            + (", ou part : le nom de la partie qui les tient." if parts else "."),
        )
    elif data is not None and part is not None:
        fields.wrong(
            "part", "Stands beside content: give one.", "Figure avec content : donnez l'un des deux."
        )
    return data, part


def _base64(fields: Fields, inline: int, pointer: str, too_large: TooLarge) -> bytes | None:
    text = fields.raw("content")
    if text is None:
        return None
    if len(text) > (inline + 2) // 3 * 4:
        raise too_large(inline, f"{pointer}/content")
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError:  # binascii.Error and UnicodeEncodeError are both one
        fields.wrong(
            "content",
            "Is not base64 (RFC 4648, 4: with padding, without line breaks).",
            "N'est pas du base64 (RFC 4648, 4 : avec remplissage, sans saut de ligne).",
        )
        return None
    if not data:
        fields.wrong("content", "Is empty.", "Est vide.")
    if len(data) > inline:
        raise too_large(inline, f"{pointer}/content")
    return data


def _pattern(form: re.Pattern[str], en: str, fr: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not form.fullmatch(text):
            raise MalformedError("http.fields", Words(en=en, fr=fr))
        return text

    return read


media_type: Final = _pattern(
    _MEDIA_TYPE,
    "Must be type/subtype without parameters, such as application/pdf.",
    "Doit être type/sous-type sans paramètre, comme application/pdf.",
)
language: Final = _pattern(
    _LANGUAGE,
    "Must be a BCP 47 tag, such as fr or fr-FR.",
    "Doit être une étiquette BCP 47, comme fr ou fr-FR.",
)
