"""Who may come in: a token or a client certificate, and nobody else."""

from __future__ import annotations

import json
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from hub.adapters.http import tls
from hub.adapters.http.server import open_api
from hub.errors import ConfigError
from hub.testing.fakes import FixedChance, FixedClock
from tests.unit.adapters.http.serving import LETTER, OTHER, SETTINGS, TOKEN, Served, client, serving


@pytest.mark.parametrize(
    ("given", "code", "challenge"),
    [
        (None, "http.unauthenticated", 'Bearer realm="caducee"'),
        ("Bearer wrong", "http.wrong_token", 'Bearer realm="caducee", error="invalid_token"'),
        (f"Basic {TOKEN}", "http.wrong_token", 'Bearer realm="caducee", error="invalid_token"'),
        (f"Bearer {TOKEN} {TOKEN}", "http.wrong_token", 'Bearer realm="caducee", error="invalid_token"'),
        ("Bearer ", "http.wrong_token", 'Bearer realm="caducee", error="invalid_token"'),
    ],
)
async def test_no_token_or_a_wrong_one_is_401(
    served: Served, given: str | None, code: str, challenge: str
) -> None:
    """A client that doesn't prove who it is is told how, and nothing of it is read."""
    response, body = await served.post(headers={"Authorization": given})
    assert (response.status, body["code"]) == (401, code)
    assert response.headers["WWW-Authenticate"] == challenge
    assert not served.intake.stages


async def test_each_token_is_its_client(served: Served) -> None:
    """The token decides in whose name a message is taken; the scheme's case does not matter."""
    await served.post()
    await served.post(headers={"Authorization": f"bearer {OTHER}"})
    assert [one.peer.name for one in served.intake.submissions] == ["client:cabinet", "client:other"]


class _Authority:
    """An authority and files that it issued."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.anchor = folder / "anchor.pem"
        self.authority.cert_pem.write_to_path(str(self.anchor))
        issued = self.authority.issue_cert("127.0.0.1")
        self.certificate, self.key = folder / "hub.pem", folder / "hub.key"
        for blob in issued.cert_chain_pems:
            blob.write_to_path(str(self.certificate), append=True)
        issued.private_key_pem.write_to_path(str(self.key))
        self.key.chmod(0o600)

    def context(self, *names: str, by: trustme.CA | None = None) -> ssl.SSLContext:
        """Return a client's context, with a certificate for `names` if there are any."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        if names:
            (by or self.authority).issue_cert(*names).configure_cert(context)
        return context

    @property
    def settings(self) -> dict[str, Any]:
        """Return what `serving` takes."""
        return {
            "certificate": self.certificate,
            "key": self.key,
            "client_anchors": (self.anchor,),
            "clients": (client("app", certificate="dns:app.cabinet.example"), client("cabinet", token=TOKEN)),
        }


@pytest.fixture
def authority(tmp_path: Path) -> _Authority:
    """Return an authority and its files."""
    return _Authority(tmp_path)


async def _post(served: Served, context: ssl.SSLContext, **headers: str) -> tuple[int, Any]:
    async with served.session.post(
        f"{served.url}/v1/messages",
        data=json.dumps(LETTER),
        headers={"Idempotency-Key": "k1", "Content-Type": "application/json", **headers},
        ssl=context,
    ) as response:
        assert "Strict-Transport-Security" in response.headers
        return response.status, await response.json(content_type=None)


async def test_a_client_certificate_is_enough(authority: _Authority) -> None:
    """A program with a certificate of a configured authority and name needs no token."""
    async with serving(**authority.settings) as served:
        assert (await _post(served, authority.context("app.cabinet.example")))[0] == 202
        assert served.intake.submissions[0].peer.name == "client:app"


async def test_a_certificate_of_another_name_is_nobody(authority: _Authority) -> None:
    """A right authority is not enough: the name must be a client's; and a wrong token is not excused."""
    async with serving(**authority.settings) as served:
        status, body = await _post(served, authority.context("other.cabinet.example"))
        assert (status, body["code"]) == (401, "http.unauthenticated")
        status, body = await _post(
            served, authority.context("app.cabinet.example"), Authorization="Bearer wrong"
        )
        assert (status, body["code"]) == (401, "http.wrong_token")


async def test_a_token_goes_through_tls_without_a_certificate(authority: _Authority) -> None:
    """A program without a certificate proves itself by its token."""
    async with serving(**authority.settings) as served:
        status, _ = await _post(served, authority.context(), Authorization=f"Bearer {TOKEN}")
        assert (status, served.intake.submissions[0].peer.name) == (202, "client:cabinet")


async def test_a_certificate_of_a_foreign_authority_gets_no_session(authority: _Authority) -> None:
    """Whoever shows a certificate shows one that leads to a configured authority."""
    context = authority.context("app.cabinet.example", by=trustme.CA())
    async with serving(**authority.settings) as served:
        with pytest.raises(aiohttp.ClientError):
            await _post(served, context, Authorization=f"Bearer {TOKEN}")
        assert not served.intake.stages


def test_tls_older_than_1_2_is_refused(authority: _Authority) -> None:
    """The door is TLS 1.2 or later."""
    context = tls.context_of(_settings(authority))
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_OPTIONAL


def _settings(authority: _Authority, **changes: Any) -> Any:
    return replace(SETTINGS, **{**authority.settings, **changes})


@pytest.mark.parametrize("what", ["certificate", "key", "client_anchors", "mode", "pair"])
def test_files_that_can_t_be_used_are_named(authority: _Authority, tmp_path: Path, what: str) -> None:
    """A missing, wrong or readable-by-all file stops the start, and the error names it."""
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("rubbish")
    changes: dict[str, Any] = {}
    named = rubbish
    match what:
        case "certificate":
            changes = {"certificate": rubbish}
        case "key":
            changes, named = {"key": tmp_path / "absent.key"}, tmp_path / "absent.key"
        case "client_anchors":
            changes = {"client_anchors": (rubbish,)}
        case "mode":
            authority.key.chmod(0o644)
            named = authority.key
        case _:
            named = authority.certificate
            authority.authority.issue_cert("other.example").private_key_pem.write_to_path(str(authority.key))
    with pytest.raises(ConfigError, match=str(named)):
        tls.context_of(_settings(authority, **changes))


async def test_an_address_that_is_taken_is_named(served: Served) -> None:
    """A port in use stops the start with words that say so."""
    port = int(served.url.rsplit(":", 1)[1])
    settings = replace(SETTINGS, listen=replace(SETTINGS.listen, port=port))
    with pytest.raises(ConfigError, match=f"127.0.0.1:{port}"):
        async with open_api(
            settings,
            intake=served.intake,
            records=served.records,
            names_of=lambda _: (),
            log=served.log,
            clock=FixedClock(),
            chance=FixedChance(),
        ):
            raise AssertionError("it listens twice")
