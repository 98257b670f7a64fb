"""A signed CDA prescription travels when its signature holds and is its sender's; else it goes nowhere."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.domain.outcome import Delivered, Refused
from hub.domain.prescription import Handing, PrescriptionState
from tests.plugins.eprescription import prescribers
from tests.plugins.eprescription.cda import papers
from tests.plugins.eprescription.cda.world import World
from tests.plugins.eprescription.prescribers import Holder


@pytest.fixture(scope="module")
def authority() -> Holder:
    """Return an authority of prescribers' certificates."""
    return prescribers.authority()


async def code(world: World, content: bytes) -> str:
    """Return the code with which a document is refused."""
    order, journal = world.order(content)
    outcome = await world.service.issue(order, journal)
    assert isinstance(outcome, Refused)
    assert journal.record.state is PrescriptionState.DRAFT
    assert outcome.reason.en
    assert outcome.reason.fr
    return outcome.code


async def test_signature_holds(authority: Holder) -> None:
    """It is issued, and handed over with its signature to the last byte."""
    world = World(authority.trust, signature="required")
    content = await papers.signed(papers.prescription(), prescribers.prescriber(authority))
    order, journal = world.order(content)
    world.service.check(order)
    assert isinstance(await world.service.issue(order, journal), Delivered)
    assert journal.record.facts["signature"] == "valid"
    mail = await world.service.hand_over(journal.record, content, order, Handing.DOCUMENT, "fr")
    assert mail.enclosures[1].content == content


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"VALBRUMINE 500", b"VALBRUMINE 900"),
        (b"1 comprim", b"9 comprim"),
        (b"<title>", b"<title> "),
        (b"CDA-FO.xsl", b"CDA-FX.xsl"),
        (b"LILAS0", b"LILAS9"),
    ],
)
async def test_changed_byte(authority: Holder, old: bytes, new: bytes) -> None:
    """A changed byte anywhere in what was signed is refused, the style sheet that it names included."""
    content = await papers.signed(papers.prescription(), prescribers.prescriber(authority))
    assert old in content
    world = World(authority.trust)
    assert await code(world, content.replace(old, new)) == "prescription.signature_broken"


async def test_signed_by_a_colleague(authority: Holder) -> None:
    """A signature that holds, but is somebody else's, is not the author's."""
    holder = prescribers.prescriber(authority, name="899700218797")
    content = await papers.signed(papers.prescription(), holder)
    assert await code(World(authority.trust), content) == "prescription.other_signer"


async def test_unknown_authority(authority: Holder) -> None:
    """A certificate from elsewhere is not trusted; with no authority configured, no signature is."""
    content = await papers.signed(papers.prescription(), prescribers.prescriber(prescribers.authority()))
    assert await code(World(authority.trust), content) == "prescription.signer_untrusted"
    assert await code(World(), content) == "prescription.signer_untrusted"


async def test_two_signatures(authority: Holder) -> None:
    """Which of two would count? None does."""
    holder = prescribers.prescriber(authority)
    content = await papers.signed(await papers.signed(papers.prescription(), holder), holder)
    assert await code(World(authority.trust), content) == "prescription.signature_malformed"


async def test_signature_around_another_document(authority: Holder) -> None:
    """A genuine signed prescription wrapped into a forged one does not lend it its signature."""
    genuine = await papers.signed(papers.prescription(), prescribers.prescriber(authority))
    start = genuine.index(b"<ClinicalDocument")
    forged = papers.prescription(body=papers.medicines(papers.medicine("HAUTMONTINE 1 g")))
    root = b"</ClinicalDocument>"
    wrapped = forged.replace(root, genuine[start:].strip() + root)
    assert await code(World(authority.trust), wrapped) == "prescription.signature_malformed"


async def test_no_canonical_form(authority: Holder) -> None:
    """A namespace that is no absolute URI leaves nothing that could be signed: refused, no other fault."""
    content = await papers.signed(papers.prescription(), prescribers.prescriber(authority))
    for place in (b"<ds:SignedInfo ", b"<ClinicalDocument "):
        odd = content.replace(place, place + b'xmlns:x="relative" ')
        assert await code(World(authority.trust), odd) == "prescription.signature_malformed"


async def test_unsigned_where_signatures_are_required(authority: Holder) -> None:
    """It is refused before anything is accepted, and at issue."""
    world = World(authority.trust, signature="required")
    assert await code(world, papers.prescription()) == "prescription.unsigned"


async def test_expired_certificate(authority: Holder) -> None:
    """A certificate that is not valid now does not sign prescriptions now."""
    holder = prescribers.prescriber(authority, ends=prescribers.FROM.replace(year=2026))
    content = await papers.signed(papers.prescription(), holder)
    assert await code(World(authority.trust), content) == "prescription.signer_untrusted"


async def test_a_time_of_signing_revives_no_certificate(authority: Holder) -> None:
    """Who signs may write any time: with a card that has expired since, nothing is prescribed today."""
    ends = prescribers.FROM.replace(year=2026)
    holders = (prescribers.prescriber(authority), prescribers.prescriber(authority, ends=ends))
    valid, expired = [
        await papers.signed(papers.prescription(), one, "2025-06-01T09:00:00Z") for one in holders
    ]
    assert await code(World(authority.trust), expired) == "prescription.signer_untrusted"
    order, journal = (world := World(authority.trust)).order(valid)
    assert isinstance(await world.service.issue(order, journal), Delivered)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.integers(0, 10**6 - 1), bit=st.integers(0, 7))
async def test_any_flipped_bit(authority: Holder, where: int, bit: int) -> None:
    """Whatever bit is flipped: it is refused, or nothing of what people read is different."""
    content = bytearray(
        await papers.signed(papers.prescription(epu_number=None), prescribers.prescriber(authority))
    )
    # A share of its length, as no two signatures are equally long.
    content[where * len(content) // 10**6] ^= 1 << bit
    world = World(authority.trust, signature="required")
    order, journal = world.order(bytes(content))
    outcome = await world.service.issue(order, journal)
    if isinstance(outcome, Delivered):
        genuine = World().service.read(order.media_type, papers.prescription(epu_number=None))
        assert world.service.read(order.media_type, bytes(content)) == genuine
