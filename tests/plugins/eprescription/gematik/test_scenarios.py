"""The prescriber's part of gematik's recorded scenarios, replayed against the adapter.

A server of ours answers over TLS as the recorded one did; every request must be what was recorded, and the
signature is the recorded one, byte for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from hub.domain.outcome import Delivered, Refused
from hub.domain.prescription import CancelResult, Handing, PrescriptionState
from hub.ports.prescription import Order, Reason, Signing
from hub.ports.signing import Signer
from hub.testing.fakes import FixedClock
from hub.testing.journals import MemoryJournal
from hub_eprescription.codes import reading, token
from hub_eprescription.gematik import bundle
from hub_eprescription.gematik.drafting import Keys
from hub_eprescription.gematik.service import Service
from hub_eprescription.signing import cades
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.signers import Signers
from hub_eprescription.wire.session import open_session
from tests.plugins.eprescription import prescribers, scenarios
from tests.plugins.eprescription.gematik import practice, recorded
from tests.plugins.eprescription.gematik.practice import CAMILLE, ZONE
from tests.plugins.eprescription.gematik.recorded import Cancel, Issue
from tests.plugins.eprescription.scenarios import Recorded, What
from tests.servers import Papers

SOON = datetime(2025, 3, 28, 9, tzinfo=UTC)
"""On the day on which everything was recorded."""


@dataclass
class Exchange:
    """A request that must come next, and its answer."""

    method: str
    path: str
    body: Recorded | None
    code: str | None
    answer: Recorded | None


@dataclass
class Script:
    """What must be asked, in order. `wrong` says what differed."""

    left: list[Exchange] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer as recorded."""
        body = await request.read()
        if not self.left:
            self.wrong.append(f"unasked: {request.method} {request.path}")
            return web.Response(status=500)
        due = self.left.pop(0)
        asked = (request.method, request.path, request.headers.get("X-AccessCode"))
        if asked != (due.method, due.path, due.code):
            self.wrong.append(f"{request.method} {request.path} instead of {due.method} {due.path}")
        if due.body is None:
            if body:
                self.wrong.append(f"{due.path}: a body")
        elif not bundle.same(body, due.body.content):
            self.wrong.append(f"{due.path}: another body")
        if request.headers.get("Authorization") != f"Bearer {practice.ACCESS.token}":
            self.wrong.append(f"{due.path}: no access token")
        if due.answer is None:
            return web.Response(status=204)
        kind = "json" if due.answer.is_json else "xml"
        return web.Response(
            status=due.answer.status,
            body=due.answer.content,
            headers={"Content-Type": f"application/fhir+{kind};charset=utf-8"},
        )


@asynccontextmanager
async def listening(script: Script, papers: Papers) -> AsyncIterator[str]:
    """Serve a script."""
    tls = papers.issue()
    runner = web.ServerRunner(web.Server(script.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls.server())
    await site.start()
    try:
        yield f"https://localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def replaying(
    folder: Path, script: Script, signed: dict[bytes, bytes]
) -> AsyncIterator[Callable[[Authorities], Service]]:
    """Yield who makes a service that asks the script's server and signs as recorded."""
    papers = Papers(folder / "papers")
    holder = prescribers.prescriber(None)

    async def envelop(content: bytes, _signer: Signer, _at: datetime) -> bytes:
        assert content in signed, "these bytes were not the ones that were signed"
        return signed[content]

    host = practice.host(folder, FixedClock(SOON))
    async with listening(script, papers) as url:
        settings = practice.settings(folder, [url], papers.authority, holder, signing=Signing.HUB)
        async with open_session(settings.wire, host) as session:
            signers = Signers({practice.LILAS.key: holder.signer})
            yield lambda trust: Service(
                settings, session, Keys(signers=signers, trust=trust, envelop=envelop), host
            )


def order(issue: Issue, count: int) -> Order:
    """Return the order: the recorded document, before it had its number."""
    if issue.to_sign is None:
        content = practice.bundle(day=SOON.date())
    else:
        recorded_number = (bundle.number(bundle.read(issue.to_sign.content)) or "").encode()
        content = issue.to_sign.content.replace(recorded_number, b"", 1)
    flow = re.search(rb'code value="(\d{3})"', issue.create.content)
    assert flow
    return Order(
        id=practice.envelope(count),
        prescriber=CAMILLE,
        media_type=practice.MEDIA_TYPE,
        content=content,
        options={"workflow": flow[1].decode()},
    )


async def signer_of(issues: Sequence[Issue]) -> Authorities:
    """Return who signed, as the only ones to be trusted."""
    found = [
        await cades.verify(one.signed.content, Authorities(), SOON)
        for one in issues
        if one.signed is not None
    ]
    return Authorities([one.certificate for one in found])


