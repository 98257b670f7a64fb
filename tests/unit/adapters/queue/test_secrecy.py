"""Nothing that says anything about anybody rests in clear."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.keys.vault import Vault
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.store import open_store
from hub.domain.delivery import State
from hub.domain.outcome import Refused
from hub.errors import StoreError, Words
from hub.ports.ledger import Line
from hub.ports.queue import Settlement
from hub.ports.records import Step
from hub.testing.fakes import FixedClock
from hub.testing.letters import VILLE, Letters, acceptance
from tests.unit.adapters.queue.conftest import Opens

MARK = "zebulonmarque"


async def test_nothing_personal_is_on_the_disk(
    opens: Opens, letters: Letters, clock: FixedClock, folder: Path
) -> None:
    """Who has the database, its log and every file learns no name, address, subject or content."""
    words = Words(en=f"The box of {MARK} is full.", fr=f"La boîte de {MARK} est pleine.")
    document = f"le patient {MARK} ".encode()
    async with opens() as store:
        stage = store.stage()
        new = await letters.letter(
            stage,
            f"dr.{MARK}@ville.example",
            documents=[document * 10, document * 50_000],
            correlation=f"<{MARK}@ville.example>",
            subject=f"Compte rendu {MARK}",
        )
        step = Step(at=clock.now(), event="message.accepted", detail=f"from {MARK}")
        new = replace(new, peer=f"client:{MARK}", steps=(step,))
        refused = {f"nobody-{MARK}@ville.example": Refused(code="recipient.unknown", reason=words)}
        accepted = acceptance(new, key=f"key-{MARK}", peer=f"client:{MARK}", refused=refused)
        await store.put(stage, accepted)
        now = clock.now()
        (claimed,) = await store.claim({VILLE: 1}, now, now + timedelta(minutes=1))
        notice_stage = store.stage()
        notice = await letters.letter(notice_stage, documents=[document])
        await store.settle(
            [
                Settlement(
                    delivery=claimed.deliveries[0].id,
                    envelope=claimed.sealed.envelope.id,
                    lease=claimed.deliveries[0].lease,
                    state=State.REFUSED,
                    at=now,
                    event="delivery.refused",
                    code="mailbox.full",
                    reason=words,
                    detail=f"552 {MARK} is over quota",
                    notice=notice,
                    steps=(step,),
                )
            ]
        )
        await store.note(claimed.sealed.envelope.id, [step], f"note-{MARK}")
        ledger = store.ledger(f"operators.{MARK}")
        line = Line(key=f"d:{MARK}", value=MARK * 10, until=now, alias=MARK, due_at=now)
        await ledger.put(line)
        assert list(await ledger.due(now)) == [line]
        assert not _marked(folder)
        report = await store.report(claimed.sealed.envelope.id)
        assert report is not None
        assert MARK in repr(report)
    assert not _marked(folder)


@pytest.mark.parametrize("size", [100, 1_000_000])
async def test_what_was_altered_at_rest_is_noticed(
    opens: Opens, letters: Letters, clock: FixedClock, folder: Path, size: int
) -> None:
    """A document that somebody changed, cut or swapped on the disk is never delivered as if it were whole."""
    async with opens(cache=0) as store:
        for key in ("1", "2"):
            stage = store.stage()
            await store.put(stage, acceptance(await letters.letter(stage, documents=[b"x" * size]), key=key))
    with sqlite3.connect(folder / "hub.db") as connection:
        if size < 1000:
            (one, first), (other, second) = connection.execute("SELECT id, data FROM stages").fetchall()
            connection.execute("UPDATE stages SET data = ? WHERE id = ?", (second, one))
            connection.execute("UPDATE stages SET data = ? WHERE id = ?", (first[:-1], other))
        else:
            one, other = (folder / "documents").iterdir()
            data = one.read_bytes()
            frame = (256 << 10) + 16
            one.write_bytes(data[frame : 2 * frame] + data[:frame] + data[2 * frame :])
            other.write_bytes(other.read_bytes()[: 3 * frame])
    connection.close()
    async with opens(cache=0) as store:
        now = clock.now()
        parcels = await store.claim({VILLE: 5}, now, now + timedelta(minutes=1))
        assert len(parcels) == 2
        for claimed in parcels:
            (content,) = claimed.contents.values()
            with pytest.raises(StoreError, match=r"store\.altered"):
                await content.read()


async def test_an_altered_record_is_held_for_a_person(
    opens: Opens, letters: Letters, clock: FixedClock, folder: Path
) -> None:
    """One envelope that can't be read does not stop the others."""
    async with opens() as store:
        ids = []
        for key in ("1", "2"):
            stage = store.stage()
            new = await letters.letter(stage)
            await store.put(stage, acceptance(new, key=key))
            ids.append(new.sealed.envelope.id)
    with sqlite3.connect(folder / "hub.db") as connection:
        (record,) = connection.execute("SELECT record FROM envelopes WHERE id = ?", (ids[0],)).fetchone()
        changed = record[:-1] + bytes([record[-1] ^ 1])
        connection.execute("UPDATE envelopes SET record = ? WHERE id = ?", (changed, ids[0]))
    connection.close()
    async with opens() as store:
        now = clock.now()
        (claimed,) = await store.claim({VILLE: 5}, now, now + timedelta(minutes=1))
        assert claimed.sealed.envelope.id == ids[1]
        held = {one.envelope: one for one in await store.waiting(state=State.UNCERTAIN)}[ids[0]]
        assert (held.code, held.due_at) == ("store.altered", None)
        with pytest.raises(StoreError, match=r"store\.altered"):
            await store.report(ids[0])


async def test_another_vault_opens_nothing(
    opens: Opens, letters: Letters, folder: Path, tmp_path: Path
) -> None:
    """The data without its vault is noise, and the hub says which key is missing."""
    async with opens() as store:
        stage = store.stage()
        await store.put(stage, acceptance(await letters.letter(stage)))
    (tmp_path / "vault").unlink()
    other = Vault.create(tmp_path / "vault", SystemClock(), SystemChance())
    with pytest.raises(StoreError, match=r"vault\.key_unknown"):
        async with open_store(
            StoreSettings(path=folder / "hub.db"),
            vault=other,
            clock=SystemClock(),
            chance=SystemChance(),
            exclusive=True,
        ):
            pass


def _marked(folder: Path) -> list[str]:
    """Return the files that hold the mark, or that others than their owner can read."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) >= 3
    return [
        path.name
        for path in files
        if MARK.encode() in path.read_bytes().lower() or path.stat().st_mode & 0o077
    ]
