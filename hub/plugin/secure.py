"""TLS over a link: bytes as they travel ↔ bytes as they are meant, with no input or output of its own.

The event loops' own TLS is not used because it drops the alert when a handshake fails: the other side
would see a lost connection, and nobody could tell there that its certificate has expired.
"""

from __future__ import annotations

import ssl
from typing import Final

_RECORD: Final = 16 << 10
"""Bytes in one record (RFC 8446, 5.1): a read gives no more, and a larger buffer is made for nothing."""


class Secure:
    """One TLS session. Whatever was called, send what `outgoing` returns next, after a fault too."""

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, server_name: str | None) -> None:
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self.object = context.wrap_bio(
            self._in, self._out, server_side=server_side, server_hostname=server_name
        )
        self.ready = False
        self.over = False
        self.fault: ssl.SSLError | None = None

    @property
    def certificate(self) -> bytes | None:
        """The other end's certificate (DER) once it has shown one; it was verified."""
        return self.object.getpeercert(binary_form=True) if self.ready else None

    def shake(self) -> None:
        """Go on with the handshake; `ready` says whether it is done, `fault` why it never will be."""
        try:
            self.object.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            self.fault = error
        else:
            self.ready = True

    def take(self, data: bytes) -> bytes:
        """Return what came in with these bytes.

        `over` is set when the peer said goodbye, `fault` when the rest of them is no TLS, or an alert.
        """
        self._in.write(data)
        if not self.ready:
            self.shake()
            if not self.ready:
                return b""
        parts = []
        try:
            while part := self.object.read(_RECORD):
                parts.append(part)
                if not self._in.pending and not self.object.pending():
                    break
            else:
                self.over = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.over = True
        except ssl.SSLError as error:
            self.fault = error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def give(self, data: bytes) -> None:
        """Take what is to go out."""
        view = memoryview(data)
        while view:
            view = view[self.object.write(view) :]

    def leave(self) -> None:
        """Say goodbye; its answer is not waited for."""
        try:
            self.object.unwrap()
        except (ssl.SSLError, OSError):
            return

    def outgoing(self) -> bytes:
        """Return what is to be sent."""
        return self._out.read()
