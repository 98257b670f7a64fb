"""What a batch looks at before it decides."""

from __future__ import annotations

import pytest

from hub.adapters.queue import batch
from hub.testing.letters import MARTIN, Letters, acceptance
from tests.unit.adapters.queue.conftest import Opens


async def test_more_keys_than_a_statement_takes_are_seen_in_pieces(
    opens: Opens, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many recipients come in at once, each repetition is recognised."""
    monkeypatch.setattr(batch, "_VARIABLES", 10)
    async with opens() as store:
        stage = store.stage()
        letter = await letters.letter(stage, MARTIN)
        keys = {f"key-{number}": [letter.sealed.envelope.id] for number in range(25)}
        first = await store.put(stage, acceptance(letter, keys=keys))
        assert first is not None
        assert not first.again
        for key in ("key-0", "key-24"):
            stage = store.stage()
            letter = await letters.letter(stage, MARTIN)
            again = await store.put(stage, acceptance(letter, keys={key: [letter.sealed.envelope.id]}))
            assert again is not None
            assert again.again
            assert first.envelopes == again.envelopes
        stage = store.stage()
        letter = await letters.letter(stage, MARTIN)
        mixed = {key: [letter.sealed.envelope.id] for key in [*keys, "new"]}
        assert await store.put(stage, acceptance(letter, keys=mixed)) is None
