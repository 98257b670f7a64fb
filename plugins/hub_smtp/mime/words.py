"""Encoded words in header fields (RFC 2047), read."""

from __future__ import annotations

import binascii
import re

from hub_smtp.mime import charsets

_WORD = re.compile(r"=\?([A-Za-z0-9_.:+-]+)(?:\*[A-Za-z0-9-]*)?\?([BbQq])\?([!->@-~]*)\?=")


class UnreadableError(ValueError):
    """A field is not what its grammar allows. The text says what, in English then in French."""

    def __init__(self, en: str, fr: str) -> None:
        super().__init__(en)
        self.en = en
        self.fr = fr


def decode(text: str) -> str:
    """Return `text` with its encoded words read; spaces between two of them vanish (RFC 2047, 6.2).

    Raises UnreadableError for an encoded word whose charset or encoding can't be read.
    """
    if "=?" not in text:
        return text
    read: list[str] = []
    run, run_codec, end = b"", "", 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        name, data = _codec(match[1]), _data(match[2], match[3])
        apart = bool(between.strip(" \t")) or end == 0
        if apart or name != run_codec:
            read.append(_text(run, run_codec))
            run = b""
        if apart:
            read.append(between)
        # Some writers cut a character of several bytes between two words: join before decoding.
        run, run_codec, end = run + data, name, match.end()
    read.append(_text(run, run_codec))
    return "".join(read) + text[end:]


def _codec(charset: str) -> str:
    if (found := charsets.codec(charset)) is None:
        raise UnreadableError(f"charset {charset} is not read here", f"le jeu {charset} n'est pas lu ici")
    return found


def _data(encoding: str, text: str) -> bytes:
    if encoding in "Bb":
        try:
            return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
        except binascii.Error:
            raise UnreadableError(
                "an encoded word is not base64", "un mot codé n'est pas en base64"
            ) from None
    return binascii.a2b_qp(text.encode(), header=True)


def _text(data: bytes, codec: str) -> str:
    if not data:
        return ""
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise UnreadableError(
            "an encoded word is not in the charset that it names",
            "un mot codé n'est pas dans le jeu de caractères qu'il annonce",
        ) from None
