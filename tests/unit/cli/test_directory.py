"""`hub directory`: people are found, explained and remembered, in both languages, for people and programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.cli import exit_codes
from tests.unit.cli.conftest import Hub

LILAS = "dr.camille.lilas@valbrume.example"
NATIONAL = '[directories.national]\nkind = "register"\npeople = ["lilas", "other-lilas", "aubepine"]\n'
LOCAL = '[directories.local]\nkind = "register"\npeople = ["secretariat"]\n'
OPERATOR = '[operators.valbrume]\nkind = "register"\ndomains = ["valbrume.example"]\n'
TRUST = '[trust.list]\nkind = "register"\ndomains = ["valbrume.example"]\n'

Configure = Callable[..., None]


@pytest.fixture
def configure(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Return a function that puts tables in the place of the configuration's directory.

    The directory kind `register` (`tests/unit/cli/register.py`) is installed like any plugin.
    """
    info = tmp_path / "planted" / "register-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: register\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[hub]\nregister = tests.unit.cli.register\n")
    monkeypatch.syspath_prepend(tmp_path / "planted")
    file = folder / "hub.toml"
    kept = file.read_text("utf-8").split("# Who exists and may practise.")[0]

    def write(*tables: str) -> None:
        file.write_text(kept + "\n".join(tables), "utf-8")

    write(LOCAL, NATIONAL, OPERATOR, TRUST)
    return write


@pytest.fixture
def paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this machine's clock be that of Paris."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Paris")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("configure")
def test_a_search_is_a_table(hub: Hub) -> None:
    """Name, what they do, town, address and kind of mailbox, a line for each."""
    said = hub("directory", "search", "lilas", language="fr")
    assert said.code == 0
    header, first, second = said.out.splitlines()
    assert header.split("  ")[0] == "nom"
    assert first.split() == ["Camille", "LILAS", "Cardiologie", "Hautmont", LILAS, "personnelle"]
    assert second.startswith("Claude LILAS")


@pytest.mark.usefixtures("configure")
def test_a_search_for_a_program_is_json(hub: Hub) -> None:
    """With every member that the API shows; words may stand in one argument or several."""
    for words in (["camille lilas"], ["camille", "lilas"]):
        (found,) = hub("directory", "search", *words, "--json").json()["entries"]
        assert (found["address"], found["town"], found["certificates"]) == (LILAS, "Hautmont", 1)


@pytest.mark.usefixtures("configure")
def test_a_search_says_when_there_is_more_and_when_there_is_nobody(hub: Hub) -> None:
    """The first is a hint beside the result; the second is exit code 4."""
    said = hub("directory", "search", "lilas", "--limit", "1")
    assert (said.code, len(said.out.splitlines())) == (0, 2)
    assert "--limit" in said.err
    said = hub("directory", "search", "nobody", language="fr")
    assert (said.code, said.out, said.err) == (exit_codes.REFUSED, "", "Personne ne correspond.\n")
    said = hub("directory", "search", "nobody", "--json")
    assert (said.code, said.json()) == (exit_codes.REFUSED, {"entries": []})


@pytest.mark.usefixtures("configure")
def test_an_unlisted_mailbox_is_not_searched_for(hub: Hub) -> None:
    """The liste rouge is for those who know the address."""
    assert hub("directory", "search", "secrétariat").code == exit_codes.REFUSED
    assert hub("directory", "lookup", "secretariat@hautmont.example").code == 0


@pytest.mark.usefixtures("configure")
def test_one_directory_can_be_asked_alone(hub: Hub) -> None:
    """By its name in the configuration; an unknown name is told with those there are."""
    assert hub("directory", "search", "lilas", "--name", "national").code == 0
    assert hub("directory", "search", "lilas", "--name", "local").code == exit_codes.REFUSED
    said = hub("directory", "search", "lilas", "--name", "other")
    assert (said.code, said.out) == (exit_codes.REFUSED, "")
    assert "local, national" in said.err


@pytest.mark.usefixtures("configure")
@pytest.mark.parametrize(
    "who", [LILAS, "rpps:10001234565", "RPPS: 10001234565", "camille lilas", "Camille Lilas,,Hautmont"]
)
def test_lookup_takes_whatever_one_knows(hub: Hub, who: str) -> None:
    """An address, a number or a description lead to the same mailbox."""
    (found,) = hub("directory", "lookup", who, "--json").json()["entries"]
    assert found["address"] == LILAS


