"""How a test double of the operator behaves: its routes, and what each does with a message.

The double keeps messages: each has `id` (its own), `ours` (the hub's), `to`, `state` (draft, uploading,
accepted, acknowledged), `number` (from 1), and `headers`, `json`, `text` and `size` of what came. Templates
of answers see `message` (of a listing `messages` and `next`), `path` (the variables of the route's path),
`query`, `headers`, `json` (of the request), `now`, `parameters`, `request.base` (the URL of the double) and
`unknown` (recipients whom it does not know).
How requests must prove themselves is said once, in `auth`: the double holds them to it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from pydantic import Field

from hub_http.description.picking import Condition, Pick
from hub_http.description.values import (
    Block,
    Duration,
    Expression,
    Flag,
    Name,
    Size,
    Template,
    Tree,
    Whole,
)

INCOMING: Final = "incoming"
"""In the place of a route's name: what other users send the hub."""


class Reply(Block):
    """An answer of the double. At most one body is named."""

    status: Whole = Field(200, ge=100, le=599, description="its status code")
    headers: dict[str, Template] = Field(
        default_factory=dict, description="its headers; one without a value is left out"
    )
    json_: Tree | None = Field(None, alias="json", description="a JSON body")
    text: Template | None = Field(None, description="a text")
    raw: Expression | None = Field(None, description="the bytes of a message, as it came")
    media_type: str | None = Field(None, description="its media type, if not the usual one")


class Check(Block):
    """Something that a request must have; the first that it lacks gives the answer."""

    when: Condition = Field(description="what must hold of the request (its headers and body)")
    otherwise: Reply = Field(description="the answer when it does not")


class Route(Block):
    """One route of the double."""

    name: Name = Field(description="its name; faults are asked for by it")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field("GET", description="the HTTP method")
    path: str = Field(description="below the base URL; `{name}` is one segment, known as `path.name`")
    does: Literal["answer", "token", "create", "add", "commit", "find", "list", "fetch", "acknowledge"] = (
        Field(
            "answer",
            description=(
                "`token` gives an OAuth 2.0 token; `create` takes a message, whole or as a draft; `add` adds"
                " a part to one; `commit` makes a draft a message; `find`, `fetch` and `list` show;"
                " `acknowledge` takes one out of its inbox; `answer` only answers"
            ),
        )
    )
    auth: Flag = Field(True, description="whether the request must prove itself")
    checks: tuple[Check, ...] = Field((), description="what the request must have")
    id: Template | None = Field(None, description='which message it is about, by either id: "{{ path.id }}"')
    ours: Pick | None = Field(None, description="for `create`: where the hub's own id is in the request")
    to: Pick | None = Field(None, description="for `create`: whose inbox it goes to; for `list`: whose it is")
    of: Literal["inbox", "receipts"] = Field(
        "inbox",
        description="for `list` and `acknowledge`: messages, or one receipt for each recipient of a message",
    )
    draft: Flag = Field(False, description="for `create`: nobody gets it before `commit`")
    parts: Pick | None = Field(
        None, description="for `create`: of how many parts it is; complete with the last"
    )
    part: Template | None = Field(
        None, description="for `add` and `fetch`: which part of the message, from 1; the next one, the first"
    )
    slice: Size | None = Field(
        None,
        description="for `fetch`: how many bytes one answer holds; while there are more its status is 206",
    )
    again: Literal["same", "refuse", "twice"] = Field(
        "twice",
        description="for `create` with an id that is known: the same answer, `conflict`, or another one",
    )
    page: Whole = Field(100, ge=1, description="for `list`: how many one answer shows")
    after: Template | None = Field(None, description="for `list`: the number of the last one seen")
    answer: Reply = Field(Reply(), description="the answer")
    more: Reply | None = Field(None, description="for `list`: the answer when there are more; sees `next`")
    absent: Reply = Field(Reply(status=404), description="the answer when there is no such message")
    conflict: Reply = Field(Reply(status=409), description="the answer when it is known already")
    unknown: Reply = Field(Reply(status=422), description="the answer for a recipient whom it does not know")


class Call(Block):
    """A call that the double makes to a webhook of the hub, signed as the webhook wants it."""

    webhook: Name = Field(description="which of `webhooks`")
    after: Name = Field(
        description="the route whose success it follows; `incoming`: what other users send the hub"
    )
    json_: Tree = Field(alias="json", description="its body")


class Simulation(Block):
    """The double."""

    routes: tuple[Route, ...] = Field((), description="its routes; the first that fits counts")
    calls: tuple[Call, ...] = Field((), description="what it calls at the hub's door")
    forbidden: Reply = Field(Reply(status=401), description="the answer to who does not prove themselves")
    once: Flag = Field(False, description="whether a token or nonce counts once, as strict operators want")
    window: Duration = Field(
        timedelta(minutes=5), description="how far the time of a proof may be from the double's clock"
    )
