"""What a double holds its callers to: proofs, tokens that count once, checks, and what is gone."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from hub.domain.outcome import Deferred, Delivered, Uncertain
from hub.errors import ConfigError
from hub.ports.connector import Recovers
from hub_http.description.model import Description
from hub_http.double import papers
from hub_http.double.opening import Double, Plans, Tls, open_double
from hub_http.wire.exchange import Request
from tests.plugins.http.double.stage import PDF, Stage, again, described, files, staged
from tests.servers import Papers

JWT = {"key": "key", "algorithm": "ES256", "claims": {"iss": "{{ parameters.client }}", "aud": "operator"}}
PROOFS: dict[str, list[dict[str, Any]]] = {
    "api_key": [{"kind": "api_key", "header": "X-Key", "secret": "key", "prefix": "Key "}],
    "query": [{"kind": "api_key", "query": "key", "secret": "key"}],
    "basic": [{"kind": "basic", "user": "{{ parameters.client }}", "password": "key"}],
    "jwt": [{"kind": "jwt", **JWT}],
    "hmac": [
        {
            "kind": "hmac",
            "key": "key",
            "timestamp": "iso",
            "message": "{{ request.method }}\n{{ request.path }}\n{{ request.query }}\n"
            "{{ nonce }}\n{{ timestamp }}\n{{ request.body_sha256 }}",
            "headers": {
                "X-Proof": "{{ parameters.client }};{{ nonce }};{{ timestamp }}",
                "X-Signature": "v1={{ signature }}",
            },
        }
    ],
    "oauth2_basic": [
        {
            "kind": "oauth2",
            "token_url": "{{ parameters.token_url }}",
            "client_id": "{{ parameters.client }}",
            "client_secret": "key",
            "scope": "send",
            "extra": {"audience": "api"},
        }
    ],
    "oauth2_jwt": [
        {
            "kind": "oauth2",
            "token_url": "{{ parameters.token_url }}",
            "client_id": "{{ parameters.client }}",
            "client_auth": "private_key_jwt",
            "assertion": {**JWT, "algorithm": "RS256"},
        }
    ],
}


def proving(how: str) -> Description:
    """Return a small API whose requests are proved so."""
    parameters = {"client": {"meaning": "the client"}}
    if how.startswith("oauth2"):
        parameters["token_url"] = {"meaning": "where tokens are"}
    return Description.model_validate(
        {
            "version": 1,
            "title": "Proved",
            "parameters": parameters,
            "secrets": {"key": {"meaning": "a secret"}},
            "auth": PROOFS[how],
            "send": {
                "idempotency": "key",
                "steps": [
                    {
                        "name": "post",
                        "method": "POST",
                        "path": "/messages",
                        "query": {"to": "{{ recipient.address }}"},
                        "json": {"ours": "{{ delivery.id }}"},
                    }
                ],
            },
            "simulate": {
                "once": True,
                "routes": [
                    {"name": "token", "method": "POST", "path": "/token", "does": "token", "auth": False},
                    {
                        "name": "post",
                        "method": "POST",
                        "path": "/messages",
                        "does": "create",
                        "ours": {"json": "$.ours"},
                        "again": "same",
                    },
                ],
            },
        }
    )


@pytest.mark.parametrize("how", list(PROOFS))
async def test_who_proves_themselves_as_described_is_let_in(tmp_path: Path, how: str) -> None:
    """The connector's proofs and the double's checks are two readings of the same description."""
    async with staged(tmp_path, proving(how)) as stage:
        for _ in range(2):
            assert isinstance(await stage.outcome(stage.parcel()), Delivered)
        assert len(stage.double.messages) == 2


@pytest.mark.parametrize("how", list(PROOFS))
async def test_another_secret_is_not_let_in(tmp_path: Path, how: str) -> None:
    """The hub has another secret than the operator: nothing is taken."""
    async with staged(tmp_path, proving(how)) as stage:
        (tmp_path / "other").mkdir()
        others = files(tmp_path / "other", papers.drawn(stage.description))
        stage.settings = replace(stage.settings, secrets=others)
        async with stage.restarted() as connector:
            (outcome,) = (await connector.deliver(stage.parcel())).values()
        assert isinstance(outcome, Deferred), outcome
        assert outcome.code in {"http.authentication", "http.token_refused"}
        assert not stage.double.messages


@asynccontextmanager
async def raw(double: Double) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield who speaks to a double without the connector."""
    context = ssl.create_default_context(cafile=str(double.anchors))
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(double.url, connector=connector) as session:
        yield session


async def test_a_token_counts_once(tmp_path: Path) -> None:
    """What was overheard can't be used again; nor what is older than the operator's window."""
    async with staged(tmp_path, described("mesh")) as stage:
        kept = await _proof(stage)
        async with raw(stage.double) as session:
            path = f"/messageexchange/{stage.operator.parameters['mailbox']}/inbox"
            for status in (200, 403):
                async with session.get(path, headers={"Authorization": kept}) as answer:
                    assert answer.status == status
            late = await _proof(stage)
            stage.clock.advance(timedelta(hours=3))
            async with session.get(path, headers={"Authorization": late}) as answer:
                assert answer.status == 403
                assert (await answer.json(content_type=None))["detail"][0]["msg"]


