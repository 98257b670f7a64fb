"""What went over the wire, for people: with neither secrets nor documents.

Of a body the structure is shown. Long values and whatever is no JSON, XML or form are told by their size and
digest, as documents are; so are bodies that are too large to hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hub_http.wire import bodies
from hub_http.wire.exchange import Request
from hub_http.wire.faults import WireFault
from hub_http.wire.veiling import Veil

HELD: Final = 256 << 10
"""Bytes of a body that are kept so that they can be shown."""


class Passing:
    """A body as it goes by: what it was is told when it is over."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._held: bytearray | None = bytearray()
        self.size = 0

    def add(self, piece: bytes) -> None:
        """Take note of a piece."""
        self.size += len(piece)
        self._digest.update(piece)
        if self._held is not None:
            self._held += piece
            if len(self._held) > HELD:
                self._held = None

    def shown(self, media_type: str, veil: Veil) -> Iterator[str]:
        """Yield it in lines."""
        if not self.size:
            return
        yield ""
        if self._held is not None:
            yield from bodies.shown(bytes(self._held), media_type, veil)
        else:
            yield bodies.told("document", self.size, "bytes", self._digest.hexdigest())


class Transcript:
    """Gets lines of text about requests (`>`), answers (`<`) and faults (`!`), redacted, as they happen.

    A request is told when its answer begins, the answer when it is over: lines of requests that go at the
    same time stand between one another.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        """`write` gets one line at a time, without its end."""
        self._write = write
        self._veil = Veil()

    def veil(self, *values: str) -> None:
        """Let these values never be shown, in whatever form they appear."""
        self._veil.add(*values)

    def requested(self, request: Request, headers: Mapping[str, str], passing: Passing) -> None:
        """Tell of a request as it went."""
        veil = self._veil
        self._tell(">", f"{request.method} {veil.url(str(request.url), request.veiled)}")
        for name, value in headers.items():
            self._tell(">", f"{name}: {veil.header(name, value, request.veiled)}")
        for line in passing.shown(headers.get("Content-Type", ""), veil):
            self._tell(">", line)

    def answered(self, status: int, headers: Mapping[str, str], media_type: str, passing: Passing) -> None:
        """Tell of an answer, as far as it was read."""
        self._tell("<", str(status))
        for name, value in headers.items():
            self._tell("<", f"{name}: {self._veil.header(name, value)}")
        for line in passing.shown(media_type, self._veil):
            self._tell("<", line)

    def failed(self, fault: WireFault) -> None:
        """Tell of what went wrong."""
        self._tell("!", f"{fault.code} ({fault.stage}): {fault.words.en}")

    def _tell(self, mark: str, line: str) -> None:
        # one line of ours is one line, whatever a server put into it
        safe = "".join(sign if sign.isprintable() else "�" for sign in self._veil.text(line))
        self._write(f"{mark} {safe}".rstrip())
