"""What a mail client gets that completes addresses: `ldapsearch` with the filters that clients send."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.testing.fakes import entry
from tests.plugins.annuaire_ldap import door
from tests.plugins.annuaire_ldap.door import BASE, Door
from tests.plugins.annuaire_ldap.slapd import Authority


@pytest.fixture
async def open_door(by: Authority, folder: Path) -> AsyncIterator[Door]:
    """Return a door through which clients on this machine need no account."""
    async with door.opened(by, folder, anonymous=True) as one:
        yield one


@pytest.mark.parametrize(
    ("what", "found"),
    [
        (
            "(&(|(mail=*dup*)(cn=*dup*)(givenName=*dup*)(sn=*dup*))(objectclass=person))",
            {door.DUPONT, door.DUPRE},
        ),
        ("(|(mail=*dup*)(cn=*dup*)(givenName=*dup*)(sn=*dup*))", {door.DUPONT, door.DUPRE}),
        ("(mail=jea*)", {door.DUPONT}),
        ("(mail=dup*)", set()),
        ("(cn=dupont*)", {door.DUPONT}),
        ("(cn=jeanne dup*)", {door.DUPONT}),
        ("(sn=dupont)", {door.DUPONT}),
        ("(sn=DUPRE martin)", {door.DUPRE}),
        ("(sn=Dupré-Martin)", {door.DUPRE}),
        ("(displayName=dr jeanne*)", {door.DUPONT}),
        ("(givenName=elodie)", {door.DUPRE}),
        ("(&(cn=*dup*)(cn=*mart*))", {door.DUPRE}),
        ("(&(sn=dup*)(!(l=Hautmont)))", {door.DUPONT}),
        ("(&(sn=dup*)(title=m*n))", {door.DUPONT}),
        ("(sn~=dupon)", {door.DUPONT}),
        ("(&(sn=dup*)(sn>=dupq))", {door.DUPRE}),
        ("(&(sn=dup*)(sn<=dupq))", {door.DUPONT}),
        ("(sn:caseIgnoreMatch:=dupont)", {door.DUPONT}),
        ("(sn:2.5.13.9:=dupont)", set()),
        ("(ou=cardiologie)", {door.SERVICE}),
        ("(o=centre hospitalier*)", {door.SERVICE}),
        ("(description=cardio*)", {door.DUPONT}),
        (f"(mail={door.DUPONT.upper()})", {door.DUPONT}),
        ("(mail=jeanne.dupont@other.example)", set()),
        ("(mail=not an address)", set()),
        ("(uid=810001234565)", {door.DUPONT}),
        ("(employeeNumber=810001234565)", {door.DUPONT}),
        ("(employeeNumber=10001234565)", {door.DUPONT}),
        ("(uid=750712184)", {door.SERVICE}),
        ("(employeeNumber=10001234566)", set()),
        ("(departmentNumber=1750712184)", {door.SERVICE}),
        ("(sn=upont)", set()),
        ("(cn=*upont*)", set()),
        ("(&(sn=dupont)(objectClass=device))", set()),
        ("(&(sn=dupont)(color=blue))", set()),
        ("(&(sn=dupont)(!(color=blue)))", set()),
        ("(&(sn=dupont)(|(color=blue)(userCertificate=*)))", {door.DUPONT}),
        ("(&(sn=dup*)(!(userCertificate=*)))", {door.DUPRE}),
        ("(surname=dupont)", {door.DUPONT}),
        ("(2.5.4.4=dupont)", {door.DUPONT}),
        ("(sn=\\2a)", set()),
    ],
)
async def test_a_filter_finds_who_fits_it(open_door: Door, what: str, found: set[str]) -> None:
    """The filters of Thunderbird, Outlook and people; nobody who must not be seen is ever in it."""
    said = await open_door.search(what, "mail")
    assert set(said.mails) == found, said
    assert said.code in {0, 4}


@pytest.mark.parametrize(
    "what",
    [
        "(objectClass=*)",
        "(cn=*)",
        "(|(sn=dupont)(objectClass=person))",
        "(!(sn=dupont))",
        "(cn=*d*)",
        "(mail=*)",
    ],
)
async def test_nobody_gets_the_whole_directory(open_door: Door, what: str) -> None:
    """A filter that names nothing, or a single letter, is answered by 'too many', with words that help."""
    said = await open_door.search(what, "mail")
    assert said.mails == []
    assert said.code == 4
    assert "look for the beginning of a name" in said.err + said.out
    assert open_door.catalogue.asked == []


@pytest.mark.parametrize("address", [door.UNLISTED, door.STRUCK_OFF, door.PATIENT])
async def test_who_is_not_to_be_shown_never_is(open_door: Door, address: str) -> None:
    """Neither by name, nor by the exact address, nor as the base of a search."""
    assert address not in (await open_door.search("(cn=dupont*)", "mail")).mails
    assert (await open_door.search(f"(mail={address})", "mail")).mails == []
    said = await open_door.search(
        "(objectClass=*)", "mail", base=f"mail={address},{BASE}", options=("-s", "base")
    )
    assert (said.code, said.mails) == (32, [])


async def test_every_attribute_is_served(open_door: Door) -> None:
    """What an address book shows, and the certificate to encrypt with."""
    said = await open_door.search("(sn=dupont)")
    for name, value in {
        "dn": f"mail={door.DUPONT},{BASE}",
        "displayName": "Dr Jeanne DUPONT",
        "sn": "DUPONT",
        "givenName": "Jeanne",
        "title": "Médecin",
        "description": "Cardiologie",
        "o": "Cabinet du Parc",
        "l": "Valbrume",
        "employeeNumber": "810001234565",
        "businessCategory": "personal",
    }.items():
        assert said.values(name) == [value]
    assert said.values("cn") == ["Jeanne DUPONT", "DUPONT Jeanne", "Dr Jeanne DUPONT"]
    assert said.values("objectClass") == ["top", "person", "organizationalPerson", "inetOrgPerson"]
    assert len(said.values("userCertificate;binary")) == 1
    assert said.values("entryDN") == []


async def test_attributes_are_chosen(open_door: Door) -> None:
    """Named ones in any spelling, all, the operational ones, none, or names only."""
    named = await open_door.search("(sn=dupont)", "MAIL", "surname", "userCertificate")
    assert named.mails == [door.DUPONT]
    assert named.values("sn") == ["DUPONT"]
    assert named.values("userCertificate;binary")
    assert named.values("cn") == []
    operational = await open_door.search("(sn=dupont)", "+")
    assert operational.values("entryDN") == [f"mail={door.DUPONT},{BASE}"]
    assert operational.mails == []
    both = await open_door.search("(sn=dupont)", "*", "+")
    assert both.mails
    assert both.values("structuralObjectClass") == ["inetOrgPerson"]
    none = await open_door.search("(sn=dupont)", "1.1")
    assert none.out.strip() == f"dn: mail={door.DUPONT},{BASE}"
    names = await open_door.search("(sn=dupont)", "mail", options=("-A",))
    assert names.mails == [""]


async def test_the_server_describes_itself(open_door: Door) -> None:
    """Root DSE, subschema, and the base of the tree."""
    root = await open_door.search("(objectClass=*)", "*", "+", base="", options=("-s", "base"))
    assert root.values("namingContexts") == [BASE]
    assert root.values("supportedLDAPVersion") == ["3"]
    assert root.values("supportedExtension") == ["1.3.6.1.4.1.1466.20037"]
    assert root.values("supportedControl") == ["1.2.840.113556.1.4.319"]
    (subschema,) = root.values("subschemaSubentry")
    schema = await open_door.search("(objectClass=subschema)", "+", base=subschema, options=("-s", "base"))
    assert any("'inetOrgPerson'" in one for one in schema.values("objectClasses"))
    assert any("NAME ( 'mail' 'rfc822Mailbox' )" in one for one in schema.values("attributeTypes"))
    top = await open_door.search("(objectClass=*)", base=BASE, options=("-s", "base"))
    assert top.values("ou") == ["annuaire"]


async def test_an_entry_is_read_by_its_name(open_door: Door) -> None:
    """As address books do for the card of somebody; below it there is nothing."""
    name = f"Mail = {door.DUPONT.upper()} , OU=Annuaire,o=caducee"
    one = await open_door.search("(objectClass=*)", "mail", base=name, options=("-s", "base"))
    assert one.mails == [door.DUPONT]
    below = await open_door.search("(objectClass=*)", "mail", base=name, options=("-s", "one"))
    assert (below.code, below.mails) == (0, [])


@pytest.mark.parametrize(
    ("base", "code"),
    [
        ("mail=nobody@nowhere.example,ou=annuaire,o=caducee", 32),
        ("cn=x,mail=nobody@nowhere.example,ou=annuaire,o=caducee", 32),
        ("dc=elsewhere", 32),
        ("uid=1,ou=annuaire,o=caducee", 32),
    ],
)
async def test_a_base_that_is_not_there_is_said_so(open_door: Door, base: str, code: int) -> None:
    """noSuchObject, with how far the name was right."""
    said = await open_door.search("(sn=dupont)", base=base)
    assert said.code == code


async def test_sizes_are_kept(open_door: Door) -> None:
    """The client's own limit, with the entries up to it; and without one everybody who fits."""
    one = await open_door.search("(sn=dup*)", "mail", options=("-z", "1"))
    assert (one.code, len(one.mails)) == (4, 1)
    two = await open_door.search("(sn=dup*)", "mail", options=("-z", "2"))
    assert (two.code, len(two.mails)) == (0, 2)


