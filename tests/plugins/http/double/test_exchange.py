"""Every shipped description that says how it is played: its double and its connector fit together."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hub.domain.outcome import Delivered, Refused
from hub_http.description import checking, reading
from hub_http.double.opening import Plans
from tests.plugins.http.double.stage import DOCTOR, NURSE, PDF, STRANGER, described, shipped, staged

RECEIVES = [name for name in shipped() if described(name).inbox or described(name).webhooks]


@pytest.mark.parametrize("name", shipped())
async def test_a_message_goes_out(tmp_path: Path, name: str) -> None:
    """The operator has it once, for whom it was meant."""
    async with staged(tmp_path, described(name)) as stage:
        sent = stage.parcel()
        outcome = await stage.outcome(sent)
        assert isinstance(outcome, Delivered), outcome
        (held,) = stage.double.messages
        assert held.ours == sent.addressees[0].delivery
        assert outcome.receipt == held.id
        assert [one.why for one in stage.double.seen] == [None] * len(stage.double.seen)


@pytest.mark.parametrize("name", RECEIVES)
async def test_a_message_comes_back(tmp_path: Path, name: str) -> None:
    """What another user sends reaches the hub once, byte for byte, and is acknowledged where one must."""
    async with staged(tmp_path, described(name)) as stage:
        await stage.outcome(stage.parcel())
        await stage.back()
        (came,) = stage.intake.submissions
        assert came.subject == "Compte rendu"
        assert hashlib.sha256(PDF).hexdigest() in {part.content.sha256 for part in came.parts}
        if stage.description.inbox is not None:
            assert [one.state for one in stage.double.held if one.incoming] == ["acknowledged"]
            await stage.inbox().look()
        assert len(stage.intake.submissions) == 1


@pytest.mark.parametrize("name", shipped())
async def test_an_unknown_recipient_is_refused(tmp_path: Path, name: str) -> None:
    """The words reach whoever has to know, and nothing is held."""
    description = described(name)
    plans = Plans(unknown=[str(STRANGER.address), STRANGER.address.local])
    async with staged(tmp_path, description, plans) as stage:
        outcome = await stage.outcome(stage.parcel(STRANGER))
        assert isinstance(outcome, Refused), outcome
        assert not stage.double.messages


FORM = """
version = 1
title = "Saule"
[send]
idempotency = "key"
receipt = "{{ remote }}"
[[send.steps]]
name = "send"
method = "POST"
path = "/letters"
form = { ref = "{{ delivery.id }}", to = "{{ recipient.address }}" }
remote = { json = "$.id" }
[[simulate.routes]]
name = "letters"
method = "POST"
path = "/letters"
does = "create"
ours = { value = "{{ form.ref }}" }
to = { value = "{{ form.to }}" }
answer = { json = { id = "{{ message.id }}" } }
unknown = { status = 404 }
"""


async def test_a_double_reads_the_fields_of_a_form(tmp_path: Path) -> None:
    """Decoded, as the operator would: an address with its @."""
    file = tmp_path / "saule.toml"
    file.write_text(FORM, "utf-8")
    description = reading.read_whole(file)
    checking.sound(file, description)
    async with staged(tmp_path, description, Plans(unknown=[str(STRANGER.address)])) as stage:
        assert isinstance(await stage.outcome(stage.parcel(STRANGER)), Refused)
        sent = stage.parcel()
        assert isinstance(await stage.outcome(sent), Delivered)
        (held,) = stage.double.messages
        assert (held.ours, held.recipients) == (sent.addressees[0].delivery, (str(DOCTOR.address),))


async def test_who_is_unknown_does_not_stand_in_the_way_of_others(tmp_path: Path) -> None:
    """Of several recipients of one draft, those whom the operator knows get it."""
    plans = Plans(unknown=[str(STRANGER.address)])
    async with staged(tmp_path, described("two-phase"), plans) as stage:
        sent = stage.parcel(DOCTOR, STRANGER, NURSE)
        told = await stage.send(sent)
        kinds = [type(told[one.delivery]) for one in sent.addressees]
        assert kinds == [Delivered, Refused, Delivered]
        (held,) = stage.double.messages
        assert held.recipients == (str(DOCTOR.address), str(NURSE.address))


async def test_receipts_of_an_operator_reach_the_hub(tmp_path: Path) -> None:
    """One for each recipient, each taken once."""
    async with staged(tmp_path, described("two-phase")) as stage:
        await stage.send(stage.parcel(DOCTOR, NURSE))
        await stage.inbox("receipts").look()
        await stage.inbox("receipts").look()
        assert len(stage.intake.acknowledgements) == 2
