"""What the double holds: messages and receipts, in memory, bounded: the oldest go first."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from hub.errors import HubError
from hub_http.mapping.answered import Answered
from hub_http.mapping.seen import Seen

MOST_MESSAGES: Final = 10_000
MOST_BYTES: Final = 1 << 30
"""Bytes of all messages together."""

State = Literal["draft", "uploading", "accepted", "acknowledged"]


@dataclass(slots=True, kw_only=True)
class Held(Seen):
    """A message, as templates of answers see it. `incoming` ones were sent to the hub by another user.

    `wanted` is how many parts it has when it is whole.
    """

    id: str
    number: int
    headers: Mapping[str, str] = field(repr=False)
    ours: str | None = None
    recipients: tuple[str, ...] = ()
    state: State = "accepted"
    incoming: bool = False
    wanted: int = 1
    parts: dict[int, bytes] = field(default_factory=dict, repr=False)

    hidden: ClassVar[frozenset[str]] = frozenset(
        {"recipients", "incoming", "wanted", "parts", "body", "media_type"}
    )

    @property
    def to(self) -> str | list[str] | None:
        """The recipient; a list when there are several."""
        several = list(self.recipients)
        return several if len(several) > 1 else several[0] if several else None

    @property
    def body(self) -> bytes:
        """The bytes of all parts."""
        return b"".join(self.parts[number] for number in sorted(self.parts))

    @property
    def media_type(self) -> str:
        """What the bytes are."""
        return self.headers.get("Content-Type", "application/octet-stream")

    @property
    def size(self) -> int:
        """How many bytes."""
        return sum(len(one) for one in self.parts.values())

    @property
    def json(self) -> Any:
        """What the bytes say as JSON; none when they are not."""
        try:
            return Answered(body=self.body).json
        except HubError:
            return None

    @property
    def text(self) -> str:
        """The bytes as text."""
        return self.body.decode("utf-8", "replace")


class Store:
    """Everything that one double holds. `messages` are in the order of their coming, drafts among them."""

    def __init__(self) -> None:
        self._series = secrets.token_hex(4)
        self._number = 0
        self._messages: OrderedDict[str, Held] = OrderedDict()
        self._receipts: OrderedDict[str, Held] = OrderedDict()

    def clear(self) -> None:
        """Forget everything; ids are never given twice."""
        self._messages.clear()
        self._receipts.clear()

    def new(self, headers: Mapping[str, str], **more: Any) -> Held:
        """Make a message that is not held yet."""
        self._number += 1
        return Held(id=f"{self._series}-{self._number:06d}", number=self._number, headers=headers, **more)

    def keep(self, one: Held) -> None:
        """Hold a message; once it is whole its recipients' receipts are there too."""
        self._messages[one.id] = one
        if one.state == "accepted" and not one.incoming:
            self._issue(one)
        total = sum(held.size for held in self._messages.values())
        while len(self._messages) > MOST_MESSAGES or (total > MOST_BYTES and len(self._messages) > 1):
            total -= self._messages.popitem(last=False)[1].size

    def of(self, name: str | None) -> Held | None:
        """Return the message of that id, its own or the hub's; the last when the hub's was used again."""
        if not name:
            return None
        found = self._messages.get(name)
        if found is None:
            found = next((one for one in reversed(self._messages.values()) if one.ours == name), None)
        return found

    def messages(self) -> Iterator[Held]:
        """Yield all messages."""
        return iter(tuple(self._messages.values()))

    def inbox(self, owner: str | None) -> list[Held]:
        """Return what lies in a mailbox; without an owner, in that of the hub."""
        return [
            one
            for one in self._messages.values()
            if one.state == "accepted" and (owner in one.recipients if owner else one.incoming)
        ]

    def receipts(self, owner: str | None) -> list[Held]:
        """Return the receipts that were not taken, one for each recipient."""
        return [one for one in self._receipts.values() if owner is None or owner in one.recipients]

    def taken(self, name: str) -> Held | None:
        """Take a receipt; None when there is none."""
        return self._receipts.pop(name, None)

    def _issue(self, one: Held) -> None:
        for place, to in enumerate(one.recipients or ("",), 1):
            self._number += 1
            receipt = Held(
                id=f"{one.id}-r{place}",
                number=self._number,
                headers=one.headers,
                ours=one.ours,
                recipients=(to,) if to else (),
            )
            self._receipts[receipt.id] = receipt
        while len(self._receipts) > MOST_MESSAGES:
            self._receipts.popitem(last=False)