@pytest.mark.parametrize("name", scenarios.names())
async def test_a_recorded_scenario(name: str, tmp_path: Path) -> None:
    """The prescriber gets what was recorded: number, code and last day, or the refusal in words."""
    steps = recorded.part(scenarios.scenario(name))
    issues = [one for one in steps if isinstance(one, Issue)]
    assert issues
    script = Script()
    signed = {one.to_sign.content: one.signed.content for one in issues if one.to_sign and one.signed}
    async with replaying(tmp_path, script, signed) as service_for:
        service = service_for(await signer_of(issues))
        for count, step in enumerate(steps):
            if isinstance(step, Issue):
                journal = await _issue(service, script, step, count)
            else:
                await _cancel(service, script, step, journal)
    assert script.wrong == []
    assert script.left == []


async def _issue(service: Service, script: Script, issue: Issue, count: int) -> MemoryJournal:
    script.left.append(Exchange("POST", "/Task/$create", issue.create, None, issue.created))
    number = code = None
    if issue.activate is not None:
        found = re.findall(rb'<value value="([^"]+)"', issue.created.content)
        number, code = (one.decode() for one in found[:2])
        script.left.append(Exchange("POST", issue.activate.target, issue.activate, code, issue.activated))
    ordered = order(issue, count)
    journal = MemoryJournal(ordered.id, FixedClock(SOON))
    outcome = await service.issue(ordered, journal)
    record = journal.record
    if issue.answer.status >= 400:
        said = scenarios_texts(issue.answer)
        assert isinstance(outcome, Refused)
        assert record.state is PrescriptionState.REJECTED
        assert all(text in outcome.reason.en and text in outcome.reason.fr for text in said)
        held = json.loads(record.facts["outcome"])
        assert [one["details"]["text"] for one in held["issue"]] == said
        return journal
    assert isinstance(outcome, Delivered)
    assert record.state is PrescriptionState.ACTIVE
    assert (record.number, record.secret) == (number, code)
    assert issue.signed is not None
    assert await journal.signed() == issue.signed.content
    assert issue.activated is not None
    expiry = re.search(rb'ExpiryDate">\s*<valueDate value="([0-9-]+)"', issue.activated.content)
    assert expiry
    last_day = datetime.fromisoformat(expiry[1].decode()).date()
    assert record.expires_at == datetime.combine(last_day + timedelta(days=1), time(), ZONE)
    if issue.code is not None:
        await _code(service, journal, issue.code, ordered)
    return journal


async def _code(service: Service, journal: MemoryJournal, picture: Recorded, ordered: Order) -> None:
    """Expect the 2D code to say what the recorded one says, and so the mail to a pharmacy."""
    shown = token.decode(reading.read(picture.content).content)
    made = service.code(journal.record, None)
    assert made is not None
    assert token.decode(made.text or "") == shown
    mail = await service.hand_over(journal.record, await journal.signed(), ordered, Handing.TOKEN, "fr")
    assert token.parse(mail.enclosures[1].content.decode()) == shown[0]


async def _cancel(service: Service, script: Script, step: Cancel, journal: MemoryJournal) -> None:
    record = journal.record
    script.left.append(Exchange("POST", f"/Task/{record.number}/$abort", None, record.secret, step.answer))
    said = await service.cancel(record, Reason(), CAMILLE)
    if step.answer is None:
        assert said.result is CancelResult.CANCELLED
        return
    assert said.result is CancelResult.WITH_DISPENSER
    assert said.state is PrescriptionState.CLAIMED
    assert all(text in said.words.en for text in scenarios_texts(step.answer))


def scenarios_texts(answer: Recorded) -> list[str]:
    """Return the texts of an OperationOutcome."""
    found = re.findall(rb'<text value="([^"]*)"', answer.content)
    return [one.decode().replace("&quot;", '"') for one in found]


@pytest.mark.parametrize("name", scenarios.names())
def test_what_was_signed_says_what_was_to_be_signed(name: str) -> None:
    """A workstation may write the XML in another way: the hub sees that it says the same, and when not."""
    for one in recorded.part(scenarios.scenario(name)):
        if isinstance(one, Issue) and one.to_sign is not None and one.signed is not None:
            content = cades.content_of(one.signed.content)
            assert bundle.same(content, one.to_sign.content)
            for old in (b'value="active"', b'authoredOn value="2025-03-28"', b'code value="12345678"'):
                changed = content.replace(old, old.replace(b'value="', b'value="1'), 1)
                assert changed == content or not bundle.same(changed, one.to_sign.content)


@pytest.mark.parametrize("name", scenarios.names())
async def test_recorded_dispensings_are_read(name: str, tmp_path: Path) -> None:
    """What pharmacies said they handed out is told with its number, its day and its document."""
    answers = [
        one
        for one in scenarios.scenario(name).files
        if one.what is What.ANSWER and one.is_json and b'"MedicationDispense"' in one.content
    ]
    async with replaying(tmp_path, Script(), {}) as service_for:
        service = service_for(Authorities())
        for answer in answers:
            told = service.dispensings("application/fhir+json", answer.content)
            entries = json.loads(answer.content).get("entry", ())
            kinds = [one["resource"]["resourceType"] for one in entries]
            assert len(told) == kinds.count("MedicationDispense")
            assert len({one.id for one in told}) == len(told)
            assert all(one.number in answer.content.decode() and one.document for one in told)
