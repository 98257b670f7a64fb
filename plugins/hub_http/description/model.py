"""The description of an operator's API as a whole: the one definition of its language, version 1.

From it come the checks of `hub operator check`, the published JSON Schema and the reference page. Nothing
in a description is code: texts marked `Templated` hold expressions between `{{` and `}}`, `Pick`s are paths.
What a template sees, by place: docs/reference/operator-description.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from hub_http.description.authentication import Authentication
from hub_http.description.inbound import Inbox, Recover, Track, Webhook
from hub_http.description.picking import AnswerRule, ClassRule, Meaning
from hub_http.description.requests import Request, Send
from hub_http.description.simulation import Simulation
from hub_http.description.values import Block, Duration, Flag, Name, Rate, Scalar, Size, Template, Whole


class Parameter(Block):
    """A value that the configuration gives, in `[operators.<name>.parameters]`."""

    meaning: str = Field(description="what it is, for whoever configures it")
    default: Scalar | None = Field(
        None, description="its value when it is not given; without one it is required"
    )


class Secret(Block):
    """A secret that the configuration names a file for, in `[operators.<name>.secrets]`."""

    meaning: str = Field(description="what it is, for whoever configures it")
    optional: Flag = Field(False, description="whether it may be left out")


class Limits(Block):
    """What the operator takes and gives."""

    requests_per_second: Rate | None = Field(None, gt=0, description="on average; more wait")
    burst: Whole = Field(1, ge=1, description="requests that may go at once after a pause")
    concurrency: Whole = Field(10, ge=1, le=1000, description="messages at a time")
    max_message: Size = Field(100 << 20, description="largest message, all documents together")
    max_answer: Size = Field(1 << 20, description="largest answer that is read as a whole")
    max_download: Size = Field(100 << 20, description="largest download")
    max_structured: Size = Field(
        32 << 20, description="largest download that is read as JSON or XML, with the documents inside"
    )
    connect_timeout: Duration = Field(timedelta(seconds=10), description="connecting, TLS included")
    answer_timeout: Duration = Field(
        timedelta(seconds=60), description="from the last byte sent to the answer"
    )
    idle_timeout: Duration = Field(timedelta(seconds=30), description="between two stretches of either way")
    total_timeout: Duration = Field(timedelta(minutes=4), description="one request as a whole")


class Description(Block):
    """One operator's API."""

    version: Literal[1] = Field(description="of this language")
    title: str = Field(description="the operator's name, for people")
    about: str = Field("", description="what there is to know before one configures it")
    base_url: Template | None = Field(
        None, description="where the API is: https://…; the configuration may name another"
    )
    failover_urls: tuple[Template, ...] = Field((), description="where else it is, in order")
    hosts: tuple[str, ...] = Field(
        (), description="further hosts that URLs in answers may name (host or host:port)"
    )
    parameters: dict[Name, Parameter] = Field(
        default_factory=dict, description="values that the configuration gives"
    )
    secrets: dict[Name, Secret] = Field(
        default_factory=dict, description="secrets that the configuration names files for"
    )
    codes: dict[Name, dict[str, Scalar]] = Field(
        {}, description="tables that translate values: by `| code('name')` and `codes = \"name\"`"
    )
    auth: tuple[Authentication, ...] = Field((), description="how requests prove who makes them")
    limits: Limits = Field(Limits(), description="what the operator takes and gives")
    classes: dict[Meaning, ClassRule] = Field(default_factory=dict, description="what follows from a class")
    answers: tuple[AnswerRule, ...] = Field((), description="what answers mean, whatever the request")
    send: Send | None = Field(None, description="how a message is handed over")
    recover: Recover | None = Field(None, description="how a lost answer is made good")
    track: Track | None = Field(None, description="how the operator is asked what became of a message")
    inbox: Inbox | None = Field(None, description="how what it holds for the hub is fetched")
    receipts: Inbox | None = Field(
        None, description="a second listing, where receipts are kept apart from messages"
    )
    webhooks: dict[Name, Webhook] = Field(default_factory=dict, description="what it calls at the hub's door")
    probe: Request | None = Field(None, description="asks whether it answers; it changes nothing")
    simulate: Simulation | None = Field(None, description="how its test double behaves")
