"""A configuration is read whole, and every fault says file, line, key and what would be right."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.adapters.config.read import read
from hub.adapters.plugins.manager import Broken, Plugins
from hub.app.locating import blocked, locate
from hub.app.reading import parse
from hub.errors import ConfigError, Words
from hub.plugin.registry import Offer, PartType
from hub.plugin.table import Table

HUB = '[hub]\nname = "hub.valbrume.example"\naddress = "hub@hub.valbrume.example"\n'


def parse_loft(table: Table) -> int:
    """Read what a pigeon loft needs."""
    if table.boolean("bug", False):
        raise RuntimeError("no wings")
    return table.integer("pigeons", 1, least=1, most=9)


@asynccontextmanager
async def open_loft(pigeons: int, _host: Any) -> AsyncIterator[int]:
    """Open a loft."""
    yield pigeons


def plugins(**fields: Any) -> Plugins:
    """Return plugins that offer kind `pigeon` for everything."""
    given: dict[str, Any] = {
        "loaded": (),
        "broken": (),
        "blocked": (),
        "commands": {},
        "offers": {
            (part, "pigeon"): Offer(plugin="loft", type=part, kind="pigeon", parse=parse_loft, open=open_loft)
            for part in PartType
        },
    }
    return Plugins(**given | fields)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the configuration is to be written."""
    return tmp_path / "hub.toml"


def fault(file: Path, text: str, **fields: Any) -> ConfigError:
    """Return the error that a configuration gives."""
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        parse(read(file), plugins(**fields))
    return caught.value


@pytest.mark.parametrize("name", ["hub", "x y.example", "a..example", "-a.example", "a" * 64 + ".example"])
def test_a_wrong_domain_is_told_as_one(file: Path, name: str) -> None:
    """The words say what a domain is, and make one sentence with the key."""
    error = fault(file, HUB.replace("hub.valbrume.example", name, 1))
    assert error.words.en == (
        f"{file}:2: hub.name can't be taken: A domain is written like cabinet.example:"
        " letters, digits and hyphens, and a dot at least."
    )
    assert error.words.fr.count(".") == error.words.en.count(".")


def test_the_whole_state_is_in_one_folder(file: Path) -> None:
    """Who names `data` has named where the store is, unless the store has a place of its own."""
    file.write_text(HUB + 'data = "/srv/hub"\n')
    assert parse(read(file), plugins()).store.path == Path("/srv/hub/hub.db")
    file.write_text(HUB + 'data = "state"\n[store]\nretention = "7d"\n')
    assert parse(read(file), plugins()).store.path == file.parent / "state" / "hub.db"
    file.write_text(HUB + 'data = "/srv/hub"\n[store]\npath = "own.db"\n')
    assert parse(read(file), plugins()).store.path == file.parent / "own.db"


def test_a_short_configuration_has_every_default(file: Path) -> None:
    """Name and address are enough to begin with."""
    file.write_text(HUB)
    settings = parse(read(file), plugins())
    assert settings.hub.data == file.parent / "data"
    assert settings.store.path == file.parent / "data" / "hub.db"
    assert settings.keys.signing_key == file.parent / "keys/hub.key"
    assert settings.api is None
    assert settings.operators == ()


@pytest.mark.parametrize(
    ("text", "en", "fr"),
    [
        (
            HUB + '[log]\nstyle = "xml"\n',
            "{file}:5: log.style is not one of json, console.",
            "{file}:5 : log.style n'est pas l'un de json, console.",
        ),
        (
            HUB + 'expiry = "tomorrow"\n',
            "{file}:4: hub.expiry is not a duration such as 30s, 5m, 2h or 3d.",
            "{file}:4 : hub.expiry n'est pas une durée telle que 30s, 5m, 2h ou 3d.",
        ),
        (
            HUB + "max_recipients = 0\n",
            "{file}:4: hub.max_recipients is not a whole number from 1 to 10000.",
            "{file}:4 : hub.max_recipients n'est pas un nombre entier de 1 à 10000.",
        ),
        (
            HUB + '[operators.a]\nkind = "owl"\ndomains = ["a.example"]\n',
            "{file}:5: operators.a.kind is not one of pigeon.",
            "{file}:5 : operators.a.kind n'est pas l'un de pigeon.",
        ),
        (
            HUB + '[operators.a]\nkind = "pigeon"\ndomains = ["a.example"]\nwings = 2\n',
            "{file}:7: operators.a.wings is not known here; known are",
            "{file}:7 : operators.a.wings est inconnu ; connus :",
        ),
        (
            HUB + '[operators.a]\nkind = "pigeon"\ndomains = ["a"]\n',
            "{file}:6: operators.a.domains holds 'a', which is no domain name",
            "{file}:6 : operators.a.domains contient 'a', qui n'est pas un nom de domaine",
        ),
        (
            HUB + '[operators.a]\nkind = "pigeon"\ndomains = ["a.example"]\npeers = ["mx.a.example"]\n',
            "{file}:7: operators.a.peers holds 'mx.a.example', which is not dns:<name>",
            "{file}:7 : operators.a.peers contient 'mx.a.example', qui n'est pas dns:<nom>",
        ),
        (
            HUB + '[operators.a]\nkind = "pigeon"\ndomains = []\n',
            "{file}:6: operators.a.domains names no domain.",
            "{file}:6 : operators.a.domains ne nomme aucun domaine.",
        ),
        (
            HUB + "[operator.a]\n",
            "{file}:4: operator is not known here; known are api, directories, hub, keys, log, observers,",
            "{file}:4 : operator est inconnu ; connus : api, directories, hub, keys, log, observers,",
        ),
        (
            HUB + '[receivers."../../x"]\nkind = "pigeon"\n',
            "stands in a table whose name is not up to 32 of a-z, 0-9, - and _.",
            "dont le nom n'est pas fait de 32 signes",
        ),
        (
            HUB + '[directories.d]\nkind = "pigeon"\nbug = true\n',
            "leads to the plugin loft, which could not read this table: RuntimeError.",
            "mène à l'extension loft, qui n'a pas pu lire cette table : RuntimeError.",
        ),
        ("[hub]\n", "{file}:1: hub.name is missing: it takes a text.", "hub.name est absent : il faut un"),
        ("", "{file}: hub is missing.", "{file} : hub est absente."),
    ],
)
def test_a_fault_names_its_place_and_what_would_be_right(file: Path, text: str, en: str, fr: str) -> None:
    """Whoever wrote it finds it at once, in either language."""
    words = fault(file, text).words
    assert en.replace("{file}", str(file)) in words.en
    assert fr.replace("{file}", str(file)) in words.fr


