"""curl, which nobody here wrote, hands messages over as the reference shows."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.unit.adapters.http.prescribing import NUMBER, PRESCRIBER, XML, prescribing
from tests.unit.adapters.http.serving import LETTER, TOKEN, Served, serving

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


async def _curl(served: Served, *arguments: str, path: str = "/v1/messages") -> tuple[int, Any]:
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--show-error", "--max-time", "30", "--write-out", "\n%{http_code}"),
        *("-H", f"Authorization: Bearer {TOKEN}", "-H", "Idempotency-Key: k1"),
        *arguments,
        f"{served.url}{path}",
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    body, _, status = out.decode().rpartition("\n")
    return int(status), json.loads(body)


async def test_a_letter(served: Served) -> None:
    """The first example of the reference works."""
    status, body = await _curl(served, "-H", "Content-Type: application/json", "-d", json.dumps(LETTER))
    assert (status, body["state"]) == (202, "accepted")


async def test_a_form_with_a_large_document(tmp_path: Path) -> None:
    """The second example works: curl asks before it sends (`Expect`), and the file arrives whole."""
    document = os.urandom(3 << 20)
    file = tmp_path / "scanner.pdf"
    file.write_bytes(document)
    message = {
        **LETTER,
        "documents": [{"name": "scanner.pdf", "media_type": "application/pdf", "part": "scan"}],
    }
    async with serving(body=8 << 20) as served:
        status, body = await _curl(
            served, "-F", f"message={json.dumps(message)};type=application/json", "-F", f"scan=@{file}"
        )
        assert status == 202, body
        assert await served.intake.submissions[0].parts[1].content.read() == document


async def test_a_form_that_is_too_large_is_not_even_sent(tmp_path: Path) -> None:
    """Over the limit, curl gets its 413 before it has sent the file."""
    file = tmp_path / "large.bin"
    file.write_bytes(bytes(3 << 20))
    async with serving(body=1 << 20) as served:
        status, body = await _curl(served, "-F", f"message={json.dumps(LETTER)}", "-F", f"scan=@{file}")
        assert (status, body["code"]) == (413, "http.too_large")
        assert not served.intake.stages


async def test_a_prescription(tmp_path: Path) -> None:
    """The examples of the reference work: ordered as a form, handed over, and cancelled with a reason."""
    file = tmp_path / "prescription.xml"
    file.write_bytes(XML)
    message = {
        "from": PRESCRIBER,
        "prescription": {"media_type": "application/fhir+xml", "part": "rx"},
        "hand_over": [{"to": "pharmacie@valbrume.example", "as": "token"}],
    }
    async with prescribing() as one:
        form = ("-F", f"message={json.dumps(message)};type=application/json", "-F", f"rx=@{file}")
        status, body = await _curl(one.served, *form, path="/v1/prescriptions")
        assert (status, body["number"]) == (201, NUMBER)
        wish = ("-H", "Content-Type: application/json", "-d", '{"to": "pharmacie@valbrume.example"}')
        path = f"/v1/prescriptions/{body['id']}"
        assert (await _curl(one.served, *wish, path=f"{path}/hand-over"))[0] == 202
        reason = ("-H", "Content-Type: application/json", "-d", '{"reason": {"text": "Erreur de dosage"}}')
        status, body = await _curl(one.served, "-X", "DELETE", *reason, path=path)
        assert (status, body["result"]) == (200, "cancelled")


async def test_a_signed_file_is_put(tmp_path: Path) -> None:
    """Curl asks before it sends (`Expect`), and what it sends arrives whole."""
    signed = b"sign:" + XML + os.urandom(50_000)
    (tmp_path / "signed").write_bytes(signed)
    async with prescribing() as one:
        one.prescriptions.at_once = one.prescriptions.await_signature
        _, body = await one.order()
        more = ("-T", str(tmp_path / "signed"), "-H", "Expect: 100-continue")
        status, told = await _curl(one.served, *more, path=f"/v1/prescriptions/{body['id']}/signed")
        assert (status, told["number"]) == (200, NUMBER)
        assert [each.signed for each in one.prescriptions.kept.values()] == [signed]
