"""Who may write to whom by the kinds of their mailboxes, and what a policy is shown."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.mailboxes import unanswered
from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.errors import InputError, TrustError
from hub.ports.directory import MailboxKind
from hub.ports.intake import Peer
from hub.ports.policy import Case
from hub.testing.fakes import entry
from tests.unit.core.test_submit import World
from tests.unit.core.world import HOSPITAL, HOSPITAL_FINESS, MARTIN, PETIT, VILLE, submission

PATIENT = "199029900000045@ville.example"
OTHER = "299029900000006@ville.example"
ROBOT = "robot@ville.example"
CITIZENS = Peer(name="operator:ville", operator=VILLE, domains=frozenset({"ville.example"}))


def world() -> World:
    """Everybody, two patients and an application."""
    made = World()
    made.directory.put(entry(PATIENT, mailbox=MailboxKind.PATIENT))
    made.directory.put(entry(OTHER, mailbox=MailboxKind.PATIENT))
    made.directory.put(entry(ROBOT, mailbox=MailboxKind.APPLICATION, answers_for="CH de Valbrume"))
    return made


def reply(to: str, **fields: Any) -> Any:
    """Make a patient's message."""
    return submission(
        to,
        **(
            {"sender": Address.parse(PATIENT), "peer": CITIZENS, "native_id": "<2@p>", "key": "<2@p>"}
            | fields
        ),
    )


async def test_a_professional_may_write_to_a_patient() -> None:
    """The letter is in the patient's own mailbox."""
    made = world()
    assert not (await made.submit(submission(PATIENT))).refused


@pytest.mark.parametrize("named", ["in_reply_to", "references"])
async def test_a_patient_may_answer_who_wrote_to_them(named: str) -> None:
    """Told by the message that is answered, under the name that the patient's mail shows."""
    made = world()
    await made.submit(submission(PATIENT))
    (sealed,) = made.sealed
    for number, name in enumerate(
        ("<1@ch-valbrume.example>", f"<{sealed.envelope.id}@hub.valbrume.example>")
    ):
        value: Any = name if named == "in_reply_to" else ("<elsewhere@x>", name)
        key = f"<a{number}@p>"
        accepted = await made.submit(reply(HOSPITAL, key=key, native_id=key, **{named: value}))
        assert not accepted.refused


@pytest.mark.parametrize(
    ("to", "fields", "code"),
    [
        (HOSPITAL, {}, "recipient.patient-may-only-answer"),
        (HOSPITAL, {"in_reply_to": "<never@x>"}, "recipient.patient-may-only-answer"),
        (MARTIN, {"in_reply_to": "<1@ch-valbrume.example>"}, "recipient.patient-may-only-answer"),
        (OTHER, {"in_reply_to": "<1@ch-valbrume.example>"}, "recipient.patient-to-patient"),
        (ROBOT, {"in_reply_to": "<1@ch-valbrume.example>"}, "recipient.no-reader"),
    ],
)
async def test_a_patient_may_write_to_nobody_else(to: str, fields: dict[str, Any], code: str) -> None:
    """The reason is theirs to read, in both languages."""
    made = world()
    await made.submit(submission(PATIENT))
    with pytest.raises(InputError) as caught:
        await made.submit(reply(to, **fields))
    (why,) = caught.value.fields["refused"].values()  # type: ignore[attr-defined]
    assert why.code == code
    assert to in why.reason.fr


async def test_what_was_written_to_another_patient_opens_no_way() -> None:
    """Knowing a Message-ID is not enough: the message must have gone to who answers it."""
    made = world()
    await made.submit(submission(OTHER))
    with pytest.raises(InputError):
        await made.submit(reply(HOSPITAL, in_reply_to="<1@ch-valbrume.example>"))


async def test_a_shared_mailbox_needs_somebody_who_answers_for_it() -> None:
    """As recipient and as sender; a structure's identifier is enough."""
    made = world()
    made.directory.put(entry(ROBOT, mailbox=MailboxKind.APPLICATION))
    with pytest.raises(InputError) as caught:
        await made.submit(submission(ROBOT))
    (why,) = caught.value.fields["refused"].values()  # type: ignore[attr-defined]
    assert why.code == "recipient.nobody-answers"
    with pytest.raises(TrustError) as refused:
        await made.submit(reply(MARTIN, sender=Address.parse(ROBOT)))
    assert refused.value.code == "sender.nobody-answers"
    one = entry(ROBOT, mailbox=MailboxKind.APPLICATION, identifiers=[HOSPITAL_FINESS])
    assert unanswered(one, "recipient") is None


async def test_a_policy_sees_both_as_the_directory_knows_them() -> None:
    """Profession, specialty and kind of mailbox are in the entries; each recipient is a case."""
    seen: list[Case] = []

    class Watching:
        async def judge(self, case: Case) -> Refused | None:
            seen.append(case)
            return None

    made = World([Watching()])
    await made.submit(submission(MARTIN, PETIT))
    assert [str(one.recipient_entry.address) for one in seen] == [MARTIN, PETIT]
    assert {str(one.sender_entry.address) for one in seen} == {HOSPITAL}
    assert {len(one.message.recipients) for one in seen} == {2}


async def test_the_timeline_says_which_versions_decided() -> None:
    """Of the sender and of every recipient, once each."""
    made = World()
    made.directory.put(entry(PETIT, source="other 3"))
    await made.submit(submission(MARTIN, PETIT))
    assert made.queue.sources() == ["tiny:1; other 3"]