async def _proof(stage: Stage) -> str:
    request = Request(method="GET", url=URL(stage.double.url), headers=CIMultiDictProxy(CIMultiDict()))
    return (await stage.operator.authority.authorise(request)).headers["Authorization"]


async def test_what_was_acknowledged_is_gone(tmp_path: Path) -> None:
    """A second download gets 410, as at MESH."""
    async with staged(tmp_path, described("mesh")) as stage:
        await stage.outcome(stage.parcel())
        await stage.back()
        (held,) = [one for one in stage.double.held if one.incoming]
        async with raw(stage.double) as session:
            path = f"/messageexchange/{stage.operator.parameters['mailbox']}/inbox/{held.id}"
            async with session.get(path, headers={"Authorization": await _proof(stage)}) as answer:
                assert answer.status == 410


def in_chunks(size: int) -> Description:
    """Return MESH's description with chunks of a size that tests can bear, both ways."""
    description = described("mesh")
    send, simulate = description.send, description.simulate
    assert send is not None
    assert simulate is not None
    (step,) = send.steps
    assert step.chunks is not None
    small = step.model_copy(update={"chunks": step.chunks.model_copy(update={"size": size}), "gzip": False})
    routes = tuple(
        one if one.slice is None else one.model_copy(update={"slice": size}) for one in simulate.routes
    )
    changes = {
        "send": send.model_copy(update={"steps": (small,)}),
        "simulate": simulate.model_copy(update={"routes": routes}),
    }
    return description.model_copy(update=changes)


async def test_a_message_in_chunks_is_one(tmp_path: Path) -> None:
    """In parts out and in parts back: nobody gets it before the last, and every byte is in its place."""
    async with staged(tmp_path, in_chunks(300)) as stage:
        await stage.outcome(stage.parcel(data=PDF * 50))
        (held,) = stage.double.messages
        assert len(held.parts) > 3
        await stage.back()
        (came,) = stage.intake.submissions
        assert {len(PDF * 50)} <= {part.content.size for part in came.parts}
        assert sum(one.route == "part" for one in stage.double.seen) > 3


@pytest.mark.parametrize(
    ("size", "kind", "wanted"),
    [
        pytest.param(300, "lost", Deferred, id="lost-amid"),
        pytest.param(300, "done:500", Deferred, id="500-amid"),
        pytest.param(2000, "lost", Uncertain, id="lost-at-the-end"),
        pytest.param(2000, "cut", Uncertain, id="cut-at-the-end"),
        pytest.param(2000, "done:500", Uncertain, id="500-at-the-end"),
    ],
)
async def test_a_chunk_that_fails(tmp_path: Path, size: int, kind: str, wanted: type) -> None:
    """Amid an upload nobody has anything yet: it is sent anew. After the last one the hub asks first."""
    async with staged(tmp_path, in_chunks(size)) as stage:
        stage.double.fault("chunk", kind)
        sent = stage.parcel()
        outcome = await stage.outcome(sent)
        assert isinstance(outcome, wanted), outcome
        stage.clock.advance(timedelta(hours=1))
        async with stage.restarted() as connector:
            if isinstance(outcome, Uncertain):
                assert isinstance(connector, Recovers)
                (outcome,) = (await connector.recover(sent)).values()
            if isinstance(outcome, Deferred):
                (outcome,) = (await connector.deliver(again(sent))).values()
        assert isinstance(outcome, Delivered), outcome
        assert len(stage.double.messages) == 1


async def test_requests_are_checked(tmp_path: Path) -> None:
    """A header that the operator wants is missing: it says so in its own words."""
    async with staged(tmp_path, described("mesh")) as stage, raw(stage.double) as session:
        path = f"/messageexchange/{stage.operator.parameters['mailbox']}/outbox"
        headers = {"Authorization": await _proof(stage), "Mex-To": "X"}
        async with session.post(path, data=b"{}", headers=headers) as answer:
            assert answer.status == 417
        async with session.get("/nowhere") as answer:
            assert answer.status == 404
        async with session.delete(path) as answer:
            assert answer.status == 405


async def test_a_description_without_a_double_says_so(tmp_path: Path) -> None:
    """Whoever asks reads what is missing."""
    with pytest.raises(ConfigError) as caught:
        async with open_double(described("hub"), tmp_path, Plans()):
            pass
    assert caught.value.code == "double.unplayable"


async def test_only_callers_of_the_named_authority_are_let_in(tmp_path: Path) -> None:
    """With `clients` the operator asks for a certificate: without one there is no connection."""
    papers_of_hub = Papers(tmp_path / "hub")
    own = papers_of_hub.issue("hub.hautmont.example")
    (tmp_path / "server").mkdir()
    made = papers.issue(tmp_path / "server")
    tls = Tls(
        anchors=made.anchors, certificate=made.certificate, key=made.key, clients=papers_of_hub.authority
    )
    async with staged(tmp_path, described("two-phase"), Plans(tls=tls)) as stage:
        assert isinstance(await stage.outcome(stage.parcel()), Deferred)
        shown = replace(stage.settings.tls, certificate=own.certificate, key=own.key)
        stage.settings = replace(stage.settings, tls=shown)
        async with stage.restarted() as connector:
            (outcome,) = (await connector.deliver(stage.parcel())).values()
        assert isinstance(outcome, Delivered), outcome
