"""Import in a process of its own, and stop in the middle to be killed: `python importing.py FOLDER STOP`.

STOP is the file in which to stop (none: go to the end). The directory is in FOLDER/data.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.plugins.annuaire.place import Place, silent


def main() -> None:
    """Import; print `stopped` and wait when the place is reached."""
    folder, stop = Path(sys.argv[1]), sys.argv[2]

    def progress(file: str, _done: int, _all: int) -> None:
        if stop != "none" and file.startswith(stop):
            print("stopped", flush=True)
            signal.pause()

    place = Place(folder)
    place.directory().load(place.files, progress if stop != "none" else silent)


if __name__ == "__main__":
    main()
