"""Import in a process of its own, and stop in the middle to be killed.

    python importing.py FOLDER STOP [apart]

STOP is the file in which to stop (none: go to the end). The directory is in FOLDER/data. `apart` builds in
a process of its own, as large files are.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from hub_annuaire import loading
from tests.plugins.annuaire.place import Place, silent


def main() -> None:
    """Import; print `stopped` and wait when the place is reached."""
    folder, stop = Path(sys.argv[1]), sys.argv[2]
    if "apart" in sys.argv[3:]:
        loading.APART_FROM = 0  # type: ignore[misc] -- a constant to everybody else

    def progress(file: str, _done: int, _all: int) -> None:
        if stop != "none" and file.startswith(stop):
            print("stopped", flush=True)
            signal.pause()

    place = Place(folder)
    place.directory().load(place.files, progress if stop != "none" else silent)


if __name__ == "__main__":
    main()
