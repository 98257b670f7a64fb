"""Each fault does to the prescription what it says, and to the answer what it says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from hub.errors import InputError
from hub_eprescription.simulator.faults import KINDS, Fault, Plan
from tests.plugins.eprescription.simulator.stage import (
    PRESCRIBER,
    Caller,
    Signer,
    ordering,
    playing,
    prescription,
)
from tests.servers import Tls

DONE = ("lost", "truncated", "twice", "malformed", "wrong-type", "done:252", "done:503")
UNDONE = ("cut", "status:500", "status:429", "inside", "redirect")


@pytest.mark.parametrize("kind", DONE + UNDONE)
async def test_what_becomes_of_an_activation(tmp_path: Path, kind: str) -> None:
    """Whether it counts is what the name of the fault says, whatever the asker sees; it is committed once."""
    async with playing(tmp_path) as (served, caller):
        number, code = await caller.create()
        signed = Signer(tmp_path).sign(prescription(number))
        served.simulation.fault("activate", kind)
        try:
            await caller.activate(number, code, signed)
        except aiohttp.ClientError:
            assert kind in {"lost", "cut", "truncated", "twice"}
        counted = served.simulation.gematik.kept.counts()
        assert counted["ready" if kind in DONE else "draft"] == 1
        again = await caller.activate(number, code, signed)
        assert again.status == (403 if kind in DONE else 200)


@pytest.mark.parametrize("kind", ["silent", "hung"])
async def test_an_answer_that_never_comes(tmp_path: Path, kind: str) -> None:
    """The asker gives up; whether it was done is what the name says."""
    async with playing(tmp_path) as (served, caller):
        came = asyncio.Event()
        served.simulation.told.append(lambda _: came.set())
        served.simulation.fault("create", kind)
        asking = asyncio.create_task(caller.ask(PRESCRIBER, "POST", "/Task/$create", ordering("160")))
        await came.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert sum(served.simulation.gematik.kept.counts().values()) == (1 if kind == "hung" else 0)


async def test_a_warning_comes_with_the_answer(tmp_path: Path) -> None:
    """252 is a success: the Task is in it, and says that it is ready."""
    async with playing(tmp_path) as (served, caller):
        number, code = await caller.create()
        served.simulation.fault("activate", "done:252")
        heard = await caller.activate(number, code, Signer(tmp_path).sign(prescription(number)))
        assert heard.status == 252
        assert heard.resource["status"] == "ready"


async def test_a_failure_inside_a_success(tmp_path: Path) -> None:
    """200 with an OperationOutcome that says no: nothing was done."""
    async with playing(tmp_path) as (served, caller):
        served.simulation.fault("create", "inside")
        heard = await caller.ask(PRESCRIBER, "POST", "/Task/$create", ordering("160"))
        assert heard.status == 200
        assert heard.resource["resourceType"] == "OperationOutcome"
        assert heard.resource["issue"][0]["severity"] == "error"


async def test_who_is_told_to_wait_is_told_how_long(tmp_path: Path) -> None:
    """429 and 503 bear Retry-After."""
    async with playing(tmp_path) as (served, caller):
        for status in (429, 503):
            served.simulation.fault("create", f"status:{status}")
            heard = await caller.ask(PRESCRIBER, "POST", "/Task/$create", ordering("160"))
            assert (heard.status, heard.headers["Retry-After"]) == (status, "7")


async def test_an_answer_that_comes_twice(tmp_path: Path) -> None:
    """Behind the answer comes the same once more, which nobody asked for."""
    async with playing(tmp_path) as (served, caller):
        served.simulation.fault("metadata", "twice")
        reader, writer = await connected(caller, tmp_path)
        request = f"GET /metadata HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {PRESCRIBER.token}\r\n"
        writer.write(f"{request}\r\n".encode())
        answers = [await answer(reader), await answer(reader)]
        assert answers[0] == answers[1]
        assert b"CapabilityStatement" in answers[0]
        writer.close()


async def connected(caller: Caller, folder: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection without a client that would hide what comes."""
    papers = folder / "papers"
    tls = Tls(
        certificate=papers / "localhost.pem", key=papers / "localhost.key", authority=papers / "authority.pem"
    )
    port = int(caller.url.rpartition(":")[2])
    return await asyncio.open_connection("localhost", port, ssl=tls.client())


async def answer(reader: asyncio.StreamReader) -> bytes:
    """Read the body of one answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    return await reader.readexactly(length)


def test_faults_are_committed_in_order() -> None:
    """Those of the operation first, then those of all; each as often as was asked for."""
    plan = Plan(["create", "activate"])
    plan.add(Fault.parse("create=lost:2"))
    plan.add(Fault.parse("*=status:503"))
    kinds = [one.kind if (one := plan.next("create")) else None for _ in range(4)]
    assert kinds == ["lost", "lost", "status", None]


@pytest.mark.parametrize("text", ["create", "create=burn", "create=status:99", "create=lost:0", "fly=lost"])
def test_what_is_no_fault_is_refused(text: str) -> None:
    """The words say how one is written, or which operations there are."""
    plan = Plan(["create"])
    with pytest.raises(InputError) as caught:
        plan.add(Fault.parse(text))
    assert caught.value.code == "simulator.fault"


def test_every_kind_can_be_written() -> None:
    """What the help lists is what is taken."""
    assert {Fault.parse(f"create={one}").kind for one in KINDS} == KINDS
