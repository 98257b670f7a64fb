"""Small things: names, days, words, URLs, addresses, kept answers."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.domain.party import FINESS, RPPS, Identifier
from hub.errors import MalformedError
from hub.ports.directory import Standing
from hub.testing.fakes import FixedClock, entry
from hub_annuaire.ldap import periods, reading
from hub_annuaire.ldap.cache import Cache
from hub_annuaire.ldap.face.names import Name
from hub_annuaire.ldap.face.shown import show
from hub_annuaire.ldap.periods import Verdict
from hub_annuaire.ldap.places import Endpoint, Url, is_loopback

TODAY = date(2026, 3, 3)
DAY = timedelta(days=1)
PARIS = ZoneInfo("Europe/Paris")


@given(value=some.text(some.characters(exclude_categories=("Cs",)), min_size=1, max_size=30))
def test_a_name_is_read_back(value: str) -> None:
    """Whatever signs a value has."""
    name = Name((("ou", "annuaire"), ("o", "caducee"))).below("mail", value)
    assert Name.parse(str(name)) == name


@given(text=some.text(max_size=40))
def test_any_text_is_a_name_or_none(text: str) -> None:
    """And nothing else comes of it."""
    with suppress(MalformedError):
        assert Name.parse(str(Name.parse(text))) == Name.parse(text)


@pytest.mark.parametrize(
    "text", ["x", "=y", "a=b,", "a=b+c=d", 'a="b"', "a=b;;", "a=\\", "a=\\zz"[:3], "é=x"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    """Several types in one part, quotes and empty parts too."""
    with pytest.raises(MalformedError):
        Name.parse(text)


def test_names_compare_without_case_and_spaces() -> None:
    """As RFC 4514 has it."""
    assert Name.parse(" OU = Annuaire , O=Caducee ").key == Name.parse("ou=annuaire,o=caducee").key
    assert Name.parse("mail=x,ou=a,o=b").is_under(Name.parse("OU=A,o=b"))
    assert not Name.parse("o=b").is_under(Name.parse("ou=a,o=b"))


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (Verdict(standing=Standing.ACTIVE), Verdict(standing=Standing.ACTIVE)),
        (
            Verdict(standing=Standing.ACTIVE, until=TODAY),
            Verdict(standing=Standing.ACTIVE, until=TODAY),
        ),
        (
            Verdict(standing=Standing.ACTIVE, until=TODAY - DAY),
            Verdict(standing=Standing.CEASED, since=TODAY),
        ),
        (
            Verdict(standing=Standing.ACTIVE, since=TODAY + DAY),
            Verdict(standing=Standing.UNKNOWN, until=TODAY),
        ),
        (
            Verdict(standing=Standing.SUSPENDED, since=TODAY, until=TODAY),
            Verdict(standing=Standing.SUSPENDED, since=TODAY, until=TODAY),
        ),
        (
            Verdict(standing=Standing.SUSPENDED, since=TODAY + DAY),
            Verdict(standing=Standing.ACTIVE, until=TODAY),
        ),
        (
            Verdict(standing=Standing.SUSPENDED, until=TODAY - DAY),
            Verdict(standing=Standing.ACTIVE, since=TODAY),
        ),
        (
            Verdict(standing=Standing.STRUCK_OFF, until=TODAY - DAY),
            Verdict(standing=Standing.STRUCK_OFF, until=TODAY - DAY),
        ),
        (
            Verdict(standing=Standing.UNKNOWN, until=TODAY - DAY),
            Verdict(standing=Standing.UNKNOWN, until=TODAY - DAY),
        ),
        (
            Verdict(standing=Standing.ACTIVE, until=date.max),
            Verdict(standing=Standing.ACTIVE, until=date.max),
        ),
    ],
)
def test_a_standing_is_judged_by_its_days(stated: Verdict, expected: Verdict) -> None:
    """First and last day included."""
    assert periods.on(TODAY, stated) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-03", " 2026-03-03 ", "20260303", "20260303000000Z", "202603031200Z", "2026030312Z",
        "20260303120000.5+0100", "20260302230000Z", "20260303225959Z", "20260303003000+01",
    ],
)  # fmt: skip
def test_a_day_is_read(text: str) -> None:
    """In the forms that directories have; a moment is on the day that it is in France."""
    assert periods.day(text, PARIS) == TODAY


@pytest.mark.parametrize(
    "text", ["03/03/2026", "2026-02-30", "soon", "2026", "20260303Z", "2026030325Z", "00010101000000+2300"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    """Never guessed at."""
    with pytest.raises(ValueError, match=r".+"):
        periods.day(text, PARIS)


def test_identifiers_are_read_with_and_without_their_type() -> None:
    """Both spellings are the same bearer's."""
    assert reading.national(RPPS, "10001234565") == "810001234565"
    assert reading.national(RPPS, "810001234565") == "810001234565"
    assert reading.national(FINESS, "75 071 2184") == "1750712184"
    assert reading.spellings(Identifier(FINESS, "1750712184")) == ("1750712184", "750712184")
    assert reading.spellings(Identifier(RPPS, "0ADELI0001")) == ("0ADELI0001",)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("ldaps://annuaire.example", "annuaire.example", 636),
        ("LDAP://annuaire.example/", "annuaire.example", 389),
        ("ldap://annuaire.example:1389", "annuaire.example", 1389),
        ("ldaps://[2001:db8::1]", "2001:db8::1", 636),
        ("ldaps://[2001:db8::1]:1636", "2001:db8::1", 1636),
        ("ldap://127.0.0.1", "127.0.0.1", 389),
    ],
)
def test_a_url_is_a_server(text: str, host: str, port: int) -> None:
    """With its port, or the standard one."""
    url = Url.parse(text)
    assert url.at == Endpoint(host, port)
    assert Url.parse(str(url)) == url