@pytest.mark.usefixtures("configure")
def test_lookup_shows_all_there_is(hub: Hub) -> None:
    """What is not known takes no line; identifiers stand as one would type them."""
    rows = [
        "mailbox: personal",
        "standing: active since 2020-01-02",
        "identifiers: rpps:10001234565",
        "profession: Médecin",
        "specialties: Cardiologie",
        "structure: Clinique des Tilleuls",
        "town: Hautmont",
        "certificates: 1",
        "source: tiny:1",
    ]
    first, *others = hub("directory", "lookup", LILAS).out.splitlines()
    assert first == f"✓ {LILAS} – Camille LILAS"
    assert [": ".join(line.split(maxsplit=1)) for line in others] == rows
    said = hub("directory", "lookup", "dr.aubepine@valbrume.example", language="fr").out
    assert said.startswith("✗ ")
    assert "suspendu du 2026-03-01 au 2026-09-01" in said
    said = hub("directory", "lookup", "finess:750712184", language="fr").out
    assert "organisationnelle, liste rouge" in said
    assert "responsable   Camille LILAS" in said
    assert "finess:750712184, urn:oid:1.2.3 x" in said


@pytest.mark.usefixtures("configure")
@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("rpps:10001234567", "mal saisi"),
        ("rpps:1", "11 chiffres"),
        ("adeli:123", "finess:"),
        ("ins:123", "matricule"),
        ("a@b@c", "nom@domaine"),
        ("nobody@valbrume.example", "ne figure pas"),
    ],
)
def test_who_is_not_there_or_mistyped_is_told_in_words(hub: Hub, who: str, words: str) -> None:
    """Exit code 4, and what would be right."""
    said = hub("directory", "lookup", who, language="fr")
    assert (said.code, said.out) == (exit_codes.REFUSED, "")
    assert words in said.err


@pytest.mark.usefixtures("configure")
def test_explain_shows_the_whole_way(hub: Hub) -> None:
    """Each directory in its order, the space of trust, the operator, and the verdict last."""
    said = hub("directory", "explain", LILAS)
    assert said.code == 0
    assert said.out.startswith(f"{LILAS}\n")
    (local,) = [line for line in said.out.splitlines() if line.startswith("local")]
    assert "not listed" in local
    assert "register:3" in local
    assert " ms" in local
    (national,) = [line for line in said.out.splitlines() if line.startswith("national")]
    assert "Camille LILAS (personal, active)" in national
    assert "valbrume.example – Valbrume Santé (list:7)" in said.out
    assert said.out.splitlines()[-1].startswith("✓ ")


@pytest.mark.usefixtures("configure")
def test_explain_says_who_was_not_asked(hub: Hub) -> None:
    """The first that knows decides."""
    said = hub("directory", "explain", "finess:750712184", "--json")
    told = said.json()
    assert [(one["name"], one["asked"]) for one in told["directories"]] == [
        ("local", True),
        ("national", False),
    ]
    assert told["target"] == "finess:750712184"
    # hautmont.example is neither admitted nor served.
    assert (told["trust"]["asked"], told["trust"]["admitted"], told["operator"]) == (True, False, None)
    assert (said.code, told["reachable"]) == (exit_codes.REFUSED, False)
    assert (
        "pas interrogé : un précédent savait"
        in hub("directory", "explain", "finess:750712184", language="fr").out
    )


@pytest.mark.usefixtures("configure")
def test_explain_suggests_and_refuses(hub: Hub) -> None:
    """A slip of the pen gets a suggestion, somebody who may not practise the reason."""
    said = hub("directory", "explain", "dr.camile.lilas@valbrume.example", language="fr")
    assert said.code == exit_codes.REFUSED
    assert f"serait-ce            {LILAS}" in said.out
    said = hub("directory", "explain", "dr.aubepine@valbrume.example")
    assert said.code == exit_codes.REFUSED
    assert "suspended" in said.out.splitlines()[-1]


