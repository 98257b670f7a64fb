"""A content counts as opened when its bytes are wanted, not when a template speaks of its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from hub.domain.ids import DocumentId
from hub.domain.outcome import Deferred
from hub.ports.content import Content
from hub.testing.connector_contract import deliver, make
from hub.testing.contents import MemoryContent
from hub.testing.parcels import Attached
from tests.plugins.http.sending.world import JSON, TWO_PHASE, described, rig_of


class Watched(Mapping[DocumentId, Content]):
    """Contents that notice being opened, as the hub's do."""

    def __init__(self, contents: Mapping[DocumentId, Content]) -> None:
        self._contents = contents
        self.opened = False

    def __getitem__(self, key: DocumentId) -> Content:
        self.opened = True
        return self._contents[key]

    def __iter__(self) -> Iterator[DocumentId]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)


async def test_a_draft_without_documents_opens_none(tmp_path: Path) -> None:
    """Should the hub stop now, it knows that nothing has left."""
    async with rig_of(tmp_path, described(TWO_PHASE)) as rig:
        sent = make(rig, rig.good[:1], Attached(content=MemoryContent(b"%PDF-1.7")))
        watched = Watched(sent.contents)
        rig.service.script = ["drop"]
        (outcome,) = (await deliver(rig, replace(sent, contents=watched))).values()
        assert isinstance(outcome, Deferred)
        assert not watched.opened


async def test_an_operator_that_can_t_be_asked_opens_none(tmp_path: Path) -> None:
    """Neither while it wants no requests."""
    async with rig_of(tmp_path, described(JSON)) as rig:
        sent = make(rig, rig.good[:1], Attached(content=MemoryContent(b"%PDF-1.7")))
        watched = Watched(sent.contents)
        rig.operator.hold(rig.operator.description.limits.answer_timeout)
        (outcome,) = (await deliver(rig, replace(sent, contents=watched))).values()
        assert isinstance(outcome, Deferred)
        assert not watched.opened
