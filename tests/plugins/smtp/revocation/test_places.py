"""Where the hub may ask: only what the configuration names, however a certificate writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import MalformedError
from hub_smtp.revocation.places import Place

LISTS = Place.parse("http://crl.authority.example/lists/")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://crl.authority.example/lists/one.crl", True),
        ("http://CRL.Authority.example:80/lists/one.crl", True),
        ("http://crl.authority.example/lists/a/b.crl?x=1", True),
        ("http://crl.authority.example/lists", False),
        ("http://crl.authority.example/other/one.crl", False),
        ("http://crl.authority.example/lists/../admin", False),
        ("http://crl.authority.example/lists/%2e%2e/admin", False),
        ("http://crl.authority.example/lists/%252e%252e/admin", False),
        ("http://crl.authority.example/lists/..%5cadmin", False),
        ("http://crl.authority.example/lists\\..\\admin", False),
        ("http://crl.authority.example:8080/lists/one.crl", False),
        ("http://crl.authority.example:0/lists/one.crl", False),
        ("http://crl.authority.example:99999/lists/one.crl", False),
        ("https://crl.authority.example/lists/one.crl", False),
        ("ldap://crl.authority.example/lists/one.crl", False),
        ("file:///lists/one.crl", False),
        ("http://crl.authority.example@127.0.0.1/lists/one.crl", False),
        ("http://127.0.0.1#@crl.authority.example/lists/one.crl", False),
        ("http://127.0.0.1\\@crl.authority.example/lists/", False),
        ("http://crl.authority.example.attacker.example/lists/", False),
        ("http://crl.authority.example/lists/one.crl\r\nHost: x", False),
        ("http://[::1]/lists/", False),
        ("http:///lists/", False),
        ("", False),
    ],
)
def test_only_what_is_named(url: str, allowed: bool) -> None:  # noqa: FBT001 - of the table
    """A certificate can't make the hub call anybody but who is listed."""
    assert LISTS.covers(url) is allowed


def test_a_whole_url_is_itself_alone() -> None:
    """An entry that does not end in a slash stands for one URL; a host alone is everything there."""
    one = Place.parse("http://ocsp.authority.example/ask")
    assert one.covers("http://ocsp.authority.example/ask")
    assert not one.covers("http://ocsp.authority.example/asked")
    host = Place.parse("http://ocsp.authority.example:8080")
    assert host.covers("http://ocsp.authority.example:8080")
    assert host.covers("http://ocsp.authority.example:8080/any")


@pytest.mark.parametrize(
    "text",
    ["crl.authority.example", "https://x.example/", "http://u@x.example/", "http://x.example/?q", "http://"],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    """An entry says what would be right."""
    with pytest.raises(MalformedError) as caught:
        Place.parse(text)
    assert "http://crl.authority.example/lists/" in caught.value.words.en


@given(st.text(max_size=80))
def test_nothing_else_is_reached(text: str) -> None:
    """Whatever follows the scheme, a URL that is allowed begins with a spelling of the host."""
    url = f"http://{text}"
    if LISTS.covers(url):
        assert text.lower().startswith(
            ("crl.authority.example/", "crl.authority.example:", "crl.authority.example./")
        )
