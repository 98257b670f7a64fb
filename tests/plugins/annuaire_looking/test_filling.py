"""An index that was changed answers as one that was made at once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some

from hub.domain.address import Address
from hub.ports.directory import MailboxKind
from hub_annuaire.looking import index
from hub_annuaire.looking.index import Index, Shown
from tests.plugins.annuaire_looking import made
from tests.plugins.annuaire_looking.made import MEDECIN, locals_of, shown

people = some.builds(
    lambda number, family, town, specialty: shown(
        f"p{number}.somebody", f"Dr Zoé {family}", town=town, specialties=specialty
    ),
    some.integers(0, 30),
    some.sampled_from(["MARTIN", "MARTINET", "VAL", "DUPONT"]),
    some.sampled_from(["Lyon", "Hautmont", ""]),
    some.sampled_from([made.CARDIOLOGY, made.GENERAL, ""]),
)


@settings(max_examples=150, deadline=None)
@given(
    some.lists(
        some.tuples(
            some.booleans(), some.lists(people, min_size=1, max_size=8, unique_by=lambda one: one.key)
        ),
        max_size=8,
    )
)
def test_updates_come_to_the_same(updates: list[tuple[bool, list[Shown]]]) -> None:
    """Whatever was added, replaced and removed before."""
    connection = made.opened()
    held: dict[str, Shown] = {}
    for adds, several in updates:
        if adds:
            index.add(connection, several)
            held.update((one.key, one) for one in several)
        else:
            index.remove(connection, [one.key for one in several])
            for one in several:
                held.pop(one.key, None)
    connection.execute("INSERT INTO looking (looking, rank) VALUES ('integrity-check', 1)")
    fresh = made.opened(*held.values())
    for text in ("m", "martin", "martin lyon", "cardiologue", "généraliste haut", "zoe", "p1", "dupont val"):
        # where many are added in one place, the order is only nearly that of names
        assert sorted(Index(fresh).search(text, 50)) == sorted(Index(connection).search(text, 50)), text
    for table in (
        "SELECT word, count FROM looking_word ORDER BY word",
        "SELECT hash, traits FROM looking_piece ORDER BY 1, 2",
    ):
        assert fresh.execute(table).fetchall() == connection.execute(table).fetchall()
    near = Address("p1.somebodi", MEDECIN)
    assert Index(fresh).near(near) == Index(connection).near(near)


def test_what_was_removed_is_gone() -> None:
    """From every question."""
    connection = made.opened(shown("a.martin", "Dr Zoé MARTIN"), shown("b.val", "Dr Zoé VAL"))
    index.remove(connection, [f"a.martin@{MEDECIN}", "nobody@nowhere.example", f"a.martin@{MEDECIN}"])
    assert ["b.val"] == locals_of(Index(connection).search("zoe", 5))
    assert Index(connection).search("martin", 5) == []
    assert Index(connection).near(Address("a.martinn", MEDECIN)) == []
    index.remove(connection, [f"b.val@{MEDECIN}"])
    index.add(connection, [shown("c.roc", "Dr Léa ROC")])
    assert ["c.roc"] == locals_of(Index(connection).search("roc", 5))


def test_a_mailbox_stands_in_its_place_in_the_order() -> None:
    """A later update changes nothing in which comes first."""
    connection = made.opened(
        *(shown(f"{name}", f"Dr Zoé {name.upper()}") for name in ("aubry", "martin", "val"))
    )
    for name in ("bernard", "lefort", "zola", "abel", *(f"martin{number}" for number in range(4))):
        index.add(connection, [shown(name, f"Dr Zoé {name.upper()}")])
    found = locals_of(Index(connection).search("zoe", 100))
    assert found[:4] == ["abel", "aubry", "bernard", "lefort"]
    assert found[-2:] == ["val", "zola"]


def test_the_same_mailbox_twice_in_one_go_is_one() -> None:
    """Into an empty index and into one that holds something."""
    twice = [shown("a", "Dr Zoé MARTIN"), shown("a", "Dr Zoé VAL")]
    connection = made.opened(*twice)
    for _ in range(2):
        assert ["a"] == locals_of(Index(connection).search("zoe", 5))
        assert 1 == len(Index(connection).search("martin", 5) + Index(connection).search("val", 5))
        index.add(connection, twice)


def test_where_there_is_no_room_left_the_next_number_does() -> None:
    """After a hundred people of one name all are found."""
    practice = shown("z@a.example", "Cabinet", mailbox=MailboxKind.ORGANISATIONAL, town="Lyon")
    connection = made.opened(shown("a", "Dr Zoé MARTIN", town="Lyon"), practice)
    for number in range(100):
        index.add(connection, [shown(f"b{number}", "Dr Zoé MARTIN", town="Lyon")])
    assert 101 == len(Index(connection).search("martin", 200))
    assert 102 == len(Index(connection).search("lyon", 200))


def test_it_is_all_one_transaction_of_the_callers() -> None:
    """What fails in the middle leaves nothing behind."""
    connection = made.opened(shown("a", "Dr Zoé MARTIN"))
    connection.execute("BEGIN")
    index.add(connection, [shown("b", "Dr Zoé VAL")])
    index.remove(connection, [f"a@{MEDECIN}"])
    connection.execute("ROLLBACK")
    assert ["a"] == locals_of(Index(connection).search("zoe", 5))


def test_it_may_be_asked_from_a_file_that_nobody_changes(tmp_path: Path) -> None:
    """As the national directory is."""
    path = tmp_path / "index.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(index.TABLES)
        index.add(connection, [shown("a", "Dr Zoé MARTIN")])
    connection.close()
    again = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    assert ["a"] == locals_of(Index(again).search("mart", 5))
    again.close()
