"""What every policy keeps, as tests that a plugin's own test file subclasses and passes.

    class TestMyPolicy(PolicyContract):
        @pytest.fixture
        async def rig(self) -> AsyncIterator[PolicyRig]:
            async with open_policy(settings, host) as policy:
                yield PolicyRig(policy=policy, allowed=(case(…),), refused=(case(…),))

Not checked here: what its rules mean. That is the plugin's own to test.
"""

# ruff: noqa: S101 -- a contract suite is made of assertions
from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from hub.domain.ids import DocumentId
from hub.domain.message import (
    Document,
    DocumentRole,
    Kind,
    Message,
    Origin,
    SenderSignature,
    SignatureResult,
)
from hub.domain.outcome import Refused
from hub.domain.party import INS_NIR, Identifier, Party, Role
from hub.errors import PeerError, Words
from hub.ports.directory import Entry
from hub.ports.policy import Case, Policy

GUARD: Final = 60.0
"""Seconds after which a test is held to hang."""
SUBJECT: Final = "Compte rendu de Mme Églantine"
"""The subject of a `case`: nothing of it may be told."""

_CODE: Final = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+")


def case(
    sender: Entry,
    recipient: Entry,
    *others: Entry,
    kind: Kind = Kind.MESSAGE,
    patient: str | Sequence[Identifier] = (),
) -> Case:
    """Make a case out of little: `others` are further recipients, `patient` an INS or identifiers."""
    return Case(
        message=Message(
            kind=kind,
            sender=_party(sender),
            recipients=tuple(_party(one, Role.TO) for one in (recipient, *others)),
            subject=SUBJECT,
            documents=(
                Document(
                    id=DocumentId("body"),
                    name="body.txt",
                    media_type="text/plain",
                    size=1,
                    sha256="0" * 64,
                    role=DocumentRole.BODY,
                ),
            ),
            origin=Origin(
                connector="smtp",
                native_id="<1@example>",
                authenticated_as="operator:valbrume",
                signature=SenderSignature(result=SignatureResult.NONE),
            ),
            patient=(Identifier(INS_NIR, patient),) if isinstance(patient, str) else tuple(patient),
        ),
        recipient=_party(recipient, Role.TO),
        sender_entry=sender,
        recipient_entry=recipient,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRig:
    """A policy, cases that it allows and cases that it refuses, one of each at least.

    `unavailable` is a policy of the same kind that can't tell now; None for a kind that always can.
    """

    policy: Policy
    allowed: Sequence[Case]
    refused: Sequence[Case]
    unavailable: Policy | None = None


class PolicyContract:
    """The promises of `hub.ports.policy.Policy`. A subclass gives the fixture `rig`."""

    async def test_what_is_allowed_passes(self, rig: PolicyRig) -> None:
        """Nothing but None lets a message through."""
        assert rig.allowed, "the rig allows nothing"
        for one in rig.allowed:
            assert await rig.policy.judge(one) is None

    async def test_what_is_refused_has_a_stable_code(self, rig: PolicyRig) -> None:
        """Software that gets the refusal can tell which rule it was."""
        assert rig.refused, "the rig refuses nothing"
        for one in rig.refused:
            assert _CODE.fullmatch((await _refusal(rig.policy, one)).code)

    async def test_the_reason_is_a_sentence_in_both_languages(self, rig: PolicyRig) -> None:
        """The sender reads why, in French or English."""
        for one in rig.refused:
            reason = (await _refusal(rig.policy, one)).reason
            assert reason.en != reason.fr
            for text in (reason.en, reason.fr):
                assert text.endswith(".")
                assert text.isprintable()
                assert len(text.split()) > 3  # noqa: PLR2004 - fewer are no sentence

    async def test_the_reason_tells_nothing_about_the_patient(self, rig: PolicyRig) -> None:
        """Neither their number, not even in their own address, nor what the message says of them."""
        for one in rig.refused:
            refusal = await _refusal(rig.policy, one)
            for text in (refusal.reason.en, refusal.reason.fr, refusal.code):
                for identifier in one.message.patient:
                    assert identifier.value not in text
                assert SUBJECT not in text

    async def test_the_answer_does_not_depend_on_what_was_asked_before(self, rig: PolicyRig) -> None:
        """Each recipient is judged for themselves; a second look gives the same."""
        cases = [*rig.allowed, *rig.refused]
        first = [await rig.policy.judge(one) for one in cases]
        again = [await rig.policy.judge(one) for one in reversed(cases)]
        assert first == again[::-1]

    async def test_many_may_ask_at_once(self, rig: PolicyRig) -> None:
        """Questions that overlap don't disturb each other."""
        async with asyncio.timeout(GUARD):
            allowed = await asyncio.gather(*(rig.policy.judge(one) for one in rig.allowed for _ in range(50)))
            refused = await asyncio.gather(*(rig.policy.judge(one) for one in rig.refused for _ in range(50)))
        assert not any(allowed)
        assert all(refused)

    async def test_who_cannot_tell_says_try_again(self, rig: PolicyRig) -> None:
        """Neither allowed nor refused: the submission waits, and the words say so in both languages."""
        if rig.unavailable is None:
            return
        one = rig.refused[0]
        with pytest.raises(PeerError) as caught:
            await rig.unavailable.judge(one)
        _check_words(caught.value.words, one)


def _check_words(words: Words, one: Case) -> None:
    assert words.en
    assert words.fr
    for identifier in one.message.patient:
        assert identifier.value not in words.en + words.fr


async def _refusal(policy: Policy, one: Case) -> Refused:
    answer = await policy.judge(one)
    assert isinstance(answer, Refused)
    return answer


def _party(entry: Entry, role: Role | None = None) -> Party:
    return Party(
        kind=entry.kind, name=entry.name, address=entry.address, identifiers=entry.identifiers, role=role
    )
