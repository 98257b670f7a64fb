"""Frames of encrypted contents: nothing can be moved, left out, cut off or changed unnoticed."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from hub.adapters.queue.vessel import TAG, Vessel
from hub.errors import StoreError

KEY = bytes(range(32))


def _vessel(spill: int = 1 << 20) -> Vessel:
    return Vessel(KEY, Path("/nowhere"), "stage", spill=spill)


def test_a_frame_opens_only_as_what_it_is() -> None:
    """Another number, another place, another end: each is refused."""
    vessel = _vessel()
    vessel.append(vessel.seal(1, 0, b"frame", last=False))
    assert vessel.open(1, 0, 0, 5, last=False) == b"frame"
    for number, frame, last in itertools.product((1, 2), (0, 1), (False, True)):
        if (number, frame, last) != (1, 0, False):
            with pytest.raises(StoreError, match=r"store\.altered"):
                vessel.open(number, frame, 0, 5, last=last)


def test_every_changed_bit_is_noticed() -> None:
    """One bit anywhere makes the frame unreadable."""
    sealed = _vessel().seal(1, 0, b"frame", last=True)
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StoreError, match=r"store\.altered"):
            Vessel(KEY, Path("/nowhere"), "stage", held=bytes(changed)).open(1, 0, 0, 5, last=True)


def test_bytes_go_to_the_file_when_they_are_many(tmp_path: Path) -> None:
    """What is small stays in memory; what grows moves to one file, in its order."""
    vessel = Vessel(KEY, tmp_path, "stage", spill=2 * (5 + TAG))
    places = []
    for frame in range(4):
        places.append(vessel.append(vessel.seal(1, frame, b"frame", last=False)))
        assert vessel.filed == (tmp_path / "stage").exists() == (frame >= 2)
    vessel.sync()
    assert places == [frame * (5 + TAG) for frame in range(4)]
    assert [vessel.open(1, frame, at, 5, last=False) for frame, at in enumerate(places)] == [b"frame"] * 4
    vessel.remove()
    assert not (tmp_path / "stage").exists()
    with pytest.raises(StoreError):
        vessel.append(b"too late")
