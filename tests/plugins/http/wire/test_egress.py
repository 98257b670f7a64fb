"""The wire talks to named hosts only, and only where names may lead: no SSRF by a URL, a redirect or DNS."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from hub.errors import ConfigError
from hub_http.wire import addresses, egress
from hub_http.wire.faults import WireFault
from hub_http.wire.sockets import NotAdmittedError, Sockets
from tests.plugins.http.wire.world import HOST, OK, Names, Papers, Wire, exchange, get, polite, serving

GATE = egress.Egress([(HOST, 443), ("files.example", 8443), ("2001:db8::1", 443)])
HELD_BACK = """
    0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.255.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8
    192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1
    255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:10.1.2.3 ::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::7f00:1
    64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 fc00::1 fd12:3456::1 fe80::1
    fe80::1%eth0 fec0::1 ff02::1 ff0e::1 3fff::1
"""
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]


@pytest.mark.parametrize(
    "url",
    [
        f"https://{HOST}/v1?a=b%2Fc&d=%20",
        f"https://{HOST.upper()}/x",
        f"https://{HOST}:443/",
        "https://files.example:8443/signed?sig=a%2Bb",
        "https://[2001:db8::1]/",
    ],
)
def test_named_hosts_are_asked(url: str) -> None:
    """And a URL that came in an answer is asked as it was spelt."""
    admitted = GATE.admit(url)
    assert admitted.raw_path_qs == url.partition("/")[2].partition("/")[2].partition("/")[2].join(["/", ""])


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/",
        "https://elsewhere.example/",
        f"https://{HOST}:8443/",
        "https://files.example/",
        f"https://{HOST}.evil.example/",
        f"https://evil.example/{HOST}",
        f"https://{HOST}@evil.example/",
        f"https://user:pass@{HOST}/",
        f"https://evil.example#@{HOST}/",
        f"https://evil.example\\@{HOST}/",
        f"https://{HOST}\\.evil.example/",
        f"https://{HOST}./",
        f"//{HOST}/",
        f"ftp://{HOST}/",
        "file:///etc/passwd",
        "/v1/next",
        "",
        "https://",
        "https:///x",
        f"https://{HOST}:99999/",
        f"https://{HOST}:x/",
        "https://[::1/",
        f"https://{HOST}/a b",
        f"https://{HOST}/a\r\nX: y",
        f"https://{HOST}/é",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::ffff:127.0.0.1]/",
    ],
)
def test_nothing_else_is(url: str) -> None:
    """Whatever a server puts into its answer."""
    with pytest.raises(WireFault) as caught:
        GATE.admit(url)
    assert ("http.egress", "unsent") == (caught.value.code, caught.value.stage)
    assert "passwd" not in caught.value.words.en


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_gets_out(text: str) -> None:
    """Either it is a named host, or it is refused; nothing else is ever raised."""
    for url in (text, f"https://{text}/", f"https://{HOST}{text}", f"https://{HOST}/{text}"):
        try:
            admitted = GATE.admit(url)
        except WireFault:
            continue
        assert egress.place_of(admitted) in {(HOST, 443), ("files.example", 8443), ("2001:db8::1", 443)}
        assert admitted.scheme == "https"
        assert admitted.raw_path_qs.isascii()
        assert not set(admitted.raw_path_qs) & set(" \r\n\t\0")


@pytest.mark.parametrize("text", HELD_BACK.split())
def test_addresses_that_are_not_public_are_held_back(text: str) -> None:
    """Also inside others: mapped, translated, tunnelled."""
    address = addresses.read(text)
    assert address is not None
    assert not addresses.admitted(address, ())


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_not(text: str) -> None:
    """Also inside others."""
    address = addresses.read(text)
    assert address is not None
    assert addresses.admitted(address, ())


def test_networks_that_are_named_are_admitted() -> None:
    """An operator of the hospital's own network; what holds such an address counts as it."""
    networks = (ip_network("10.1.0.0/16"), ip_network("fd12::/16"))
    for text in ("10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd12::1"):
        assert addresses.admitted(ip_address(text), networks)
    for text in ("10.2.0.1", "::ffff:10.2.0.1", "127.0.0.1", "fd13::1"):
        assert not addresses.admitted(ip_address(text), networks)


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_every_ipv4_address_counts_the_same_in_any_dress(address: Any) -> None:
    """There is no spelling that gets through."""
    plain = addresses.admitted(address, ())
    assert plain == addresses.admitted(ip_address(f"::ffff:{address}"), ())
    assert plain == addresses.admitted(ip_address(int(ip_address("64:ff9b::")) | int(address)), ())
    assert plain == addresses.admitted(ip_address((0x2002 << 112) | (int(address) << 80)), ())
    assert not addresses.admitted(
        ip_address(int(address)) if int(address) > 1 << 32 else ip_address("::1"), ()
    )


