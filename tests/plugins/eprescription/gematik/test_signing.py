"""Whose signature, over what, on which day: what is not so is neither sent nor taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.domain.outcome import Deferred, Delivered, Refused
from hub.domain.party import Identifier
from hub.domain.prescription import PrescriptionState
from hub.errors import PeerError, StoreError, TrustError
from hub.ports.prescription import Record, Signing
from hub.testing.prescription_contract import attempt, begin, run
from hub_eprescription.signing import cades
from hub_eprescription.signing.signers import SignerSettings
from tests.plugins.eprescription import prescribers
from tests.plugins.eprescription.gematik.practice import (
    CAMILLE,
    DAY,
    SimulatorRig,
    bundle,
    practice,
)


async def test_the_day_that_is_over_leaves_the_draft_behind(tmp_path: Path) -> None:
    """A number was fetched, and nobody signed that day: nothing is issued, and the draft is counted."""
    async with practice(tmp_path, signing=Signing.WORKSTATION) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Deferred)
        assert outcome.code == "prescription.awaits_signature"
        assert journal.record.awaits
        one.clock.advance(timedelta(days=1))
        refused = await attempt(rig, order, journal)
        assert isinstance(refused, Refused)
        assert refused.code == "prescription.authored_on"
        assert DAY.isoformat() in refused.reason.en
        assert journal.record.orphans == 1
        assert journal.record.number is None
        assert not journal.record.awaits


async def test_signed_on_its_day_it_may_be_issued_the_day_after(tmp_path: Path) -> None:
    """What counts is the day of the signature: the same bytes go on, and are not signed again."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("activate", "status:503")
        assert isinstance(await attempt(rig, order, journal), Deferred)
        one.clock.advance(timedelta(days=1))
        assert isinstance(await attempt(rig, order, journal), Delivered)
        assert len(journal.signatures) == 1


async def test_what_the_workstation_signed_is_what_it_was_given(tmp_path: Path) -> None:
    """Another content, another professional, another authority, a changed byte, another day: not taken."""
    async with practice(tmp_path, signing=Signing.WORKSTATION) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        await attempt(rig, order, journal)
        content = await journal.to_sign()
        assert content is not None
        signer, now = one.holder.signer, one.clock.now()
        good = await cades.envelop(content, signer, now)
        stranger = prescribers.prescriber(None).signer
        tried = {
            "prescription.other_content": await cades.envelop(
                content.replace(b"1-0-1-0", b"9-9-9-9"), signer, now
            ),
            "prescription.signer_untrusted": await cades.envelop(content, stranger, now),
            "prescription.signature_broken": good.replace(b"1-0-1-0", b"9-9-9-9"),
            "prescription.signed_on": await cades.envelop(content, signer, now - timedelta(days=1)),
            "prescription.signature_malformed": b"0" + good,
        }
        for code, signed in tried.items():
            with pytest.raises(Exception) as caught:  # noqa: PT011 - the code below says which
                await one.service.take_signed(signed, CAMILLE, journal)
            assert caught.value.code == code  # type: ignore[attr-defined]
            assert await journal.signed() is None
        await one.service.take_signed(good, CAMILLE, journal)
        await one.service.take_signed(good, CAMILLE, journal)
        assert isinstance(await run(rig, order, journal), Delivered)
        assert await journal.signed() == good


async def test_without_a_key_nothing_is_asked(tmp_path: Path) -> None:
    """No number is burnt for a prescriber who can't sign."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.service._drafting._keys.signers._signers.clear()
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.no_signer"
        assert one.simulation.asked["create"] == 0


async def test_a_private_patient_gets_a_private_prescription(tmp_path: Path) -> None:
    """The kind of prescription follows the insurance when the order does not say."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig, content=bundle(insurance="PKV"))
        assert isinstance(await run(rig, order, journal), Delivered)
        assert (journal.record.number or "").startswith("200.")


async def test_midnight_while_a_number_is_given_signs_nothing(tmp_path: Path) -> None:
    """The prescription bears the day that has just ended: it is not signed on the next one."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        keep = journal.keep

        async def slow(record: Record) -> Record:
            kept = await keep(record)
            if record.number is not None and record.state is PrescriptionState.DRAFT:
                one.clock.advance(timedelta(days=1))
            return kept

        journal.keep = slow  # type: ignore[method-assign]
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.authored_on"
        assert journal.signatures == []
        assert journal.record.orphans == 1


async def test_bytes_that_were_not_signed_are_not_sent(tmp_path: Path) -> None:
    """The store gives back something else: nothing leaves."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("activate", "status:503")
        await attempt(rig, order, journal)
        await rig.settled(journal)
        assert journal._signed is not None
        journal._signed = journal._signed.replace(b"1-0-1-0", b"9-9-9-9")
        with pytest.raises(StoreError) as caught:
            await one.service.issue(order, journal)
        assert caught.value.code == "prescription.signed_bytes"
        assert one.simulation.asked["activate"] == 1


async def test_a_signature_under_another_professionals_name_is_not_taken(tmp_path: Path) -> None:
    """The workstation of a colleague signed: its certificate bears another national identifier."""
    async with practice(tmp_path, signing=Signing.WORKSTATION, named=prescribers.CAMILLE) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        await attempt(rig, order, journal)
        content = await journal.to_sign()
        assert content is not None
        signed = await cades.envelop(content, one.holder.signer, one.clock.now())
        verified = await cades.verify(signed, one.holder.trust, one.clock.now())
        assert verified.identifiers
        system = verified.identifiers[0].system
        colleague = replace(CAMILLE, identifiers=(Identifier(system, "899700999999"),))
        with pytest.raises(TrustError) as caught:
            await one.service.take_signed(signed, colleague, journal)
        assert caught.value.code == "prescription.other_signer"
        await one.service.take_signed(signed, replace(CAMILLE, identifiers=verified.identifiers), journal)


async def test_a_certificate_that_names_somebody_else_is_not_taken(tmp_path: Path) -> None:
    """Trusted, and with no identifier that the directory has of the prescriber: it may be anybody's."""
    async with practice(tmp_path, signing=Signing.WORKSTATION) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        await attempt(rig, order, journal)
        content = await journal.to_sign()
        assert content is not None
        drafting = one.service._drafting
        for stranger in (
            prescribers.prescriber(None, name="Dr Camille Lilas", country="DE"),
            prescribers.prescriber(None, name="899700999999"),
            prescribers.prescriber(None, mail="dr.paul.hautmont@cabinet-hautmont.mssante.example"),
        ):
            drafting._keys = replace(drafting._keys, trust=stranger.trust)
            signed = await cades.envelop(content, stranger.signer, one.clock.now())
            with pytest.raises(TrustError, match=r"prescription\.other_signer"):
                await one.service.take_signed(signed, CAMILLE, journal)
        assert await journal.signed() is None


async def test_the_hubs_own_signatures_are_held_to_the_authorities(tmp_path: Path) -> None:
    """A key whose certificate no authority in `trust` has issued signs nothing that goes out."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        drafting = one.service._drafting
        drafting._keys = replace(drafting._keys, trust=prescribers.prescriber(None).trust)
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.signer_untrusted"
        assert one.simulation.asked["activate"] == 0


async def test_a_check_says_when_nobody_could_sign(tmp_path: Path) -> None:
    """The hub is to sign and has nobody's key: its check says so, not only the first refused prescription."""
    async with practice(tmp_path) as one:
        await one.service.probe()
        one.service._settings = replace(one.settings, signers=SignerSettings())
        with pytest.raises(PeerError, match="signers") as caught:
            await one.service.probe()
        assert caught.value.code == "prescription.no_signers"
