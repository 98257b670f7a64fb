"""Kills the hub at a moment of the test's choice: around whatever it says to a service or its store.

`at` in the folder that MORTAL names holds the number of the moment, counted from when it was put there.
Every moment that passes is noted in `moments`, so that the test knows which there are.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from hub.adapters.queue.ledger import StoredLedger
from hub.adapters.queue.store import Store
from hub_eprescription.wire.session import Session

FOLDER = Path(os.environ["MORTAL"])
_passed: dict[str, int] = {}


def _moment(name: str) -> None:
    """Pass a moment, or die at it."""
    wanted = FOLDER / "at"
    try:
        text = wanted.read_text()
    except OSError:
        return
    if text not in _passed:
        _passed.clear()
        _passed[text] = 0
    _passed[text] += 1
    with (FOLDER / "moments").open("a") as noted:
        noted.write(f"{name}\n")
    if _passed[text] == int(text.partition(" ")[0]):
        wanted.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _around(kind: type, method: str, name: Callable[..., str | None]) -> None:
    before: Any = getattr(kind, method)

    @wraps(before)
    async def around(self: Any, *given: Any, **named: Any) -> Any:
        what = name(*given, **named)
        if what is None:
            return await before(self, *given, **named)
        _moment(f"before {what}")
        answer = await before(self, *given, **named)
        _moment(f"after {what}")
        return answer

    setattr(kind, method, around)


def _asked(method: str, path: str, **_named: Any) -> str | None:
    # What is only looked at changes nothing, and comes when the clock says so.
    return None if method == "GET" else path.rpartition("/")[2]


def _written(*lines: Any) -> str | None:
    kinds = [one.key.partition(":")[0] for one in lines]
    return " + ".join(kinds) if kinds and kinds[0] in {"rx", "h", "life"} else None


_around(Session, "ask", _asked)
_around(StoredLedger, "put", _written)
_around(StoredLedger, "strike", lambda *keys: "struck" if keys and keys[0].startswith("h:") else None)
_around(Store, "put", lambda *_given: "accepted")
_around(Store, "settle", lambda *_given: "settled")
