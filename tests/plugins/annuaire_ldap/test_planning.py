"""Nothing is lost between a filter and the questions that are asked for it."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as some

from hub.domain.party import FINESS, RPPS, Identifier
from hub.ports.directory import Coded, Entry, MailboxKind
from hub.testing.fakes import entry
from hub_annuaire.ldap.face import planning
from hub_annuaire.ldap.face.matching import fits
from hub_annuaire.ldap.face.names import Name
from hub_annuaire.ldap.face.searching import Finder
from hub_annuaire.ldap.face.settings import Settings
from hub_annuaire.ldap.face.shown import show
from hub_annuaire.ldap.filters import All, Equal, Filter, Like, Not, Ordered, Pieces, Present, Some
from hub_annuaire.ldap.messages import Code, Scope, Search
from tests.plugins.annuaire_ldap.door import ANY, BASE, Listing

GIVEN = ("Jeanne", "Élodie", "Paul", "Jean-Pierre")
FAMILY = ("DUPONT", "DUPRÉ", "DE LA TOUR", "DURAND-MARTIN")
TOWNS = ("Valbrume", "Hautmont", "")
TRADES = ("Médecin", "Infirmier", "")
ENTRIES: tuple[Entry, ...] = (
    *(
        entry(
            f"{number}.{family.lower().replace(' ', '')}@medecin.mssante.example".replace("é", "e"),
            name=f"Dr {given_name} {family}",
            town=TOWNS[number % 3],
            profession=Coded("", TRADES[number % 3]) if TRADES[number % 3] else None,
            identifiers=(Identifier(RPPS, f"81000000000{number % 10}"),),
        )
        for number, (given_name, family) in enumerate((a, b) for a in GIVEN for b in FAMILY)
    ),
    entry(
        "cardiologie@ch-hautmont.mssante.example", name="Centre hospitalier (Cardiologie)",
        mailbox=MailboxKind.ORGANISATIONAL, identifiers=(Identifier(FINESS, "1750712184"),),
        structure="Centre hospitalier", service="Cardiologie", town="Hautmont",
    ),
)  # fmt: skip
FINDER = Finder(
    settings=Settings(
        listen=(ANY,), anonymous=True, least_letters=1, max_filter_width=1000, max_filter_depth=50
    ),
    catalogue=Listing(ENTRIES),
)
ATTRIBUTES = some.sampled_from(
    (
        "cn",
        "sn",
        "givenName",
        "displayName",
        "title",
        "l",
        "o",
        "ou",
        "mail",
        "uid",
        "objectClass",
        "employeeNumber",
    )
)
TEXTS = some.sampled_from(
    (*GIVEN, *FAMILY, *TOWNS[:2], *TRADES[:2], "dupre", "jean pierre", "Jeanne DUPONT", "de la", "person",
     "810000000003", "10000000003", "1750712184", "cardiologie", "0.dupont@medecin.mssante.example", "nobody")
).map(str.encode)  # fmt: skip
BEGINNINGS = some.builds(
    lambda text, length: text.decode()[: max(1, length)].encode(), TEXTS, some.integers(1, 12)
)
LEAVES = (
    some.builds(Equal, ATTRIBUTES, TEXTS)
    | some.builds(Like, ATTRIBUTES, TEXTS)
    | some.builds(lambda name, first: Pieces(name, first=first), ATTRIBUTES, BEGINNINGS)
    | some.builds(Present, ATTRIBUTES)
    | some.builds(Ordered, ATTRIBUTES, TEXTS, some.booleans())
)
FILTERS: some.SearchStrategy[Filter] = some.recursive(
    LEAVES,
    lambda inner: (
        some.builds(All, some.lists(inner, max_size=3).map(tuple))
        | some.builds(Some, some.lists(inner, max_size=3).map(tuple))
        | some.builds(Not, inner)
    ),
    max_leaves=6,
)


@given(asked=FILTERS)
@how(max_examples=400, deadline=None)
async def test_who_fits_is_found(asked: Filter) -> None:
    """Whatever the filter: an answer that claims to be whole is whole, and none holds who does not fit."""
    search = Search(base=BASE, scope=Scope.ONE, filter=asked)
    outcome = await FINDER.find(search)
    base = Name.parse(BASE)
    expected = {shown.dn for shown in (show(one, base) for one in ENTRIES) if fits(asked, shown)}
    found = {one.dn for one in outcome.found}
    assert found <= expected
    if outcome.code is Code.SUCCESS:
        assert found == expected


def test_long_values_leave_nothing_in_memory() -> None:
    """A client may ask as often as it likes, each time for something else of 64 KiB."""
    shown = show(ENTRIES[-1], Name.parse(BASE))
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(100):
            value = f"{number}é".encode() * (10 << 10)
            assert fits(Equal("cn", value), shown) is False
            assert fits(Pieces("cn", first=value), shown) is False
            assert planning.plan(Equal("uid", value), 2) == ()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1 << 20