@pytest.mark.parametrize(
    "text",
    [
        "annuaire.example",
        "http://x",
        "ldap://",
        "ldap://x/o=base",
        "ldap://x:99999",
        "ldap://a b",
        "ldapi://%2f",
        "ldap://::1",
    ],
)
def test_anything_else_is_no_server(text: str) -> None:
    """A base or a filter in it too: they have keys of their own."""
    with pytest.raises(MalformedError):
        Url.parse(text)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("::ffff:127.0.0.1", True),
     ("10.0.0.1", False), ("localhost.example", False), ("", False), ("192.0.2.1", False)],
)  # fmt: skip
def test_this_machine_is_known(host: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """By address or by the one name."""
    assert is_loopback(host) is expected


def test_answers_are_kept_so_long_and_so_many() -> None:
    """The least used is forgotten first; none are kept for no time."""
    clock = FixedClock()
    cache: Cache[int] = Cache(clock, timedelta(seconds=10), 2)
    for number in range(2):
        cache.put(number, number)
    assert cache.get(0) == 0
    cache.put(2, 2)
    assert cache.get(1) is None
    clock.advance(timedelta(seconds=10))
    assert cache.get(0) is None
    never: Cache[int] = Cache(clock, timedelta(0), 2)
    never.put(0, 0)
    assert never.get(0) is None


@pytest.mark.parametrize(
    ("name", "given_name", "family"),
    [
        ("Dr Jeanne DUPONT", "Jeanne", "DUPONT"),
        ("Mme Élodie DUPRÉ-MARTIN", "Élodie", "DUPRÉ-MARTIN"),
        ("Pr Anne Marie DE LA TOUR", "Anne Marie", "DE LA TOUR"),
        ("DUPONT", None, "DUPONT"),
        ("Jeanne Dupont", "Jeanne", "Dupont"),
        ("Dr", None, "Dr"),
    ],
)
def test_a_name_is_taken_apart(name: str, given_name: str | None, family: str) -> None:
    """Title aside, the family name is what stands in capitals at the end."""
    shown = show(entry("x@medecin.mssante.example", name=name), Name.parse("o=x"))
    assert shown.values["sn"] == (family.encode(),)
    assert shown.values.get("givenName") == (None if given_name is None else (given_name.encode(),))
