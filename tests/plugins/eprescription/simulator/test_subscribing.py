"""Pings without content over a WebSocket, and the messages and dispensings that they are about."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub_eprescription.simulator import fhir, systems
from hub_eprescription.simulator.fhir import Form, Resource
from hub_eprescription.simulator.parties import Access
from tests.plugins.eprescription.simulator.stage import (
    PATIENT,
    PHARMACY,
    PRESCRIBER,
    Caller,
    Signer,
    playing,
)


def criteria(text: str) -> Resource:
    """Return what a subscription asks for."""
    channel = {"type": "websocket"}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "none",
        "criteria": text,
        "channel": channel,
    }


@asynccontextmanager
async def bound(caller: Caller, folder: Path, access: Access, text: str) -> AsyncIterator[Any]:
    """Yield a WebSocket that is bound to a subscription, and its id."""
    heard = await caller.ask(access, "POST", "/Subscription", criteria(text))
    assert heard.status == 200
    made = heard.resource
    _, _, token = fhir.text(made, "channel", "header", 0).partition(": ")
    context = ssl.create_default_context(cafile=str(folder / "papers" / "authority.pem"))
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            f"{caller.url}/subscription", headers={"Authorization": token}, ssl=context
        ) as socket,
    ):
        await socket.send_str(f"bind: {made['id']}")
        assert await socket.receive_str() == f"bound: {made['id']}"
        yield socket, made["id"]


def assigning(number: str, code: str) -> Resource:
    """Return the message by which a patient gives a prescription to a pharmacy."""
    return {
        "resourceType": "Communication",
        "basedOn": [{"reference": f"Task/{number}/$accept?ac={code}"}],
        "status": "unknown",
        "recipient": [{"identifier": {"system": systems.TELEMATIK_ID, "value": PHARMACY.identifier}}],
        "payload": [{"contentString": "?"}],
    }


async def test_a_pharmacy_hears_that_a_message_has_come(tmp_path: Path) -> None:
    """The ping says nothing but that there is something; the message is fetched, once unread."""
    async with playing(tmp_path) as (_, caller):
        number, code = await caller.issue(Signer(tmp_path))
        wanted = f"Communication?received=null&recipient={PHARMACY.identifier}"
        async with bound(caller, tmp_path, PHARMACY, wanted) as (socket, name):
            heard = await caller.ask(
                PATIENT, "POST", "/Communication", assigning(number, code), form=Form.JSON
            )
            assert heard.status == 201
            assert await socket.receive_str() == f"ping: {name}"
        totals = []
        for _ in range(2):
            heard = await caller.ask(PHARMACY, "GET", "/Communication?received=NULL")
            totals.append(heard.resource["total"])
        assert totals == [1, 0]


async def test_a_prescriber_hears_that_something_was_dispensed(tmp_path: Path) -> None:
    """An addition of the simulator's: the hub looks when it is pinged, instead of only now and then."""
    async with playing(tmp_path) as (served, caller):
        number, _ = await caller.issue(Signer(tmp_path))
        async with bound(caller, tmp_path, PRESCRIBER, "MedicationDispense") as (socket, name):
            served.simulation.pharmacy.claim(number)
            served.simulation.pharmacy.close(number)
            assert await socket.receive_str() == f"ping: {name}"


async def test_nobody_subscribes_for_somebody_else(tmp_path: Path) -> None:
    """Nor with a token that is none."""
    async with playing(tmp_path) as (_, caller):
        heard = await caller.ask(
            PHARMACY, "POST", "/Subscription", criteria("Communication?received=null&recipient=3-other")
        )
        assert heard.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with bound_by(caller, tmp_path, "no-token"):
                pass
        assert caught.value.status == 401


@asynccontextmanager
async def bound_by(caller: Caller, folder: Path, token: str) -> AsyncIterator[None]:
    """Open a WebSocket with a token."""
    context = ssl.create_default_context(cafile=str(folder / "papers" / "authority.pem"))
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{caller.url}/subscription"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, headers=headers, ssl=context),
    ):
        yield


async def test_messages_go_when_the_prescription_is_closed(tmp_path: Path) -> None:
    """And only their sender deletes them before."""
    async with playing(tmp_path) as (served, caller):
        number, code = await caller.issue(Signer(tmp_path))
        sent = [
            await caller.ask(PATIENT, "POST", "/Communication", assigning(number, code), form=Form.JSON)
            for _ in range(2)
        ]
        name = sent[0].resource["id"]
        assert (await caller.ask(PHARMACY, "DELETE", f"/Communication/{name}")).status == 404
        assert (await caller.ask(PATIENT, "DELETE", f"/Communication/{name}")).status == 204
        served.simulation.pharmacy.claim(number)
        served.simulation.pharmacy.close(number)
        heard = await caller.ask(PATIENT, "GET", "/Communication")
        assert heard.resource["total"] == 0