def test_two_operators_cant_have_one_domain(file: Path) -> None:
    """Mail for a domain has one way out; the second claim is the one that is named."""
    one = 'kind = "pigeon"\ndomains = ["a.example"]\n'
    words = fault(file, f"{HUB}[operators.a]\n{one}[operators.b]\n{one}").words
    assert words.en == (
        f"{file}:9: operators.b.domains holds a.example, which belongs to operator a already."
    )


def test_all_faults_are_told_at_once(file: Path) -> None:
    """One round of corrections is enough: a line per table with a fault, in the file's order."""
    text = HUB + '[store]\nspill = 3\n[log]\nlevel = "loud"\n[operators.a]\nkind = "owl"\ndomains = ["a.b"]\n'
    error = fault(file, text)
    assert error.code == "config.several"
    keys = [re.sub(r".*: (\S+) .*", r"\1", line) for line in error.words.en.splitlines()]
    assert keys == ["store.spill", "log.level", "operators.a.kind"]
    assert len(error.words.fr.splitlines()) == 3


@pytest.mark.parametrize("gone", ["broken", "blocked"])
def test_a_part_without_its_plugin_is_kept_and_named(file: Path, gone: str) -> None:
    """A plugin that was refused takes its own parts away, and nothing else."""
    broken = Broken(
        name="owls", distribution="owls", module="owls", code="plugin.import", words=Words(en="a", fr="b")
    )
    found = plugins(broken=(broken,)) if gone == "broken" else plugins(blocked=("owls",))
    file.write_text(
        HUB
        + '[operators.a]\nkind = "owl"\ndomains = ["a.example"]\nfeathers = 3\n'
        + '[operators.b]\nkind = "pigeon"\ndomains = ["b.example"]\npigeons = 2\n'
    )
    settings = parse(read(file), found)
    owl, pigeon = settings.operators
    assert pigeon.part.own == 2
    with pytest.raises(ConfigError, match="owls") as caught:
        owl.part.offer.open(owl.part.own, None)  # type: ignore[arg-type]
    assert caught.value.code == "plugin.kind_missing"


def test_a_part_of_a_standing_plugin_is_read_strictly_even_then(file: Path) -> None:
    """One broken plugin does not switch off the checks of the others."""
    text = HUB + '[operators.b]\nkind = "pigeon"\ndomains = ["b.example"]\npigeons = 20\n'
    assert "operators.b.pigeons" in fault(file, text, blocked=("owls",)).words.en


def test_plugins_are_blocked_by_name(file: Path) -> None:
    """`[plugins] blocked` is read before any plugin is imported."""
    file.write_text(HUB + '[plugins]\nblocked = ["smtp"]\n')
    table = read(file)
    assert blocked(table) == {"smtp"}
    parse(table, plugins())


def test_the_file_is_found_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option first, then the variable, then the usual places; else the words say where it looked."""
    monkeypatch.chdir(tmp_path)
    given = Path("given.toml")
    assert locate(given, {"CADUCEE_CONFIG": "named.toml"}) == given
    assert locate(None, {"CADUCEE_CONFIG": "named.toml"}) == Path("named.toml")
    monkeypatch.setattr("hub.app.locating.PLACES", (Path("hub.toml"), tmp_path / "etc.toml"))
    with pytest.raises(ConfigError, match="hub init"):
        locate(None, {})
    (tmp_path / "etc.toml").touch()
    assert locate(None, {}) == tmp_path / "etc.toml"
    (tmp_path / "hub.toml").touch()
    assert locate(None, {}) == Path("hub.toml")
