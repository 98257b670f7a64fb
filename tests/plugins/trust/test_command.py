"""`hub trust-list`, as a person at a terminal uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub_trust.space import open_space
from tests.plugins.trust.world import NOW, Cast, Draft, Scene

REAL = datetime.now(UTC).replace(microsecond=0)
CURRENT = Draft(issued=REAL - timedelta(hours=1), next_update=REAL + timedelta(days=7))


def hub(*arguments: object, language: str = "en") -> subprocess.CompletedProcess[str]:
    """Run the program."""
    return subprocess.run(
        [sys.executable, "-m", "hub", "trust-list", *(str(one) for one in arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": f"{language}_FR.UTF-8", "COLUMNS": "200"},
    )


def sign(cast: Cast, file: Path, *more: object, kind: str = "ec") -> subprocess.CompletedProcess[str]:
    """Sign a list with one of the signers."""
    paper = cast.signers[kind]
    return hub("sign", file, "--key", paper.key, "--certificates", paper.chain, *more)


def written(folder: Path, form: str, draft: Draft = CURRENT) -> Path:
    """Write a list down, with remarks for those who keep it."""
    path = folder / f"list.{form}"
    text = draft.written(form).decode()
    remark = "<!-- who asked for this: see the minutes -->" if form == "xml" else "# see the minutes"
    path.write_text(text.replace("\n", f"\n{remark}\n", 1))
    return path


def test_a_list_is_signed_and_checked(cast: Cast, form: str, tmp_path: Path) -> None:
    """The remarks of an XML draft are left out, those of a TOML one are signed with it."""
    path = written(tmp_path, form)
    made = sign(cast, path)
    assert made.returncode == 0, made.stderr
    assert "sequence 7" in made.stdout
    assert (tmp_path / f"list.{form}.jws").exists() == (form == "toml")
    checked = hub("check", path, "--anchors", cast.authority.certificate)
    assert checked.returncode == 0, checked.stderr
    for part in ("mssante.example, sequence 7", "CN=signer-ec", "✓ hautmont.mssante.example (Hautmont)"):
        assert part in checked.stdout


def test_the_next_list_is_one_command(cast: Cast, form: str, tmp_path: Path) -> None:
    """A new sequence and new dates are set in place, and the old signature is replaced."""
    path = written(tmp_path, form)
    assert sign(cast, path).returncode == 0
    assert sign(cast, path, "--sequence", 8, "--valid", "12h", kind="rsa").returncode == 0
    checked = hub("check", path, "--anchors", cast.authority.certificate, "--json")
    assert checked.returncode == 0, checked.stderr
    data: dict[str, Any] = json.loads(checked.stdout)
    assert data["sequence"] == 8
    issued, until = (datetime.fromisoformat(data[key]) for key in ("issued", "next_update"))
    assert until - issued == timedelta(hours=12)
    assert issued >= REAL
    assert data["signer"] == "CN=signer-rsa"
    assert [one["domain"] for one in data["domains"]] == [
        "chu.valbrume.example",
        "hautmont.mssante.example",
        "valbrume.mssante.example",
    ]


def test_it_may_be_written_elsewhere(cast: Cast, form: str, tmp_path: Path) -> None:
    """The draft stays as it is."""
    path = written(tmp_path, form)
    before = path.read_bytes()
    (tmp_path / "public").mkdir()
    assert sign(cast, path, "--out", tmp_path / "public" / "list").returncode == 0
    assert path.read_bytes() == before
    assert hub("check", tmp_path / "public" / "list", "--anchors", cast.authority.certificate).returncode == 0


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (("--anchors", "stranger"), 5, "none of the configured authorities"),
        (("--anchors", "authority", "--signer", "dns:other.example"), 5, "somebody else"),
        (("--anchors", "authority", "--signer", "other.example"), 4, "subject:"),
        (("--anchors", "nobody"), 3, "can't be read"),
    ],
)
def test_who_must_not_sign_has_an_exit_code(
    cast: Cast, tmp_path: Path, more: tuple[str, ...], code: int, words: str
) -> None:
    """So that a script can stop before it publishes anything."""
    path = written(tmp_path, "xml")
    sign(cast, path)
    known = {"stranger": cast.stranger.certificate, "authority": cast.authority.certificate}
    checked = hub("check", path, *(known.get(one, one) for one in more))
    assert checked.returncode == code
    assert words in checked.stderr
    assert "Traceback" not in checked.stderr


def test_mistakes_are_told_in_french_too(cast: Cast, form: str, tmp_path: Path) -> None:
    """With the file and the line; nothing is written."""
    path = written(tmp_path, form)
    wrong = path.read_text().replace("hautmont.mssante.example", "hautmont")
    path.write_text(wrong)
    paper = cast.signers["ec"]
    made = hub("sign", path, "--key", paper.key, "--certificates", paper.chain, language="fr")
    assert made.returncode == 4
    assert "n'est pas un domaine" in made.stderr
    assert f"list.{form}, ligne " in made.stderr
    assert path.read_text() == wrong
    assert "liste" in hub("--help", language="fr").stdout


def test_a_duration_that_is_none_is_refused(cast: Cast, tmp_path: Path) -> None:
    """And nothing is signed."""
    path = written(tmp_path, "xml")
    before = path.read_bytes()
    made = sign(cast, path, "--valid", "soon")
    assert made.returncode == 4
    assert "12h or 7d" in made.stderr
    assert path.read_bytes() == before


async def test_history_tells_who_was_admitted_when(scene: Scene) -> None:
    """List by list with what changed, for one domain, and at one moment."""
    theirs = "hautmont.mssante.example"
    scene.put(Draft())
    async with open_space(scene.settings(), scene.host) as space:
        scene.put(Draft().without(theirs))
        scene.later(hours=1)
        space.admission(theirs)
        await space.settled()
    folder = scene.host.data
    shown = hub("history", folder).stdout
    assert "7: held from" in shown
    assert f"− {theirs} (Hautmont)" in shown
    assert "+ kept.example (Hautmont)" in shown
    alone = hub("history", folder, "--domain", theirs).stdout
    assert "valbrume" not in alone
    assert f"− {theirs}" in alone
    for minutes, listed, mark in ((30, 7, "✓"), (90, 8, "✗")):
        at = (NOW + timedelta(minutes=minutes)).isoformat()
        then = hub("history", folder, "--domain", theirs, "--at", at).stdout
        since = "from" if listed == 7 else "since"
        assert f"{listed}: held {since}" in then
        assert f"{mark} {theirs}" in then
    data = json.loads(hub("history", folder / "lists", "--json").stdout)
    assert [one["sequence"] for one in data["lists"]] == [7, 8]
    assert [one["domain"] for one in data["lists"][1]["gone"]] == [theirs]
    before = hub("history", folder, "--at", (NOW - timedelta(days=1)).isoformat(), "--json")
    assert json.loads(before.stdout) == {"lists": []}


def test_a_folder_without_history_is_told(tmp_path: Path) -> None:
    """With where it would be; and a moment without its zone is none."""
    nothing = hub("history", tmp_path)
    assert nothing.returncode == 4
    assert "trust/NAME" in nothing.stderr
