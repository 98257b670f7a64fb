"""The page with the fault tables of the shipped operators, for `tests.build_reference`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from hub_http.description import reading
from hub_http.description.model import Description
from hub_http.fetching.table import reads_of
from hub_http.sending.table import Fault, Then, outcomes_of

PAGE: Final = Path("docs/reference/operator-faults.md")
OPERATORS: Final = Path("conf/operators")

_HEAD: Final = """\
# What happens when an operator fails

<!-- Made by `python -m tests.build_reference` from conf/operators. Change descriptions instead. -->

For each shipped operator of kind `http`: each request, what may go wrong with it, and what follows.
The tables come from the descriptions alone.
A test runs every cell for real, against the operator's double, and counts the messages.

They are about a first attempt, with one base URL.
`401` stands for one that comes again after the credentials were renewed.
`lost answer`: the request arrived whole, and the connection ended before its answer was whole.
`malformed answer`: 200 with something that is not what was meant.
Of `500`, `502` and `503` nobody knows whether the operator did what it was asked: the tests let it.
Codes are explained in [errors](errors.md), and what the rows of a description change in
[the description](operator-description.md).

| outcome | what follows |
| --- | --- |
| delivered | the operator has the message; the send ends well, or goes on |
| deferred | the operator has no message of it: it is tried again, until the message expires |
| refused | final; the sender is told |
| uncertain | the message may have arrived; what then, stands above the table |
| asked again, looked again | nothing is lost: at the next look, or after a pause |
| left, fetched again | the item stays at the operator, and is tried again; others go on |
| passed by | the operator does not have it; if it is listed again, it is fetched |
| taken; said again | it is durable at the hub; the operator hears so later, and it is taken once |

In no cell is a message lost, and in none does a recipient get it twice, as long as the operator means what it
says: what a row says of 409, say, is the description's word for it.
"""
_AFTER: Final[Mapping[Then, str]] = {
    "sent again under its id": "An uncertain one is sent again under its id, which the operator knows.",
    "asked about": "An uncertain one is asked about, and sent again when the operator does not have it.",
    "a person decides": "An uncertain one is held: a person looks, and decides (`hub queue settle`).",
}

_OUTCOMES: Final = {"hook": "as the hook says"}


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *(line for one in sorted(OPERATORS.glob("*.toml")) for line in _operator(one))])


def _operator(file: Path) -> Iterator[str]:
    description = reading.read_whole(file)
    cells = {**_sends(description), **_reads(description)}
    if not cells:
        return
    yield f"## `{file.name}`\n"
    yield f"{description.title}.\n"
    said = dict.fromkeys(_AFTER[one.then] for one in outcomes_of(description) if one.then in _AFTER)
    if said:
        yield "\n".join([*said, ""])
    requests = list(dict.fromkeys(request for request, _ in cells))
    yield f"| fault | {' | '.join(f'`{one}`' for one in requests)} |"
    yield f"| --- |{' --- |' * len(requests)}"
    for fault in Fault:
        yield f"| {fault.value} | {' | '.join(cells[one, fault] for one in requests)} |"
    yield ""


def _sends(description: Description) -> dict[tuple[str, Fault], str]:
    return {
        (one.step, one.fault): _cell(_OUTCOMES.get(one.outcome, one.outcome), one.code)
        for one in outcomes_of(description)
    }


def _reads(description: Description) -> dict[tuple[str, Fault], str]:
    return {(one.request, one.fault): _cell(one.then, one.code) for one in reads_of(description)}


def _cell(said: str, code: str) -> str:
    return f"{said} `{code}`" if code else said