async def test_a_name_that_leads_inside_is_not_followed(papers: Papers) -> None:
    """The metadata service of a cloud, the hub's own ports: not even connected to."""
    async with serving(papers, polite) as server, exchange(papers, server.url(), networks=()) as way:
        with pytest.raises(WireFault) as caught:
            await way.ask(get(server.url()))
        assert ("http.egress", "unsent") == (caught.value.code, caught.value.stage)
        assert "networks" in caught.value.words.fr
        assert server.wires == []


async def test_of_several_addresses_the_admitted_are_used(papers: Papers) -> None:
    """A name with one foot inside gets the other."""
    names = Names(**{HOST: ["169.254.169.254", "10.0.0.1", "127.0.0.1"]})
    async with serving(papers, polite) as server, exchange(papers, server.url(), names=names) as way:
        assert (await way.ask(get(server.url()))).status == 200


async def test_a_name_that_changes_its_mind_is_judged_again(papers: Papers) -> None:
    """DNS rebinding: what is connected to is what was judged, each time."""
    names = Names()

    async def once(wire: Wire) -> None:
        await wire.request()
        await wire.say(OK)

    async with serving(papers, once) as server, exchange(papers, server.url(), names=names) as way:
        await way.ask(get(server.url()))
        names.known[HOST] = ["169.254.169.254"]
        way._opened[1].clear_dns_cache()  # type: ignore[index]
        with pytest.raises(WireFault) as caught:
            await way.ask(get(server.url()))
        assert caught.value.code == "http.egress"


@pytest.mark.parametrize("literal", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"])
async def test_an_address_in_a_url_is_judged_too(papers: Papers, literal: str) -> None:
    """The library asks no resolver for it; the socket is not made all the same."""
    async with serving(papers, polite) as server:
        url = URL(f"https://{literal}:{server.port}/")
        async with exchange(papers, url, networks=()) as way:
            with pytest.raises(WireFault) as caught:
                await way.ask(get(url))
        assert ("http.egress", "unsent") == (caught.value.code, caught.value.stage)
        assert server.wires == []


def test_no_other_family_of_sockets_is_made() -> None:
    """A path of a Unix socket is no address."""
    with pytest.raises(NotAdmittedError):
        Sockets(())((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("/run/x",)))


@pytest.mark.parametrize(
    "location", ["https://elsewhere.example/x", "https://127.0.0.1/", "/there", "http://a/"]
)
async def test_a_redirect_is_an_answer(papers: Papers, location: str) -> None:
    """It is not followed, and where it leads goes through the gate."""

    async def elsewhere(wire: Wire) -> None:
        while True:
            await wire.request()
            await wire.say(f"HTTP/1.1 307 Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())

    async with serving(papers, elsewhere) as server, exchange(papers, server.url()) as way:
        answer = await way.ask(get(server.url()))
        assert (307, location) == (answer.status, answer.headers["Location"])
        with pytest.raises(WireFault):
            way.admit(answer.headers["Location"])
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("files.example", ("files.example", 443)),
        ("Files.Example:8443", ("files.example", 8443)),
        ("[2001:db8::1]:444", ("2001:db8::1", 444)),
        ("hôpital.example", ("xn--hpital-ixa.example", 443)),
    ],
)
def test_hosts_are_read(text: str, place: egress.Place) -> None:
    """As a description writes them."""
    assert place == egress.place(text)


@pytest.mark.parametrize("text", ["", "https://a.example", "a/b", "a b", "a:99999", "a:b", "u@a", "[::1"])
def test_what_is_no_host_is_refused(text: str) -> None:
    """With what would be right."""
    with pytest.raises(ConfigError) as caught:
        egress.place(text)
    assert "files.example" in caught.value.words.fr
