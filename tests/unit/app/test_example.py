"""`conf/hub.example.toml` can be loaded, holds every key there is, and the reference names each."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.app.configuration import load
from hub.plugin.table import Table

EXAMPLE = Path("conf/hub.example.toml")
REFERENCE = Path("docs/reference/configuration.md")
NAMED = re.compile(r"^(operators|receivers|directories|trust|policies|observers|api\.clients)\.[^.]+")
INLINE = re.compile(r"\.(decryption|sender|recipient|reason)$")
"""Tables that the example writes on one line, so that their keys are explained with the outer one."""
FREE = (".standings", ".mailboxes", ".messages", ".parameters", ".secrets")
"""Tables whose keys a user names."""
LISTED = re.compile(r"\.\d+\.")
WHOSE = re.compile(r"\.(signers|services)\..+\.(?=[a-z0-9_]+$)")


def normal(path: str) -> str:
    """Return a key's path with `<name>` for what a user names, and nothing for places in a list."""
    return WHOSE.sub(_whose, LISTED.sub(".", NAMED.sub(r"\1.<name>", path)))


def _whose(found: re.Match[str]) -> str:
    return f".{found[1]}.{'<who>' if found[1] == 'signers' else '<operator>'}."


def stated(values: Mapping[str, Any], path: str = "") -> set[str]:
    """Return every key of a TOML text."""
    found: set[str] = set()
    for key, value in values.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            found |= stated(value, here)
            continue
        found.add(normal(here))
        if isinstance(value, list):
            found |= {key for one in value if isinstance(one, dict) for key in stated(one, here)}
    return found


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Load the example and return every key that any parser asked for."""
    keys: set[str] = set()
    take = Table._take

    def recording(table: Table, key: str, *others: Any) -> Any:
        keys.add(normal(f"{table.path}.{key}" if table.path else key))
        return take(table, key, *others)

    monkeypatch.setattr(Table, "_take", recording)
    file = tmp_path / "hub.toml"
    shutil.copy(EXAMPLE, file)
    (tmp_path / "certificates").mkdir()
    for name in ("keys", "directory", "rules"):
        (tmp_path / name).mkdir()
    salt = tmp_path / "keys" / "patients.salt"
    salt.write_text("5f" * 32)
    salt.chmod(0o600)
    configuration = load(file)
    assert configuration.settings.hub.name == "hub.valbrume.example"
    return keys


def test_the_example_holds_every_key(asked: set[str]) -> None:
    """Nobody has to read code to learn what can be configured."""
    assert asked == stated(tomllib.loads(EXAMPLE.read_text("utf-8")))


def test_the_example_explains_every_key() -> None:
    """Each key has its meaning beside it."""
    bare = [
        line
        for line in EXAMPLE.read_text("utf-8").splitlines()
        if re.match(r"[a-z_]+ = ", line) and "#" not in line
    ]
    # The second operator repeats the first one's keys, and two pairs of limits name themselves.
    assert len(bare) <= 12, bare


def test_the_reference_names_every_key(asked: set[str]) -> None:
    """The reference and the program never drift apart: each table's section lists each of its keys."""
    text = REFERENCE.read_text("utf-8")
    sections: dict[str, str] = {}
    for found in re.finditer(r"^## `\[+(.+?)\]+`.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL):
        sections[found[1]] = sections.get(found[1], "") + found[2]
    missing = []
    for path in sorted(asked):
        table, _, key = path.rpartition(".")
        if table.endswith(FREE) or path in sections:
            continue
        section = sections.get(INLINE.sub("", table), "")
        if f"`{key}`" not in section:
            missing.append(path)
    assert missing == []
