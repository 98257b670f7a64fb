"""`hub operator try` shows what went over the wire, what decided, what came of it, and no secret."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from aiohttp import web
from typer.testing import CliRunner, Result

from hub.errors import ConfigError, InputError
from hub_http.commands.app import app
from tests.plugins.http.sending.world import Service
from tests.servers import Papers

SECRET = "correct-horse-battery-staple"
TO = "dr.aubepine@valbrume.mssante.example"
DESCRIPTION = """
version = 1
title = "An operator to be tried"

[parameters]
account = { meaning = "the hub's account" }

[secrets]
key = { meaning = "the hub's key" }

[[auth]]
kind = "api_key"
header = "X-Key"
secret = "key"

[send]
idempotency = "none"

[[send.steps]]
name = "post"
method = "POST"
path = "/messages"
remote = { json = "$.id" }
headers = { "X-Account" = "{{ parameters.account }}" }

[send.steps.json]
ours = "{{ delivery.id }}"
to = "{{ recipient.address }}"
subject = "{{ message.subject }}"
documents = { "$each" = "{{ documents }}", "$as" = "one", "$item" = { data = "{{ one | base64 }}" } }

[[send.steps.answers]]
status = 422
class = "refused"
reason = { json = "$.title" }
"""


class Trier:
    """An operator that runs beside, and the command."""

    def __init__(self, folder: Path, service: Service, papers: Papers) -> None:
        self.folder = folder
        self.service = service
        self.papers = papers
        self.description = folder / "operator.toml"
        self.description.write_text(DESCRIPTION)
        self.secret = folder / "key"
        self.secret.touch(mode=0o600)
        self.secret.write_text(SECRET)

    def run(self, *more: str, to: str = TO) -> Result:
        """Run the command with all that the description asks for."""
        given = ["try", str(self.description), "--to", to, "--base-url", self.service.url]
        given += ["--anchors", str(self.papers.authority), "--network", "127.0.0.0/8", "--network", "::1/128"]
        given += ["--set", "account=hub-7", "--secret", f"key={self.secret}", *more]
        return CliRunner().invoke(app, given)


@pytest.fixture
def trier(tmp_path: Path) -> Iterator[Trier]:
    """Run the operator in a thread of its own."""
    papers = Papers(tmp_path / "tls")
    started: Future[tuple[Service, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        service, stop = Service(papers.issue()), asyncio.Event()
        await service.open()
        started.set_result((service, asyncio.get_running_loop(), stop))
        await stop.wait()
        await service.close()

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    service, loop, stop = started.result(30)
    yield Trier(tmp_path, service, papers)
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)


def test_it_sends_one_message_that_says_it_is_a_test(trier: Trier) -> None:
    """Whoever finds it in a mailbox knows; it holds nothing about anybody."""
    result = trier.run("--language", "fr")
    assert result.exit_code == 0, result.output
    (message,) = trier.service.messages
    assert message.to == (TO,)
    assert message.subject is not None
    assert "test" in message.subject
    assert message.id in result.output


def test_it_shows_both_ways_and_what_decided(trier: Trier) -> None:
    """The request, the answer, the row of the description, without secrets."""
    result = trier.run()
    assert f"> POST {trier.service.url}/messages" in result.output
    assert "> X-Account: hub-7" in result.output
    assert "< 201" in result.output
    assert "= post: ok (http)" in result.output
    assert SECRET not in result.output


def test_a_refusal_says_which_row_decided(trier: Trier) -> None:
    """The exit code tells a program, the words a person."""
    result = trier.run(to="unknown@valbrume.mssante.example")
    assert result.exit_code == 4
    assert "= post: refused (request:1)" in result.output
    assert "No such mailbox" in result.output


def test_a_program_gets_json(trier: Trier) -> None:
    """Outcome, judgements and transcript."""
    trier.service.script = [web.Response(status=503)]
    result = trier.run("--json")
    assert result.exit_code == 6
    said = json.loads(result.output)
    assert (said["outcome"], said["code"]) == ("uncertain", "http.uncertain")
    assert said["judged"] == [{"request": "post", "status": 503, "meaning": "uncertain", "row": "http"}]
    assert said["transcript"]


def test_a_document_can_go_along(trier: Trier) -> None:
    """With its own name and bytes."""
    document = trier.folder / "essai.pdf"
    document.write_bytes(b"%PDF-1.7 essai")
    assert trier.run("--document", str(document)).exit_code == 0
    assert len(trier.service.messages[0].documents) == 2


def test_an_operator_of_the_configuration_is_tried_as_it_is(
    trier: Trier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the parameters and the secrets that the hub itself would use."""
    configuration = trier.folder / "hub.toml"
    configuration.write_text(
        f"""
        [operators.valbrume]
        kind = "http"
        domains = ["valbrume.mssante.example"]
        deadline = "1m"
        description = "operator.toml"
        base_url = "{trier.service.url}"
        anchors = ["{trier.papers.authority}"]
        networks = ["127.0.0.0/8", "::1/128"]
        parameters = {{ account = "hub-7" }}
        secrets = {{ key = "key" }}
        """
    )
    monkeypatch.setenv("CADUCEE_CONFIG", str(configuration))
    result = CliRunner().invoke(app, ["try", "--operator", "valbrume", "--to", TO])
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(app, ["try", "--operator", "elsewhere", "--to", TO])
    assert isinstance(result.exception, ConfigError)


@pytest.mark.parametrize(
    "more",
    [["--set", "account"], ["--document", "/nowhere/essai.pdf"], ["--language", "de"], ["--operator", "x"]],
)
def test_a_wrong_option_is_named(trier: Trier, more: list[str]) -> None:
    """Before anything is sent."""
    result = trier.run(*more)
    assert isinstance(result.exception, InputError)
    assert trier.service.requests == []
