"""The table of statuses is the one that gematik publishes: the published page is read here, row by row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub_eprescription.wire import table
from hub_eprescription.wire.table import HOUR, Kind, Retry

PAGE = Path(__file__).parents[3] / "assets/gematik-erezept/api-erp/docs/erp_statuscodes.adoc"
ANSWERS = table.load("hub_eprescription.gematik")
_REST = "4XX außer 408 und 429"
_RETRIES = {
    "Ein Retry ist nicht zulässig": Retry.NEVER,
    "Ein Retry gemäß Exponential Backoff ist zulässig": Retry.BACKOFF,
    "Ein Retry ist stündlich zulässig": Retry.HOURLY,
    "Ein Retry nur mit Client-Failover": Retry.FAILOVER,
}


def _section(title: str) -> str:
    return PAGE.read_text("utf-8").split(f"== {title}\n")[1].split("\n== ")[0]


def _published() -> dict[str, str]:
    """Return what the page says of each status of the outer table."""
    parts = re.split(rf"\|\s*(\d{{3}}|{_REST})\s*\|", _section("Server Fehlercodes am Endpunkt /VAU"))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _statuses(operation: str) -> set[int]:
    """Return the statuses that the inner table names for an operation, over all of its rows."""
    found: set[int] = set()
    current: list[str] = []
    for line in _section("Status Codes an der inneren FHIR-Schnittstelle innerhalb des VAU-Transports").split(
        "\n"
    ):
        if re.match(r"(?:\.\d+\+)?\|(?:GET|POST|PUT|DELETE|PUT/PATCH) ", line):
            current = [line]
        elif re.match(r"(?:GET|POST|PUT|DELETE) ", line) and current:
            current.append(line)
        status = re.search(r"\|(\d{3})\s*a?\|", line)
        named = " ".join(current).replace("Task/<id>", "Task/id")
        if status and operation in named:
            found.add(int(status[1]))
    return found


def test_the_published_table_is_read_whole() -> None:
    """No row is passed over: 15 statuses and the rest of the 4xx."""
    assert {_REST, "408", "429", *map(str, range(500, 513))} == set(_published())


@pytest.mark.parametrize("status", sorted(_published()))
def test_retry_and_fail_over_are_as_published(status: str) -> None:
    """The hub repeats what the page lets it repeat, as often, as late, and where."""
    said = _published()[status]
    retry = next(one for words, one in _RETRIES.items() if words in said)
    most = re.search(r"Max\.? (\d+) Wiederholungen", said)
    failover = re.search(r"Client-Failover angeraten: (Ja|Nein)", said)
    assert failover
    every = [one for one in range(400, 500) if one not in {408, 429}] if status == _REST else [int(status)]
    for one in every:
        judged = ANSWERS.judge(one)
        assert not judged.good
        assert judged.retry is retry
        assert judged.attempts == (int(most[1]) if most else 0)
        assert judged.failover is (failover[1] == "Ja")
        assert judged.retry_after == (HOUR if retry is Retry.HOURLY else None)


@pytest.mark.parametrize(
    "operation", ["POST /Task/$create", "POST /Task/id/$activate", "POST /Task/id/$abort"]
)
def test_what_the_page_calls_success_is_success(operation: str) -> None:
    """Every status below 300 of what a prescriber asks is success; 252 to 254 and 202 come with a warning."""
    good = {one for one in _statuses(operation) if one < 300}
    assert good
    for status in good:
        judged = ANSWERS.judge(status)
        assert judged.good
        assert (judged.kind is Kind.WARNED) is (status in {202, 252, 253, 254})


def test_an_activation_has_every_warning() -> None:
    """The page names four warnings for an activation, and each has words of its own."""
    assert {200, 202, 252, 253, 254} == {one for one in _statuses("POST /Task/id/$activate") if one < 300}
    words = {ANSWERS.judge(one).words for one in (202, 252, 253, 254)}
    assert len(words) == 4


def test_refusals_of_the_page_are_refusals() -> None:
    """Whatever else the inner table names is refused for good, but a token, a slow request and a crowd."""
    named = {one for what in ("$create", "$activate", "$abort") for one in _statuses(what) if one >= 400}
    assert {400, 401, 403, 404, 406, 408, 410, 415, 429} == named
    for status in named | set(range(454, 459)):
        expected = {401: Kind.TOKEN, 408: Kind.FAILED, 429: Kind.FAILED}.get(status, Kind.REFUSED)
        assert ANSWERS.judge(status).kind is expected


@pytest.mark.parametrize("status", [100, 206, 299, 307, 599, 600])
def test_a_status_of_no_table_is_no_success(status: int) -> None:
    """What nobody has defined is taken for a failure."""
    assert ANSWERS.judge(status).kind is Kind.FAILED
