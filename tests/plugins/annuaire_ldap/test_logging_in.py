"""Who may search: accounts over TLS, and without one only who is here already or has a certificate."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.domain.address import Address
from hub.errors import ConfigError
from hub_annuaire.ldap.directory import open_directory
from hub_annuaire.ldap.face import passwords
from hub_annuaire.ldap.face.accounts import Accounts
from hub_annuaire.ldap.face.binding import Way, account, enter, may_be_anonymous
from hub_annuaire.ldap.face.names import Name
from hub_annuaire.ldap.face.settings import Settings
from hub_annuaire.ldap.messages import Bind, Code
from hub_annuaire.ldap.secure import Identity
from tests.plugins.annuaire_ldap import door, people, slapd
from tests.plugins.annuaire_ldap.door import ACCOUNT, BASE, PASSWORD
from tests.plugins.annuaire_ldap.slapd import Authority

ABROAD = Way(host="192.0.2.7", tls=False, certificate=False)


@pytest.mark.parametrize("name", [ACCOUNT, f"uid={ACCOUNT},{BASE}", f"cn={ACCOUNT}", f"UID = {ACCOUNT}"])
async def test_an_account_logs_in_under_tls(by: Authority, folder: Path, name: str) -> None:
    """By its bare name or as a DN, with ldaps and with StartTLS."""
    async with door.opened(by, folder) as one:
        login = ("-D", name, "-w", PASSWORD)
        assert (await one.search("(sn=dupont)", "mail", options=login, tls=True)).mails == [door.DUPONT]
        start_tls = (*login, "-ZZ")
        assert (await one.search("(sn=dupont)", "mail", options=start_tls)).mails == [door.DUPONT]
    peers = {fields.get("peer") for _, event, fields in one.log.lines if event == "ldap.searched"}
    assert peers == {f"account:{ACCOUNT}"}


@pytest.mark.parametrize(
    ("login", "code", "words"),
    [
        (("-D", f"uid={ACCOUNT},{BASE}", "-w", "a wrong password"), 49, "The name or the password is wrong."),
        (("-D", f"uid=nobody,{BASE}", "-w", PASSWORD), 49, "The name or the password is wrong."),
        (("-D", f"uid={ACCOUNT},dc=elsewhere", "-w", PASSWORD), 49, "The name or the password is wrong."),
        (("-D", f"uid={ACCOUNT},{BASE}", "-w", ""), 53, "A name without a password logs nobody in."),
        ((), 48, "Log in with an account of this hub"),
        (("-P", "2"), 2, "Only version 3 of LDAP is spoken here."),
    ],
)
async def test_who_is_refused_is_told_why(
    by: Authority, folder: Path, login: tuple[str, ...], code: int, words: str
) -> None:
    """A wrong name and a wrong password sound the same."""
    async with door.opened(by, folder) as one:
        said = await one.search("(sn=dupont)", options=login, tls=True)
        assert (said.code, words in said.err) == (code, True), said
        assert one.catalogue.asked == []


async def test_sasl_is_refused_properly(by: Authority, folder: Path) -> None:
    """authMethodNotSupported, with words."""
    async with door.opened(by, folder) as one:
        client = await door.Client.open(one)
        result = await client.ask(Bind(name="", mechanism="PLAIN"))
        assert result.code == Code.METHOD_NOT_SUPPORTED
        assert "Only simple bind is known here" in result.text
        client.close()


async def test_words_are_in_the_configured_language(by: Authority, folder: Path) -> None:
    """French for those who read it."""
    async with door.opened(by, folder, language="fr") as one:
        said = await one.search("(sn=dupont)", options=("-D", ACCOUNT, "-w", "faux"), tls=True)
        assert "Le nom ou le mot de passe est faux." in said.err


async def test_passwords_are_not_taken_in_clear_from_afar(folder: Path) -> None:
    """confidentialityRequired, whether the password is right or not; on this machine it is taken."""
    settings = Settings(listen=(door.ANY,), accounts=_accounts(folder))
    accounts = Accounts(settings.accounts, people.host(folder))
    right = Bind(name=ACCOUNT, password=PASSWORD)
    assert (await enter(right, ABROAD, settings, accounts)).code is Code.CONFIDENTIALITY_REQUIRED
    here = Way(host="127.0.0.1", tls=False, certificate=False)
    assert (await enter(right, here, settings, accounts)).who == ACCOUNT
    assert (await enter(right, Way(host="192.0.2.7", tls=True, certificate=False), settings, accounts)).who


@pytest.mark.parametrize(
    ("host", "certificate", "anonymous", "expected"),
    [
        ("127.0.0.1", False, True, True),
        ("::1", False, True, True),
        ("::ffff:127.0.0.1", False, True, True),
        ("192.0.2.7", False, True, False),
        ("192.0.2.7", True, True, True),
        ("192.0.2.7", True, False, False),
        ("127.0.0.1", False, False, False),
    ],
)
def test_who_needs_no_account(host: str, certificate: bool, anonymous: bool, expected: bool) -> None:  # noqa: FBT001 - a table
    """Only when it is configured, and then on this machine or with a certificate."""
    settings = Settings(listen=(door.ANY,), anonymous=anonymous)
    assert may_be_anonymous(settings, Way(host=host, tls=certificate, certificate=certificate)) is expected


async def test_a_certificate_of_ours_is_asked_for_and_verified(by: Authority, folder: Path) -> None:
    """Who shows one of another authority does not get in at all."""
    other = slapd.authority(folder / "other")
    async with door.opened(by, folder, anonymous=True, client_authorities=(by.pem,)) as one:
        url = f"ldaps://localhost:{one.port(1)}"
        for authority, gets_in in ((by, True), (other, False)):
            certificate, key = slapd.issue(authority, folder, "client", "client.example")
            settings = people.settings(
                by, folder, url, base=BASE, bind="anonymous",
                identity=Identity(certificate=certificate, key=key),
            )  # fmt: skip
            async with open_directory(settings, people.host(folder)) as directory:
                asked = directory.by_address(Address.parse(door.DUPONT))
                if gets_in:
                    assert await asked is not None
                else:
                    with pytest.raises(Exception, match=r"ldap\.unreachable"):
                        await asked


async def test_who_fails_too_often_is_cut_off(by: Authority, folder: Path) -> None:
    """After as many wrong passwords as are allowed the connection ends."""
    async with door.opened(by, folder, max_failed_logins=2) as one:
        client = await door.Client.open(one)
        for _ in range(2):
            assert (await client.ask(Bind(name=ACCOUNT, password="wrong"))).code == Code.INVALID_CREDENTIALS
        assert await client.ended()


async def test_a_failed_login_forgets_who_was_known(by: Authority, folder: Path) -> None:
    """As RFC 4511 has it: after a failed bind the client is nobody."""
    async with door.opened(by, folder) as one:
        client = await door.Client.open(one)
        assert (await client.ask(Bind(name=ACCOUNT, password=PASSWORD))).code == Code.SUCCESS
        assert (await client.ask(door.DUPONT_SEARCH)).code == Code.SUCCESS
        assert (await client.ask(Bind(name=ACCOUNT, password="wrong"))).code == Code.INVALID_CREDENTIALS
        assert (await client.ask(door.DUPONT_SEARCH)).code == Code.INSUFFICIENT_ACCESS
        client.close()


async def test_accounts_change_without_a_restart(folder: Path) -> None:
    """Who is taken out can't log in any more; a file with a slip in it changes nothing."""
    file = _accounts(folder)
    host = people.host(folder)
    accounts = Accounts(file, host)
    assert await accounts.may_enter(ACCOUNT, PASSWORD)
    assert not await accounts.may_enter("other", PASSWORD)
    file.write_text(f"other:{passwords.keep(PASSWORD, bytes(range(16)))}\n")
    assert await accounts.may_enter("other", PASSWORD)
    assert not await accounts.may_enter(ACCOUNT, PASSWORD)
    file.write_text("nonsense\n")
    assert await accounts.may_enter("other", PASSWORD)
    assert host.log.events() == ["ldap.accounts_unreadable"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "line",
    [
        "cabinet",
        "cabinet:password",
        "a b:$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43,
        "cabinet:$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43,
        "cabinet:$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 42,
        f"{ACCOUNT}:{door.KEPT}",
    ],
)
def test_a_line_that_is_no_account_is_named(folder: Path, line: str) -> None:
    """File and line, not what stands there."""
    file = _accounts(folder)
    file.write_text(file.read_text() + line + "\n")
    with pytest.raises(ConfigError) as caught:
        Accounts(file, people.host(folder))
    assert caught.value.code == "ldap.accounts"
    assert f"{file}, line 2" in caught.value.words.en
    assert "AAAA" not in str(caught.value)


