"""What a message says can't leave its place in a request: paths, queries and headers."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from hub_http.description.requests import Request
from hub_http.mapping.templates import TemplateError
from hub_http.sending.making import request_of, url_of
from hub_http.wire.faults import WireFault

BASE = "https://valbrume.example/api"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def described(**said: Any) -> Request:
    """Read a request."""
    return Request.model_validate(said)


@given(TEXT)
def test_a_value_is_one_segment_of_a_path(value: str) -> None:
    """Slashes, dots, question marks and hashes in it mean nothing, and the server reads what was meant."""
    try:
        url = url_of(described(path="/messages/{{ one }}/status"), {"one": value}, BASE)
    except TemplateError:
        assert value in {"", ".", ".."}
        return
    assert url.raw_path.count("/") == 4
    assert not url.query_string
    assert not url.fragment
    assert unquote(url.raw_path.split("/")[3]) == value


@given(TEXT)
def test_a_value_is_one_parameter_of_a_query(value: str) -> None:
    """Nothing in it begins another."""
    request = described(path="/inbox?fixed=1", query={"name": "{{ one }}", "none": "{{ nothing }}"})
    url = url_of(request, {"one": value, "nothing": None}, BASE)
    assert dict(url.query) == {"fixed": "1", "name": value}


@given(TEXT)
def test_a_value_is_one_header(value: str) -> None:
    """What ends a line does not begin another header."""
    request = described(path="/", headers={"X-Subject": "{{ one }}", "X-None": "{{ nothing }}"})
    headers = request_of(request, {"one": value, "nothing": None}, base=BASE, body=None).headers
    assert set(headers) == {"Accept", "X-Subject"}
    assert not {"\r", "\n", "\0"} & set(headers["X-Subject"])


def test_a_path_is_below_the_base() -> None:
    """With or without a slash at either end."""
    for path in ("/messages", "messages"):
        assert url_of(described(path=path), {}, BASE) == URL(f"{BASE}/messages")
    assert url_of(described(), {}, BASE) == URL(BASE)


def test_a_url_of_an_answer_stands_for_itself() -> None:
    """It passes the gate of the wire, like any other."""
    scope = {"taken": {"tracking": "https://elsewhere.example/track?id=1"}}
    assert url_of(described(url="{{ taken.tracking }}"), scope, BASE) == URL(scope["taken"]["tracking"])


@pytest.mark.parametrize(
    "said", ["https://[", "https://elsewhere.example:99999/", "https://a\\@b/", "https://a:b/"]
)
@pytest.mark.parametrize("query", [{}, {"more": "1"}])
def test_what_an_answer_calls_a_url_may_be_none(said: str, query: dict[str, str]) -> None:
    """Nothing is asked then, and nothing else comes to harm."""
    with pytest.raises(WireFault) as caught:
        url_of(described(url="{{ taken.tracking }}", query=query), {"taken": {"tracking": said}}, BASE)
    assert (caught.value.code, caught.value.stage) == ("http.egress", "unsent")
