"""`hub directory sync` and what the other commands say then, as somebody types them."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

from tests.plugins.annuaire_fhir import faulty
from tests.plugins.annuaire_fhir.place import Place

LISTED = "dr3@valbrume.mssante.example"


async def _hub(folder: Path, *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub", *words,
        cwd=folder,
        env=os.environ | {"LC_ALL": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "200"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def _made(place: Place, mode: str) -> Path:
    folder = place.folder / "hub"
    code, said = await _hub(
        place.folder, "init", "hub", "--name", "hub.example", "--address", "hub@hub.example"
    )
    assert code == 0, said
    shutil.copy(place.folder / "key", folder / "keys" / "annuaire.key")
    path = folder / "hub.toml"
    table = (
        f'[directories.national]\nkind = "fhir"\nurl = "{place.server.url}"\nmode = "{mode}"\n'
        f'key_file = "keys/annuaire.key"\nanchors = ["{place.server.anchor}"]\nrate = 1000\n\n'
    )
    path.write_text(
        re.sub(r"(?s)\[directories\.national\].*?\n\n", lambda _: table, path.read_text(), count=1)
    )
    return folder


async def test_a_copy_is_made_and_asked(place: Place) -> None:
    """The words of the how-to, in its order."""
    folder = await _made(place, "copy")
    code, said = await _hub(folder, "directory", "lookup", LISTED)
    assert code != 0
    assert "hub directory sync" in said
    code, said = await _hub(folder, "directory", "sync")
    assert code == 0, said
    assert "31 professionals, 60 mailboxes" in said
    code, said = await _hub(folder, "directory", "lookup", LISTED)
    assert code == 0
    assert "rpps:10000000003" in said
    code, said = await _hub(folder, "directory", "search", "aubep valb cardio")
    assert code == 0
    assert "AUBÉPINE" in said


async def test_a_server_that_refuses_the_key(place: Place) -> None:
    """The words say which keys of the configuration to look at."""
    folder = await _made(place, "copy")
    place.server.constant = faulty.status(401, "Unauthorized")
    code, said = await _hub(folder, "directory", "sync")
    assert code != 0
    assert "refuses our key (401)" in said
    assert "key_file and key_header" in said


async def test_a_directory_that_asks_is_not_copied(place: Place) -> None:
    """And answers without."""
    folder = await _made(place, "ask")
    code, _ = await _hub(folder, "directory", "sync")
    assert code != 0
    code, said = await _hub(folder, "directory", "lookup", LISTED)
    assert code == 0, said