def test_accounts_that_are_not_there_stop_the_start(folder: Path) -> None:
    """The configuration names a file that must be there."""
    with pytest.raises(ConfigError):
        Accounts(folder / "none", people.host(folder))


@pytest.mark.parametrize("given", ["mail=x", "uid=x,dc=other", "uid=x+cn=y", "uid", "uid=,,", "=x"])
def test_what_names_no_account_is_nobody(given: str) -> None:
    """Such a name finds no account, whatever accounts there are."""
    assert account(given, Name.parse(BASE)) in {"", "uid"}


def test_a_password_is_kept_as_scrypt_makes_it() -> None:
    """RFC 7914's algorithm with its cost in the text; the text gives the same back."""
    kept = passwords.keep("épée et bouclier", bytes(range(16)))
    assert str(kept).startswith("$scrypt$ln=15,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$")
    assert passwords.Kept.parse(str(kept)) == kept
    assert kept.is_of("épée et bouclier")
    assert not kept.is_of("epee et bouclier")
    assert not kept.is_of("x" * 5000)


def _accounts(folder: Path) -> Path:
    file = folder / "accounts"
    file.write_text(f"{ACCOUNT}:{door.KEPT}\n")
    return file


async def test_checks_of_passwords_do_not_stop_the_hub(folder: Path) -> None:
    """They run beside it, two at a time."""
    accounts = Accounts(_accounts(folder), people.host(folder))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    assert all(await asyncio.gather(*(accounts.may_enter(ACCOUNT, PASSWORD) for _ in range(4))))
    ticking.cancel()
    assert ticks > 10