@pytest.mark.usefixtures("configure")
def test_explain_names_the_candidates_of_a_description(hub: Hub) -> None:
    """An ambiguous name is refused, and both are told."""
    said = hub("directory", "explain", "lilas", "--json")
    assert said.code == exit_codes.REFUSED
    told = said.json()
    assert LILAS in told["verdict"]["fr"]
    assert "dr.c.lilas@valbrume.example" in told["verdict"]["fr"]
    assert [len(one["entries"]) for one in told["directories"]] == [0, 2]
    lines = hub("directory", "explain", "lilas").out.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("national")]
    assert "Camille LILAS" in lines[at]
    assert lines[at + 1].strip() == "dr.c.lilas@valbrume.example – Claude LILAS (personal, active)"


def test_explain_tells_who_cant_answer(hub: Hub, configure: Configure) -> None:
    """A directory or a space of trust that is silent is exit code 6, with its own words."""
    configure(NATIONAL + "silent = true\n", OPERATOR, TRUST)
    said = hub("directory", "explain", LILAS)
    assert said.code == exit_codes.TEMPORARY
    assert "It is asleep." in said.out
    configure(NATIONAL.replace("national", "first") + "silent = true\n", NATIONAL, OPERATOR)
    assert hub("directory", "explain", LILAS).code == exit_codes.TEMPORARY, "none is passed over"
    configure(NATIONAL, OPERATOR, '[trust.list]\nkind = "register"\n')
    said = hub("directory", "explain", LILAS, language="fr")
    assert said.code == exit_codes.TEMPORARY
    assert "Pas de liste." in said.out
    configure(NATIONAL, OPERATOR)
    assert "not asked" in hub("directory", "explain", LILAS).out
    assert hub("directory", "search", "lilas").code == 0
    configure(NATIONAL + "silent = true\n")
    assert hub("directory", "search", "lilas").code == exit_codes.TEMPORARY


@pytest.mark.usefixtures("configure", "paris")
@pytest.mark.parametrize(
    ("at", "en", "fr"),
    [
        (
            "2026-03-03T14:00",
            [
                "Yes, allowed to practise at 2026-03-03 14:00:00+01:00: active, by register:1.",
                (
                    "Of that day the directory says since 2026-03-05 05:30:00+01:00:"
                    " struck off since 2026-03-02, by register:2."
                ),
            ],
            [
                "Oui, exercice autorisé le 2026-03-03 14:00:00+01:00 : en exercice, d'après register:1.",
                (
                    "De ce jour, l'annuaire dit depuis le 2026-03-05 05:30:00+01:00 :"
                    " radié depuis le 2026-03-02, d'après register:2."
                ),
            ],
        ),
        (
            "2026-03-30T14:00+00:00",
            [
                (
                    "No, not allowed to practise at 2026-03-30 16:00:00+02:00:"
                    " struck off since 2026-03-02, by register:2."
                )
            ],
            [
                (
                    "Non, exercice non autorisé le 2026-03-30 16:00:00+02:00 :"
                    " radié depuis le 2026-03-02, d'après register:2."
                )
            ],
        ),
        (
            "2025-12-24",
            [
                (
                    "Not known: at 2025-12-24 00:00:00+01:00 the hub knew nothing of them yet;"
                    " its memory of them begins 2026-01-05 05:30:00+01:00."
                )
            ],
            [
                (
                    "Non connu : le 2025-12-24 00:00:00+01:00 le hub n'en savait encore rien ;"
                    " sa mémoire commence le 2026-01-05 05:30:00+01:00."
                )
            ],
        ),
        (
            "2026-04-10",
            [
                "No, not in the directory at 2026-04-10 00:00:00+02:00.",
                (
                    "Of that day the directory says since 2026-03-05 05:30:00+01:00:"
                    " struck off since 2026-03-02, by register:2."
                ),
            ],
            [
                "Non, absent de l'annuaire le 2026-04-10 00:00:00+02:00.",
                (
                    "De ce jour, l'annuaire dit depuis le 2026-03-05 05:30:00+01:00 :"
                    " radié depuis le 2026-03-02, d'après register:2."
                ),
            ],
        ),
        (
            None,
            ["Not in the directory any more since 2026-04-05 06:30:00+02:00."],
            ["Absent de l'annuaire depuis le 2026-04-05 06:30:00+02:00."],
        ),
    ],
)
def test_history_answers_in_a_sentence(hub: Hub, at: str | None, en: list[str], fr: list[str]) -> None:
    """In the machine's own time, with its offset; what was learnt later stands apart."""
    moment = ["--at", at] if at else []
    for language, sentences in (("en", en), ("fr", fr)):
        said = hub("directory", "history", "rpps:10001234565", *moment, language=language)
        assert said.code == 0
        assert said.out.split("\n\n")[0].splitlines() == sentences


