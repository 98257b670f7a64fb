"""Keys in a card: a real PKCS#11 token signs, a wrong PIN is tried once, and what is missing is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pkcs11 as library
import pytest

from hub.errors import ConfigError, HubError, PeerError
from hub.ports.signing import Mechanism
from hub_eprescription.signing import cades, card, xmldsig
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.card import Where
from hub_eprescription.signing.pins import PinMemory, Tried
from hub_eprescription.signing.pkcs11 import TokenSettings, TokenSigner, open_token
from hub_eprescription.signing.signers import Signers
from tests.plugins.eprescription.prescribers import NOW, Holder, authority, make_key, prescriber
from tests.plugins.eprescription.signing.tokens import PIN, Lent, Reader, make_reader
from tests.plugins.eprescription.signing.xml import signed_info

CONTENT = b"<Bundle/>"
LABEL = "Carte Lilas"


@pytest.fixture(name="reader")
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Set up a card reader of this test's own."""
    return make_reader(tmp_path, monkeypatch)


@asynccontextmanager
async def signer(reader: Reader, lent: Lent, **changes: Any) -> AsyncIterator[TokenSigner]:
    """Open a signer as the hub does."""
    where = {"module": str(reader.module), "token": LABEL, "key_id": b"\x01"}
    given = {name: changes.pop(name) for name in tuple(changes) if name not in {"pin", "certificate"}}
    settings = TokenSettings(
        where=Where(**(where | given)),
        pin=changes.get("pin", reader.folder / "pin"),
        certificate=changes.get("certificate"),
    )
    async with open_token(settings, lent.host(reader.folder)) as opened:
        yield opened


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("name", [{"key_id": b"\x01"}, {"key_id": None, "key_label": "sig"}])
async def test_a_card_signs(reader: Reader, kind: str, name: dict[str, Any]) -> None:
    """A prescription is signed by a key that never leaves its token, with the certificate found beside it."""
    root = authority(make_key(kind))
    reader.insert(LABEL, prescriber(root, make_key(kind)))
    reader.pin()
    async with signer(reader, Lent(), **name) as opened:
        signed = [await cades.envelop(CONTENT, opened, NOW) for _ in range(3)]
    for one in signed:
        verified = await cades.verify(one, root.trust, NOW)
        assert (CONTENT, True) == (verified.content, verified.trusted)
    assert reader.logins() == 1


@pytest.mark.parametrize("mechanism", [Mechanism.RSA_PKCS1_SHA1, Mechanism.RSA_PKCS1_SHA256])
async def test_a_card_signs_xml(reader: Reader, mechanism: Mechanism) -> None:
    """The older signature that EPS demands is made by the card too."""
    root = authority(make_key("rsa"))
    reader.insert(LABEL, prescriber(root, make_key("rsa")))
    reader.pin()
    async with signer(reader, Lent()) as opened:
        signed = await xmldsig.sign_info(signed_info(mechanism), opened, mechanism)
    assert (await xmldsig.verify(signed, Authorities([root.der], accepts_sha1=True), NOW)).trusted


async def test_every_mechanism_signs(reader: Reader) -> None:
    """What a signer offers, it can do: PSS is verified as the key in memory makes it."""
    holder = prescriber(None, make_key("rsa"))
    reader.insert(LABEL, holder)
    reader.pin()
    async with signer(reader, Lent()) as opened:
        await opened.ready()
        for mechanism in opened.mechanisms:
            assert len(await opened.sign(CONTENT, mechanism)) == 256


async def test_the_certificate_may_be_in_a_file(reader: Reader) -> None:
    """A card without certificates signs with the chain that a file holds, and need not be in at the start."""
    root = authority()
    between = authority(name="Autorité de Hautmont", by=root)
    holder = prescriber(between)
    _, chain = holder.write(reader.folder)
    async with signer(reader, Lent(), certificate=chain) as opened:
        assert len(opened.chain) == 2
        assert opened.mechanisms == (Mechanism.ECDSA_SHA256,)
        reader.insert(LABEL, holder, certificate=False)
        reader.pin()
        signed = await cades.envelop(CONTENT, opened, NOW)
    assert (await cades.verify(signed, root.trust, NOW)).trusted


