"""curl, which nobody here wrote, hands messages over as the reference shows."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.unit.adapters.http.serving import LETTER, TOKEN, Served, serving

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


async def _curl(served: Served, *arguments: str) -> tuple[int, Any]:
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--show-error", "--max-time", "30", "--write-out", "\n%{http_code}"),
        *("-H", f"Authorization: Bearer {TOKEN}", "-H", "Idempotency-Key: k1"),
        *arguments,
        f"{served.url}/v1/messages",
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