@pytest.mark.usefixtures("configure", "paris")
def test_history_lists_periods_and_changes(hub: Hub) -> None:
    """For a person in columns, for a program with times in UTC."""
    said = hub("directory", "history", "rpps:10001234565")
    _, periods, changes = said.out.split("\n\n")
    assert "2026-03-05 05:30:00+01:00  2026-04-05 06:30:00+02:00  struck off since 2026-03-02" in periods
    assert len(changes.splitlines()) == 4
    told = hub("directory", "history", "Camille Lilas", "--at", "2026-03-03T13:00Z", "--json").json()
    assert told["at"] == "2026-03-03T13:00:00.000Z"
    assert told["then"]["standing"] == "active"
    assert told["now_known"]["since"] == "2026-03-02"
    assert [one["what"] for one in told["changes"]] == ["appeared", "standing", "gone"]
    assert told["periods"][1]["known_until"] == "2026-04-05T04:30:00.000Z"
    assert told["answer"][0]["fr"].startswith("Oui")


@pytest.mark.usefixtures("configure")
@pytest.mark.parametrize(
    ("who", "at", "words"),
    [
        ("rpps:10001234565", "yesterday", "2026-03-03T14:00"),
        ("rpps:10001234565", "9999-12-31T23:59", "still to come"),
        ("rpps:10001234565", "0001-01-01", "is no time"),
        ("dr.c.lilas@valbrume.example", "2026-03-03", "Nothing is remembered"),
        ("lilas", "2026-03-03", "fits 2 people"),
    ],
)
def test_history_refuses_what_it_cant_answer(hub: Hub, who: str, at: str, words: str) -> None:
    """A time that is none or to come, somebody unknown, or several."""
    said = hub("directory", "history", who, "--at", at)
    assert (said.code, said.out) == (exit_codes.REFUSED, "")
    assert words in said.err


def test_a_synchronisation_reports_what_it_brought(hub: Hub, configure: Configure) -> None:
    """Who appeared, changed, lost an activity or is gone, and how many mailboxes."""
    changes = 'changes = ["1", "2", "3", "4", "5", "6", "7"]\n'
    configure(NATIONAL + changes)
    for command in (["sync"], ["import", "file.txt"]):
        said = hub("directory", *command, language="fr")
        assert (said.code, said.err) == (0, "")
        assert said.out.splitlines() == [
            "À présent register:3 : 3 professionnels, 4 boîtes.",
            "Professionnels : 1 apparus, 2 modifiés, 3 avec une activité de moins, 4 disparus.",
            "Boîtes : 5 apparues, 6 modifiées, 7 disparues.",
        ]
        told = hub("directory", *command, "--json").json()
        assert (told["version"], told["professionals"], told["mailboxes"]) == ("register:3", 3, 4)
        assert told["changes"]["less"] == 3
    configure(NATIONAL)
    assert hub("directory", "sync", "--json").json()["changes"] is None
    configure(NATIONAL + changes.translate(str.maketrans("1234567", "0000000")))
    assert hub("directory", "sync").out.endswith("Nothing has changed.\n")


def test_a_server_that_does_not_answer_is_exit_code_six(hub: Hub, configure: Configure) -> None:
    """A timer can tell it from a configuration that is wrong; several directories need a name."""
    configure(NATIONAL + "silent = true\n")
    said = hub("directory", "sync")
    assert (said.code, said.out, said.err) == (exit_codes.TEMPORARY, "", "hub: It is asleep.\n")
    configure(LOCAL, NATIONAL)
    said = hub("directory", "sync")
    assert said.code == exit_codes.REFUSED
    assert "local, national" in said.err
    assert hub("directory", "sync", "--name", "local").code == 0


def test_a_terminal_sees_bars(hub: Hub, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read and how much of it; a server's steps are counted, files measured."""
    configure(NATIONAL)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    said = hub("directory", "sync")
    assert "Practitioner" in said.err
    assert "7/?" in said.err
    said = hub("directory", "import", "file.txt")
    assert "file.txt" in said.err
    assert "0.5/1.0 kB" in said.err