async def test_many_sign_at_once(reader: Reader) -> None:
    """A card does one thing at a time; who signs with it at the same moment waits their turn."""
    root = authority()
    reader.insert(LABEL, prescriber(root))
    reader.pin()
    async with signer(reader, Lent()) as opened:
        made = await asyncio.gather(
            *(cades.envelop(str(number).encode(), opened, NOW) for number in range(20))
        )
    verified = [await cades.verify(one, root.trust, NOW) for one in made]
    assert [str(number).encode() for number in range(20)] == [one.content for one in verified]
    assert reader.logins() == 1


async def test_a_wrong_pin_at_the_pad_is_the_persons(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who mistypes at the reader's own pad is told so, and may type again: no file is to be corrected."""
    reader.insert(LABEL, prescriber(authority()))

    def refuse(_where: Where, pin: str | None) -> None:
        assert pin is None
        raise library.PinIncorrect

    monkeypatch.setattr(card, "log_in", refuse)
    async with signer(reader, Lent(), pin=None) as opened:
        with pytest.raises(PeerError, match="typed at the reader") as caught:
            await cades.envelop(CONTENT, opened, NOW)
    assert caught.value.code == "signer.unavailable"


async def test_what_is_remembered_of_a_pin_is_not_the_pin(tmp_path: Path) -> None:
    """The ledger holds a digest with a salt of its own each time; another card or PIN was never tried."""
    lent = Lent()
    host = lent.host(tmp_path)
    memory = PinMemory(host, "module\ntoken")
    values = []
    for _time in range(2):
        await memory.note("1", PIN, Tried.WRONG)
        line = await host.ledger.get(memory._key)
        assert line is not None
        values.append(line.value)
    assert values[0] != values[1]
    assert not any(PIN in one for one in values)
    assert await memory.tried("1", PIN) is Tried.WRONG
    assert await memory.tried("2", PIN) is Tried.NEVER
    assert await memory.tried("1", "1234") is Tried.NEVER
    await memory.right()
    assert await memory.tried("1", PIN) is Tried.NEVER


async def test_a_wrong_pin_is_tried_once(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong PIN reaches the card once: not again at the next prescription, nor after a restart."""
    root = authority()
    reader.insert(LABEL, prescriber(root))
    reader.pin("00000000")
    lent = Lent()
    for _restart in range(3):
        async with signer(reader, lent) as opened:
            for _prescription in range(3):
                with pytest.raises(ConfigError) as caught:
                    await cades.envelop(CONTENT, opened, NOW)
                assert caught.value.code == "signer.pin"
                assert "00000000" not in str(caught.value)
        monkeypatch.setattr(card, "_REFUSED", set())
    assert reader.logins() == 1
    reader.pin()
    async with signer(reader, lent) as opened:
        assert await cades.envelop(CONTENT, opened, NOW)
    assert reader.logins() == 2


async def test_a_card_that_does_not_remember_is_spared_too(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every card tells that its last PIN was wrong: the hub's own memory is enough."""
    reader.insert(LABEL, prescriber(authority()))
    reader.pin("00000000")
    flags = card.flags

    def forgetful(where: Where) -> card.Flags:
        return replace(flags(where), had_wrong_pin=False)

    monkeypatch.setattr(card, "flags", forgetful)
    lent = Lent()
    for _restart in range(2):
        async with signer(reader, lent) as opened:
            with pytest.raises(ConfigError, match=r"signer\.pin"):
                await cades.envelop(CONTENT, opened, NOW)
        monkeypatch.setattr(card, "_REFUSED", set())
    assert reader.logins() == 1


async def test_a_try_is_written_down_before_it_is_made(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nobody learns whether a PIN was right, the hub knows that it was tried."""
    reader.insert(LABEL, prescriber(authority()))
    reader.pin()
    lent = Lent()

    def lost(_where: Where, _pin: str | None) -> None:
        raise library.GeneralError

    monkeypatch.setattr(card, "log_in", lost)
    async with signer(reader, lent) as opened:
        with pytest.raises(PeerError, match="GeneralError"):
            await cades.envelop(CONTENT, opened, NOW)
    where = Where(module=str(reader.module), token=LABEL, key_id=b"\x01")
    memory = PinMemory(lent.host(reader.folder), f"{reader.module}\n{LABEL}")
    assert await memory.tried(card.flags(where).serial, PIN) is Tried.TRYING


async def test_two_parts_try_a_wrong_pin_once(reader: Reader) -> None:
    """Two services with the same wrong PIN for the same card spend one try between them."""
    reader.insert(LABEL, prescriber(authority()))
    reader.pin("00000000")
    for _part in range(2):
        async with signer(reader, Lent()) as opened:
            with pytest.raises(ConfigError, match=r"signer\.pin"):
                await cades.envelop(CONTENT, opened, NOW)
    assert reader.logins() == 1


async def test_a_crash_while_a_pin_is_tried_costs_no_second_try(reader: Reader) -> None:
    """Killed before it knew, the hub asks the token whether its last PIN was wrong, and believes it."""
    reader.insert(LABEL, prescriber(authority()))
    lent = Lent()
    memory = PinMemory(lent.host(reader.folder), f"{reader.module}\n{LABEL}")
    where = Where(module=str(reader.module), token=LABEL, key_id=b"\x01")
    serial = card.flags(where).serial
    # It was right: nothing speaks against trying it again.
    reader.pin()
    await memory.note(serial, PIN, Tried.TRYING)
    async with signer(reader, lent) as opened:
        assert await cades.envelop(CONTENT, opened, NOW)
    assert reader.logins() == 1
    # It was wrong: the card remembers.
    reader.pin("00000000")
    await memory.note(serial, "00000000", Tried.TRYING)
    with pytest.raises(library.PinIncorrect):
        card.log_in(where, "00000000")
    card._REFUSED.clear()
    async with signer(reader, lent) as opened:
        with pytest.raises(ConfigError, match=r"signer\.pin"):
            await cades.envelop(CONTENT, opened, NOW)
    assert reader.logins() == 2


@pytest.mark.parametrize(
    ("flags", "code"),
    [({"locked": True}, "signer.locked"), ({"last_try": True}, "signer.locked")],
)
async def test_the_last_try_is_left_to_a_person(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, flags: dict[str, bool], code: str
) -> None:
    """A token that is locked, or has one try left, is not asked to log in."""
    reader.insert(LABEL, prescriber(authority()))
    reader.pin()
    said = {"locked": False, "last_try": False, "had_wrong_pin": True, "pad": False} | flags
    monkeypatch.setattr(card, "flags", lambda _where: card.Flags(serial="1", **said))
    async with signer(reader, Lent()) as opened:
        with pytest.raises(ConfigError) as caught:
            await cades.envelop(CONTENT, opened, NOW)
    assert caught.value.code == code


async def test_a_card_that_is_out_is_waited_for(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """No card: signing fails for now, in words, and works once the card is there."""
    reader.insert(LABEL, prescriber(authority()))
    reader.pin()
    async with signer(reader, Lent()) as opened:
        with monkeypatch.context() as out:
            # SoftHSM looks for tokens once; a reader's module looks each time, and finds none.
            out.setattr(card, "_token", _none)
            with pytest.raises(PeerError, match="is its card in the reader") as caught:
                await cades.envelop(CONTENT, opened, NOW)
            assert caught.value.code == "signer.unavailable"
            with pytest.raises(PeerError, match="not been read yet"):
                _ = opened.chain
        assert await cades.envelop(CONTENT, opened, NOW)


async def test_a_card_that_is_pulled_while_it_signs_is_waited_for(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card leaves the reader in the middle: that signature fails for now, the next one is made."""
    reader.insert(LABEL, prescriber(authority()))
    reader.pin()
    async with signer(reader, Lent()) as opened:
        assert await cades.envelop(CONTENT, opened, NOW)
        with monkeypatch.context() as pulled:
            pulled.setattr(card.Card, "sign", _none)
            with pytest.raises(PeerError, match="is its card in the reader"):
                await cades.envelop(CONTENT, opened, NOW)
        assert await cades.envelop(CONTENT, opened, NOW)


def _none(*_asked: object) -> object:
    raise library.TokenNotPresent


async def test_a_lost_session_is_opened_anew(reader: Reader) -> None:
    """Another part logs out of the same card: the next signature is made all the same."""
    reader.insert(LABEL, prescriber(authority()))
    reader.pin()
    lent = Lent()
    async with signer(reader, lent) as first:
        assert await cades.envelop(CONTENT, first, NOW)
        async with signer(reader, lent) as second:
            assert await cades.envelop(CONTENT, second, NOW)
        assert await cades.envelop(CONTENT, first, NOW)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key_id": b"\x02"}, "signer.key"),
        ({"key_id": None, "key_label": "autre"}, "signer.key"),
        ({"module": "/nowhere/lib.so"}, "signer.module"),
    ],
)
async def test_what_is_configured_wrongly_is_said(reader: Reader, changes: dict[str, Any], code: str) -> None:
    """A key that is not there, and a module that can't be loaded, are named; the right PIN stays usable."""
    reader.insert(LABEL, prescriber(authority()))
    reader.pin()
    lent = Lent()
    async with signer(reader, lent, **changes) as opened:
        for _again in range(2):
            with pytest.raises(ConfigError) as caught:
                await cades.envelop(CONTENT, opened, NOW)
            assert caught.value.code == code
    async with signer(reader, lent) as opened:
        assert await cades.envelop(CONTENT, opened, NOW)


async def test_without_a_certificate_one_is_asked_for(reader: Reader) -> None:
    """A token that holds the key alone: the words say which setting helps."""
    reader.insert(LABEL, prescriber(authority()), certificate=False)
    reader.pin()
    async with signer(reader, Lent()) as opened:
        with pytest.raises(ConfigError, match="certificate"):
            await cades.envelop(CONTENT, opened, NOW)


async def test_two_cards_of_one_name_are_told_apart(reader: Reader) -> None:
    """Cards often have the same label: then the serial number names one."""
    holders: list[Holder] = [prescriber(authority()) for _ in range(2)]
    for holder in holders:
        reader.insert(f"x{holders.index(holder)}", holder)
    reader.pin()
    serial = card.flags(Where(module=str(reader.module), token="x1", key_id=b"\x01")).serial
    async with signer(reader, Lent(), token="x1", serial="0") as opened:
        with pytest.raises(PeerError, match="is not there"):
            await cades.envelop(CONTENT, opened, NOW)
    async with signer(reader, Lent(), token="x1", serial=serial) as opened:
        await opened.ready()
        assert opened.chain == (holders[1].der,)


async def test_a_pin_file_is_its_owners_alone(reader: Reader) -> None:
    """A PIN that others can read is not used, and the card is not asked."""
    reader.insert(LABEL, prescriber(authority()))
    reader.pin().chmod(0o644)
    async with signer(reader, Lent()) as opened:
        with pytest.raises(HubError, match="chmod 600") as caught:
            await cades.envelop(CONTENT, opened, NOW)
    assert caught.value.code == "signer.file"
    assert reader.logins() == 0


async def test_a_check_looks_at_cards_and_tries_no_pin(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the hub learns of a card that is out, or a PIN's file, before a prescriber does."""
    reader.insert(LABEL, prescriber(authority()))
    reader.pin()
    async with signer(reader, Lent()) as opened:
        signers = Signers({"dr.lilas@example.org": opened})
        await signers.examine()
        reader.pin().chmod(0o644)
        with pytest.raises(PeerError, match="chmod 600") as caught:
            await signers.examine()
        assert caught.value.code == "signer.file"
        reader.pin("a wrong one")
        await signers.examine()
        with monkeypatch.context() as out:
            out.setattr(card, "_token", _none)
            with pytest.raises(PeerError, match="is its card in the reader"):
                await signers.examine()
    async with signer(reader, Lent(), module=str(reader.folder / "none.so")) as opened:
        with pytest.raises(PeerError) as caught:
            await Signers({"dr.lilas@example.org": opened}).examine()
        assert caught.value.code == "signer.module"
    assert reader.logins() == 0
