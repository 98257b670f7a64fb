"""What the hub tells a sender: both languages, theirs first, through the way they came."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.core.notice import NOTICE_JSON, Action, News, Notifier
from hub.domain import envelope as envelopes
from hub.domain.ids import DeliveryId
from hub.domain.message import DocumentRole, Kind, ReceiptKind
from hub.errors import Words
from hub.ports.queue import NewEnvelope
from hub.testing.fakes import NOON
from tests.unit.core.model_queue import ModelQueue
from tests.unit.core.test_submit import World
from tests.unit.core.world import HOSPITAL, MARTIN, OWN, VALBRUME, operators, sealer, submission

REASON = Words(en="The mailbox does not exist.", fr="La boîte n'existe pas.")
DELIVERY = DeliveryId("0195a1b2-c3d4-7000-8000-000000000001")


async def notice(
    action: Action = Action.FAILED, *, peer: str = "operator:valbrume", **fields: Any
) -> NewEnvelope | None:
    """Have a notice written about a fresh message."""
    world = World()
    await world.submit(submission(MARTIN, **({"receipts": tuple(ReceiptKind)} | fields)))
    (sealed,) = world.sealed
    news = News(
        delivery=DELIVERY,
        recipient=sealed.envelope.message.recipients[0],
        action=action,
        code="mailbox.unknown",
        reason=REASON,
        at=NOON,
    )
    return await Notifier(ModelQueue(), operators(), sealer(world.clock, 2), OWN).notice(sealed, peer, news)


async def texts(one: NewEnvelope) -> tuple[str, dict[str, Any]]:
    """Return what a notice says to people and to programs."""
    body, data = [await content.read() for content in one.contents]
    return body.decode(), json.loads(data)


@pytest.mark.parametrize(
    ("language", "subject", "first"),
    [
        (None, "Votre message n'a pas été remis", "Votre message"),
        ("fr-FR", "Votre message n'a pas été remis", "Votre message"),
        ("en", "Your message was not delivered", "Your message"),
        ("de", "Your message was not delivered", "Your message"),
    ],
)
async def test_a_sender_reads_it_in_their_language_first(
    language: str | None, subject: str, first: str
) -> None:
    """Both are there; the message's own subject and contents are not."""
    written = await notice(language=language, subject="Cancer du sein")
    assert written is not None
    text, _ = await texts(written)
    assert written.sealed.envelope.message.subject == subject
    assert text.startswith(first)
    assert REASON.en in text
    assert REASON.fr in text
    assert MARTIN in text
    assert "Cancer" not in text


async def test_a_program_reads_it_too() -> None:
    """`notice.json` says which message, which recipient, what and why."""
    written = await notice()
    assert written is not None
    _, data = await texts(written)
    assert data == {
        "v": 1,
        "envelope": written.steps[0].detail,
        "native_id": "<1@ch-valbrume.example>",
        "delivery": DELIVERY,
        "recipient": MARTIN,
        "action": "failed",
        "code": "mailbox.unknown",
        "reason": {"en": REASON.en, "fr": REASON.fr},
        "accepted_at": "2026-03-03T12:00:00Z",
        "at": "2026-03-03T12:00:00Z",
    }


async def test_it_is_an_envelope_like_any_other() -> None:
    """From the hub, to the sender, through the sender's operator, in answer to the message."""
    written = await notice()
    assert written is not None
    message = written.sealed.envelope.message
    assert envelopes.from_bytes(envelopes.to_bytes(written.sealed.envelope)) == written.sealed.envelope
    assert message.kind is Kind.NOTICE
    assert message.sender == OWN
    assert [str(one.address) for one in message.recipients] == [HOSPITAL]
    assert message.in_reply_to == "<1@ch-valbrume.example>"
    assert message.receipts == ()
    assert [one.role for one in message.documents] == [DocumentRole.BODY, DocumentRole.ATTACHMENT]
    assert message.documents[1].name == NOTICE_JSON
    assert [one.operator for one in written.deliveries] == [VALBRUME]


@pytest.mark.parametrize(
    ("action", "receipts"),
    [
        (Action.FAILED, ()),
        (Action.DELIVERED, (ReceiptKind.FAILURE,)),
        (Action.DISPLAYED, (ReceiptKind.FAILURE, ReceiptKind.DELIVERY)),
    ],
)
async def test_only_what_was_asked_for_is_told(action: Action, receipts: tuple[ReceiptKind, ...]) -> None:
    """NOTIFY=NEVER means never."""
    assert await notice(action, receipts=receipts) is None


async def test_who_came_by_the_api_reads_the_state_there() -> None:
    """No mail is sent after them."""
    assert await notice(peer="client:cabinet") is None


async def test_a_notice_makes_no_notice() -> None:
    """No loop of notices about notices."""
    assert await notice(kind=Kind.NOTICE) is None
