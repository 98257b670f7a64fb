"""What a batch looks at before it decides."""

from __future__ import annotations

from hub.testing.letters import MARTIN, Letters, acceptance
from tests.unit.adapters.queue.conftest import Opens

MANY = 40_000
"""More than the 32 766 values that one statement of SQLite takes."""


async def test_more_keys_than_a_statement_takes_are_seen(opens: Opens, letters: Letters) -> None:
    """However many recipients come in at once, each repetition is recognised."""
    async with opens() as store:
        stage = store.stage()
        letter = await letters.letter(stage, MARTIN)
        keys = {f"key-{number}": [letter.sealed.envelope.id] for number in range(MANY)}
        first = await store.put(stage, acceptance(letter, keys=keys))
        assert first is not None
        assert not first.again
        for key in ("key-0", f"key-{MANY - 1}"):
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
