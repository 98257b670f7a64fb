"""An operator's way, put together from its description and its configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from hub.errors import ConfigError
from hub_http.settings import OperatorSettings, TlsSettings
from hub_http.wire.exchange import Download, Exchange
from hub_http.wire.faults import WireFault
from hub_http.wire.opening import base_urls, open_exchange
from tests.plugins.http.auth.world import described, host
from tests.plugins.http.wire.world import LOOPBACK, Papers, get, polite, serving, tls_settings

SETTINGS = OperatorSettings(description=Path("/nowhere"), parameters={"region": "eu"})
PARAMETERS = {"region": {"meaning": "the region"}}


def description(**more: Any) -> Any:
    """Return a description with hosts in every place."""
    token = {"kind": "oauth2", "token_url": "https://{{ parameters.region }}.login.example/token?v=2"}
    return described(
        token,
        parameters=PARAMETERS,
        **{
            "base_url": "https://{{ parameters.region }}.api.example/v1",
            "failover_urls": ["https://second.api.example:8443/v1/"],
            "hosts": ["files.example", "cdn.example:444"],
            **more,
        },
    )


async def test_every_host_that_is_named_is_admitted_and_no_other() -> None:
    """Base, fail-over, token endpoint, further hosts; a configured base takes the described one's place."""
    named = [
        "https://eu.api.example/v1/x",
        "https://second.api.example:8443/",
        "https://eu.login.example/token",
        "https://files.example/a?sig=1",
        "https://cdn.example:444/",
    ]
    others = [
        "https://us.api.example/",
        "https://cdn.example/",
        "https://second.api.example/",
        "http://files.example/",
    ]
    async with open_exchange(SETTINGS, description(), host()) as way:
        assert isinstance(way.admit(named[0]), URL)
        for url in named:
            assert str(way.admit(url)) == url
        for url in others:
            with pytest.raises(WireFault):
                way.admit(url)
    settings = replace(SETTINGS, base_url="https://proxy.hospital.example/mesh")
    async with open_exchange(settings, description(), host()) as way:
        way.admit("https://proxy.hospital.example/x")
        with pytest.raises(WireFault):
            way.admit(named[0])
    assert base_urls(settings, description(), host()) == (
        "https://proxy.hospital.example/mesh",
        "https://second.api.example:8443/v1/",
    )


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"base_url": None}, "base_url"),
        ({"base_url": "http://api.example"}, "base_url"),
        ({"base_url": "{{ parameters.region }}"}, "base_url"),
        ({"failover_urls": ["ftp://a.example"]}, "failover_urls"),
        ({"hosts": ["https://files.example"]}, "hosts"),
    ],
)
async def test_urls_that_are_none_are_named(more: dict[str, Any], key: str) -> None:
    """At the start, not with the first message."""
    with pytest.raises(ConfigError) as caught:
        async with open_exchange(SETTINGS, description(**more), host()):
            raise AssertionError
    assert key in caught.value.words.fr


async def test_a_token_endpoint_is_never_plain(tmp_path: Path) -> None:
    """Nor has it a password in it."""
    for url in ("http://login.example/token", "https://a:b@login.example/token", "login"):
        one = description(auth=[{"kind": "oauth2", "token_url": url}])
        with pytest.raises(ConfigError) as caught:
            async with open_exchange(SETTINGS, one, host()):
                raise AssertionError
        assert "token_url" in caught.value.words.en


async def test_files_are_looked_at_before_anything_is_sent(tmp_path: Path) -> None:
    """A certificate that is missing is found at the start."""
    settings = replace(SETTINGS, tls=TlsSettings(anchors=(tmp_path / "gone.pem",)))
    with pytest.raises(ConfigError) as caught:
        async with open_exchange(settings, description(), host()):
            raise AssertionError
    assert caught.value.code == "http.tls_files"


async def test_it_asks_a_real_server_by_the_system_s_resolver(papers: Papers) -> None:
    """localhost, when its network is named; and not when it is not."""
    async with serving(papers, polite, name="localhost") as server:
        base = f"https://localhost:{server.port}/v1"
        settings = replace(SETTINGS, base_url=base, tls=tls_settings(papers))
        async with open_exchange(replace(settings, networks=LOOPBACK), description(), host()) as way:
            assert (await way.ask(get(URL(f"{base}/x")))).status == 200
            kept: Exchange = way
            async with kept.stream(get(URL(f"{base}/y"))) as download:
                read: Download = download
                assert (await read.whole()).body == b"{}"
        async with open_exchange(settings, description(), host()) as way:
            with pytest.raises(WireFault) as caught:
                await way.ask(get(URL(f"{base}/x")))
            assert caught.value.code == "http.egress"
        assert [line for line, _, _ in server.requests] == ["GET /v1/x HTTP/1.1", "GET /v1/y HTTP/1.1"]
