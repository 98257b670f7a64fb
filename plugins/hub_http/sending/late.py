"""A parcel's contents, opened no sooner than their bytes are wanted.

The hub takes an opened content for one that may have left. What templates ask of a document beside its bytes
stands in the envelope.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

from hub.domain.ids import DocumentId
from hub.domain.message import Document
from hub.ports.connector import Parcel
from hub.ports.content import Content


class LateContent:
    """A content that is opened when it is read (`Content`)."""

    __slots__ = ("_contents", "_document")

    def __init__(self, document: Document, contents: Mapping[DocumentId, Content]) -> None:
        self._document = document
        self._contents = contents

    @property
    def size(self) -> int:
        """How many bytes, by the envelope."""
        return self._document.size

    @property
    def sha256(self) -> str:
        """Digest in lower-case hexadecimal, by the envelope."""
        return self._document.sha256

    def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Open it and yield its bytes."""
        return self._contents[self._document.id].pieces(start, end)

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Open it and return a stretch."""
        return await self._contents[self._document.id].read(start, end)


class LateContents(Mapping[DocumentId, Content]):
    """The contents of a parcel, none of them opened by being looked up."""

    def __init__(self, parcel: Parcel) -> None:
        documents = parcel.sealed.envelope.message.documents
        self._late = {one.id: LateContent(one, parcel.contents) for one in documents}

    def __getitem__(self, key: DocumentId) -> Content:
        return self._late[key]

    def __iter__(self) -> Iterator[DocumentId]:
        return iter(self._late)

    def __len__(self) -> int:
        return len(self._late)


def unopened(parcel: Parcel) -> Parcel:
    """Return the same parcel with contents that open late."""
    return Parcel(sealed=parcel.sealed, addressees=parcel.addressees, contents=LateContents(parcel))
