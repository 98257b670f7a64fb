"""What goes wrong on the way to a server and back, as one error: where it happened, and what may have left.

Words name the host, never a path, a query or a content.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from hub.errors import PeerError, Words

Stage = Literal["unsent", "sent"]


class WireFault(PeerError):  # noqa: N818 - the fault of a wire; what it means for a send is not decided here
    """No answer that can be used.

    stage        `unsent`: nothing of the request's body left, or of its head when it has none; `sent`: some
                 or all may have left, and the server may have done what was asked.
    host         the server's host, with its port unless it is 443.
    retry_after  when the server said how long to wait.
    """

    def __init__(
        self, code: str, words: Words, *, stage: Stage, host: str, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(code, words, reason=words.en)
        self.stage: Stage = stage
        self.host = host
        self.retry_after = retry_after


class AuthenticationFault(WireFault):
    """The credentials can't be used, or the token endpoint refuses them; nothing of the request left."""