async def test_results_come_in_pages(by: Authority, folder: Path) -> None:
    """All of them, in pages of two, and each once."""
    async with door.opened(by, folder, anonymous=True) as one:
        one.catalogue.entries = [
            entry(f"dupont.{number}@medecin.mssante.example", name=f"Dr No{number} DUPONT")
            for number in range(7)
        ]
        said = await one.search("(sn=dupont)", "mail", options=("-E", "pr=2/noprompt"))
        assert said.code == 0
        assert len(said.mails) == len(set(said.mails)) == 7
        assert len(one.catalogue.asked) == 1


async def test_our_own_limit_is_the_last(by: Authority, folder: Path) -> None:
    """With it the client learns that there are more; in pages too."""
    async with door.opened(by, folder, anonymous=True, max_answers=1) as one:
        said = await one.search("(sn=dup*)", "mail")
        assert (said.code, len(said.mails)) == (4, 1)
        paged = await one.search("(sn=dup*)", "mail", options=("-E", "pr=5/noprompt"))
        assert (paged.code, len(paged.mails)) == (4, 1)
    async with door.opened(by, folder, anonymous=True, max_candidates=1) as one:
        assert (await one.search("(sn=dup*)", "mail")).code == 4


async def test_a_directory_that_cannot_answer_is_not_an_empty_one(open_door: Door) -> None:
    """unavailable, with words."""
    open_door.catalogue.available = False
    said = await open_door.search("(sn=dupont)")
    assert said.code == 52
    assert "can't answer now" in said.err + said.out


async def test_what_a_search_costs_is_logged_and_not_what_it_was(open_door: Door) -> None:
    """Who asked, when, with what result; never a name that was looked for."""
    await open_door.search("(sn=dupont)")
    (fields,) = [fields for _, event, fields in open_door.log.lines if event == "ldap.searched"]
    assert fields["peer"] == "anonymous"
    assert fields["count"] == 1
    assert "dupont" not in str(open_door.log.lines).lower()
