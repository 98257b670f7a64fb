"""What answers mean: rows of the request first, then the description's, then HTTP itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_http.description.picking import AnswerRule, Meaning
from hub_http.mapping.answered import Answered
from hub_http.sending.classify import LONGEST_PAUSE, by_http, judge

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)


def answer(status: int, body: bytes = b"", **headers: str) -> Answered:
    """Make an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answered(status=status, headers=named, body=body)


def rule(**said: Any) -> AnswerRule:
    """Read a row."""
    return AnswerRule.model_validate(said)


@pytest.mark.parametrize(
    ("statuses", "effect", "meaning"),
    [
        ((200, 201, 202, 204, 206), "message", Meaning.OK),
        ((301, 304, 307, 308), "message", Meaning.CONFIGURATION),
        ((302, 303), "message", Meaning.UNCERTAIN),
        ((301, 302, 303, 307, 308), "draft", Meaning.CONFIGURATION),
        ((400, 404, 405, 406, 411, 412, 413, 414, 415, 416, 417, 422, 431, 451), "message", Meaning.REFUSED),
        ((401, 403, 407), "message", Meaning.AUTHENTICATION),
        ((402, 426, 501, 505), "message", Meaning.CONFIGURATION),
        ((408, 421, 425), "message", Meaning.TRANSIENT),
        ((409,), "message", Meaning.CONFLICT),
        ((410,), "message", Meaning.GONE),
        ((429,), "message", Meaning.RATE_LIMITED),
        ((500, 502, 503, 504, 520, 599), "message", Meaning.UNCERTAIN),
        ((500, 502, 503, 504, 520, 599), "draft", Meaning.TRANSIENT),
        ((500, 502, 503, 504), "none", Meaning.TRANSIENT),
    ],
)
def test_http_says_what_no_row_says(statuses: tuple[int, ...], effect: Any, meaning: Meaning) -> None:
    """A server's error after the message has left may hide that it was taken; a draft's does not matter."""
    assert {status: by_http(status, effect=effect) for status in statuses} == dict.fromkeys(statuses, meaning)


def test_a_server_that_says_when_to_come_back_took_nothing() -> None:
    """503 with Retry-After is its own word; without, it may be a proxy's that waited for an answer."""
    later = judge((), (), answer(503, retry_after="5"), {}, now=NOW, effect="message")
    assert (later.meaning, later.retry_after) == (Meaning.TRANSIENT, timedelta(seconds=5))
    assert judge((), (), answer(503), {}, now=NOW, effect="message").meaning is Meaning.UNCERTAIN


@given(st.integers(100, 599), st.sampled_from(["none", "draft", "message"]))
def test_every_status_means_something(status: int, effect: Any) -> None:
    """No status is left without a meaning, and only 2xx is well."""
    assert (by_http(status, effect=effect) is Meaning.OK) == (200 <= status < 300)


def test_rows_of_the_request_come_first() -> None:
    """The first that fits decides, whatever the description or HTTP says."""
    of_request = [rule(status=409, **{"class": "ok"}), rule(status="4xx", **{"class": "gone"})]
    of_all = [rule(status="4xx", **{"class": "transient"}), rule(status="5xx", **{"class": "refused"})]
    judged = [judge(of_request, of_all, answer(status), {}, now=NOW) for status in (409, 404, 500, 201)]
    assert [(one.meaning, one.row) for one in judged] == [
        (Meaning.OK, "request:1"),
        (Meaning.GONE, "request:2"),
        (Meaning.REFUSED, "description:2"),
        (Meaning.OK, "http"),
    ]


def test_a_success_may_mean_refusal_and_an_error_success() -> None:
    """What stands in the body decides, with the operator's own code and words."""
    rows = [
        rule(
            status="2xx",
            when={"json": "$.error"},
            code={"json": "$.error"},
            reason={"json": "$.text"},
            **{"class": "refused"},
        ),
        rule(status=500, when={"json": "$.done", "equals": True}, **{"class": "ok"}),
    ]
    refused = judge(rows, (), answer(200, b'{"error": 12, "text": "no such mailbox"}'), {}, now=NOW)
    assert (refused.meaning, refused.code, refused.reason) == (Meaning.REFUSED, "12", "no such mailbox")
    assert judge(rows, (), answer(500, b'{"done": true}'), {}, now=NOW, effect="message").good
    assert judge(rows, (), answer(200, b"<html>"), {}, now=NOW).good


def test_a_problem_says_why_by_itself() -> None:
    """Problem documents (RFC 9457) and OperationOutcomes need no row to be understood."""
    problem = b'{"type": "https://valbrume.example/full", "title": "The mailbox is full"}'
    judged = judge((), (), answer(422, problem, content_type="application/problem+json"), {}, now=NOW)
    assert judged.reason is not None
    assert "The mailbox is full" in judged.reason


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta(0)),
        ("1.5", timedelta(seconds=1.5)),
        ("Tue, 03 Mar 2026 12:01:00 GMT", timedelta(minutes=1)),
        ("Tue, 03 Mar 2026 11:00:00 GMT", timedelta(0)),
        ("99999999999999999999", LONGEST_PAUSE),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_PAUSE),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999", None),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_is_read_and_bounded(said: str, pause: timedelta | None) -> None:
    """Seconds or a date (RFC 9110, 10.2.3); what is neither says nothing, and nobody waits for ever."""
    assert judge((), (), answer(429, retry_after=said), {}, now=NOW).retry_after == pause


@given(st.text(max_size=40))
def test_no_retry_after_breaks_anything(said: str) -> None:
    """An operator may write there what it likes."""
    pause = judge((), (), answer(429, retry_after=said), {}, now=NOW).retry_after
    assert pause is None or timedelta(0) <= pause <= LONGEST_PAUSE
