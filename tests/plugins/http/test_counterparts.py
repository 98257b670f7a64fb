"""The counterparts themselves: that they are what the other tests take them for."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.front import Front, front
from tests.mesh_user import MeshUser
from tests.servers import SHARED_KEY, Papers, Tls, mesh_sandbox, prism, token_server

PETS = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1"},
    "paths": {"/pets": {"get": {"responses": {"200": {"description": "all", "content": {}}}}}},
}


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    """Return an authority."""
    return Papers(tmp_path / "tls")


@pytest.fixture
def mesh(papers: Papers, tmp_path: Path) -> Iterator[tuple[MeshUser, MeshUser, Front]]:
    """Run the sandbox with a front; two users: the first comes through the front, the second does not."""
    host, client = papers.issue(), papers.issue("user.example")
    with ExitStack() as stack:
        url = stack.enter_context(mesh_sandbox(tmp_path, host))
        before = stack.enter_context(front(url, host, client=True))
        yield _user(before.url, "X26ABC1", client, tmp_path), _user(url, "X26ABC2", client, tmp_path), before


def _user(url: str, mailbox: str, tls: Tls, folder: Path) -> MeshUser:
    return MeshUser(
        url=url,
        mailbox=mailbox,
        certificate=tls.certificate,
        key=tls.key,
        authority=tls.authority,
        shared_key=SHARED_KEY,
        folder=folder,
    )


def test_a_chunked_message_goes_from_one_mesh_user_to_the_other(
    mesh: tuple[MeshUser, MeshUser, Front],
) -> None:
    """The sandbox and NHS's client agree, over mutual TLS and through the front."""
    first, second, before = mesh
    sent = first.send("X26ABC2", b"0123456789" * 300, chunk=1000, workflow_id="TEST_WORKFLOW", local_id="a")
    (got,) = second.collect()
    assert (sent, b"0123456789" * 300) == (got.id, got.content)
    assert "a" == got.headers["localid"]
    assert 3 == len(before.asked("POST", r"/messageexchange/X26ABC1/outbox.*"))
    assert "acknowledged" == first.track(sent)["status"]


def test_an_answer_that_is_cut_leaves_the_message_at_the_operator(
    mesh: tuple[MeshUser, MeshUser, Front],
) -> None:
    """The sender hears nothing, the recipient has it: what recovering is for."""
    first, second, before = mesh
    before.spoil("POST", r".*/outbox", "cut")
    with pytest.raises(AssertionError, match="ConnectionError"):
        first.send("X26ABC2", b"once", workflow_id="TEST_WORKFLOW", local_id="b")
    assert [b"once"] == [one.content for one in second.collect()]


def test_a_report_lies_in_the_inbox(mesh: tuple[MeshUser, MeshUser, Front]) -> None:
    """The sandbox's own message about an undelivered one has a type of its own and no content."""
    first, second, _ = mesh
    second.report(
        "X26ABC1",
        code="14",
        description="-",
        workflow_id="TEST_WORKFLOW",
        local_id="c",
        linked_message_id="M",
    )
    (got,) = first.collect()
    assert (b"", "REPORT", "c", "M") == (
        got.content,
        got.headers["messagetype"],
        got.headers["localid"],
        got.headers["linkedmsgid"],
    )


def test_the_sandbox_takes_nobody_without_a_certificate(
    mesh: tuple[MeshUser, MeshUser, Front], papers: Papers
) -> None:
    """Mutual TLS is on, as at the real MESH."""
    _, second, _ = mesh
    context = ssl.create_default_context(cafile=str(papers.authority))
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # where the refusal comes within the handshake
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        urllib.request.urlopen(f"{second.url}/health", context=context, timeout=30)


def test_prism_and_the_token_server_answer_over_tls(papers: Papers, tmp_path: Path) -> None:
    """An OpenAPI document becomes an operator; the token server gives a client its token."""
    host = papers.issue()
    document = tmp_path / "pets.json"
    document.write_text(json.dumps(PETS))
    context = ssl.create_default_context(cafile=str(papers.authority))
    with ExitStack() as stack:
        before = stack.enter_context(front(stack.enter_context(prism(tmp_path, document)), host))
        tokens = stack.enter_context(token_server(tmp_path, host))
        with urllib.request.urlopen(f"{before.url}/pets", context=context, timeout=30) as answer:
            assert 200 == answer.status
        request = urllib.request.Request(f"{tokens}/token", data=b"grant_type=client_credentials")
        with urllib.request.urlopen(request, context=context, timeout=30) as answer:
            assert "access_token" in json.load(answer)
