"""At which address the service is asked, and with which token."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.domain.outcome import Deferred, Delivered, Uncertain
from hub.testing.prescription_contract import attempt, begin
from hub_eprescription.gematik.asking import Reply
from tests.plugins.eprescription.gematik.practice import (
    ACCESS,
    SimulatorRig,
    practice,
)


async def test_the_token_is_read_again_when_it_was_refused(tmp_path: Path) -> None:
    """The service is not asked with a token that it refused; a new one is used at once."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.token.write_text("expired-token", "utf-8")
        for _ in range(3):
            outcome = await attempt(rig, order, journal)
            assert isinstance(outcome, Deferred)
            assert outcome.code == "prescription.token_refused"
        assert len([each for each in one.simulation.seen if each.status == 401]) == 1
        one.token.write_text(ACCESS.token, "utf-8")
        assert isinstance(await attempt(rig, order, journal), Delivered)
        assert journal.record.orphans == 0


async def test_a_token_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    """The prescription waits, and the words say which command puts it right."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.token.unlink()
        one.token.write_text(ACCESS.token + "a", "utf-8")
        one.token.chmod(0o644)
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Deferred)
        assert outcome.code == "prescription.token_file"
        assert "chmod 600" in outcome.reason.en


async def test_a_service_with_two_addresses_is_asked_at_the_other(tmp_path: Path) -> None:
    """A dead first address costs nothing but the try; the one that answers is asked first from then on."""
    async with practice(tmp_path, first=("https://localhost:1",)) as one:
        rig = SimulatorRig(one)
        for number in (1, 2):
            order, journal = begin(rig, number)
            assert isinstance(await attempt(rig, order, journal), Delivered)
            assert journal.record.orphans == 0
        assert one.service._asking._first == 1


@pytest.mark.parametrize("then", ["status:503", "status:429", "status:401"])
async def test_what_the_first_address_may_have_done_is_not_forgotten(then: str, tmp_path: Path) -> None:
    """Its answer was lost, and the second one does not work: nobody says that nothing was issued."""
    async with practice(tmp_path, twice=True) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("activate", "lost")
        one.simulation.fault("activate", then)
        assert isinstance(await attempt(rig, order, journal), Uncertain)
        if then == "status:401":
            one.token.write_text(ACCESS.token + "\n", "utf-8")
            one.service._asking._refused_token = ""
        one.clock.advance(timedelta(hours=1))
        assert isinstance(await attempt(rig, order, journal, settle=True), Delivered)
        assert await rig.count() == 1


@pytest.mark.parametrize("kind", ["lost", "done:500", "done:502", "truncated"])
async def test_numbers_that_got_lost_at_the_first_address_are_counted(kind: str, tmp_path: Path) -> None:
    """The second address gives another one at once; who burnt a number knows it."""
    async with practice(tmp_path, twice=True) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("create", kind)
        assert isinstance(await attempt(rig, order, journal), Delivered)
        assert journal.record.orphans == 1
        assert one.simulation.asked["create"] == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb'status value="draft"', b'status value="ready"'),
        (rb"NS_AccessCode", b"NS_Other"),
        (rb"[0-9a-f]{64}", b"77"),
        (rb"NS_PrescriptionId", b"NS_Other"),
        (rb"<Task ", b"<Basic "),
    ],
    ids=["ready", "no-code", "short-code", "no-number", "no-task"],
)
async def test_a_number_is_only_what_looks_like_one(old: bytes, new: bytes, tmp_path: Path) -> None:
    """An answer to `$create` that is no draft with number and access code is not built upon."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        asking = one.service._drafting._asking
        ask = asking.ask

        async def odd(method: str, path: str, **more: Any) -> Reply:
            reply = await ask(method, path, **more)
            body = re.sub(old, new, reply.answer.body)
            body = body.replace(b"</Task>", b"</Basic>") if b"<Basic" in body else body
            return replace(reply, answer=replace(reply.answer, body=body))

        asking.ask = odd  # type: ignore[method-assign]
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Deferred)
        assert outcome.code == "prescription.answer_unreadable"
        assert journal.record.number is None
        assert journal.record.orphans == 1
        asking.ask = ask  # type: ignore[method-assign]
        assert isinstance(await attempt(rig, order, journal), Delivered)
