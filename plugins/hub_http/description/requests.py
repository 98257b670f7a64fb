"""What is asked of an operator: one request, its body, and the steps of a send."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub_http.description.picking import AnswerRule, Condition, Pick
from hub_http.description.values import Block, Duration, Expression, Flag, Name, Size, Template, Tree, Whole


class Part(Block):
    """One part of a `multipart` body (RFC 7578). One content is named."""

    name: Template = Field(description="its name")
    filename: Template | None = Field(None, description="its file name")
    media_type: Template | None = Field(None, description="its media type")
    headers: dict[str, Template] = Field(default_factory=dict, description="further headers of the part")
    text: Template | None = Field(None, description="a text")
    json_: Tree | None = Field(None, alias="json", description="a JSON value")
    raw: Expression | None = Field(None, description="a document, byte for byte")
    each: Expression | None = Field(None, description="a list: one part for each of its members, `item`")
    if_: Expression | None = Field(None, alias="if", description="left out unless this is true")


class Request(Block):
    """One HTTP request, and what is made of its answer. At most one body is named."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field("GET", description="the HTTP method")
    path: Template | None = Field(
        None, description="below the base URL; what expressions give is percent-encoded"
    )
    url: Template | None = Field(
        None, description="instead of a path: a whole URL from an earlier answer, of a host that is named"
    )
    query: dict[str, Template] = Field(
        default_factory=dict, description="parameters of the query; without a value: left out"
    )
    headers: dict[str, Template] = Field(
        default_factory=dict, description="headers; one without a value is left out"
    )
    accept: str | None = Field("application/json", description="the header Accept")
    json_: Tree | None = Field(None, alias="json", description="a JSON body; texts in it are templates")
    form: dict[str, Template] | None = Field(None, description="a form (application/x-www-form-urlencoded)")
    multipart: tuple[Part, ...] | None = Field(None, description="the parts of multipart/form-data")
    raw: Expression | None = Field(None, description="a document as the body, byte for byte")
    text: Template | None = Field(None, description="a text as the body")
    xml: Template | None = Field(
        None, description="an XML body; what expressions give is escaped, and `{% for %}` is allowed here"
    )
    media_type: Template | None = Field(None, description="the body's media type, if not the usual one")
    gzip: Flag = Field(False, description="whether the body travels compressed")
    auth: Flag = Field(True, description="whether it is authenticated")
    timeout: Duration | None = Field(None, description="for the answer, if not `limits.answer_timeout`")
    media_types: tuple[str, ...] | None = Field(
        None, description="media types that a good answer has; others are malformed"
    )
    answers: tuple[AnswerRule, ...] = Field((), description="what its answers mean")
    take: dict[Name, Pick] = Field(
        default_factory=dict, description="values for later steps, as `taken.<name>`"
    )
    needs: tuple[Name, ...] = Field((), description="of `take`: without which an answer is malformed")


class Chunks(Block):
    """How a body that is larger than `size` goes in several requests.

    `chunk` has `number` (from 1), `count`, `first`, `last` (bytes) and `total`. The headers go with every
    request of a body that is cut; the path and method with all but the first.
    """

    size: Size = Field(description="bytes of one chunk at most")
    path: Template | None = Field(None, description="where further chunks go, if elsewhere")
    method: Literal["POST", "PUT", "PATCH"] | None = Field(
        None, description="the method for them, if another"
    )
    headers: dict[str, Template] = Field(
        default_factory=dict, description="headers that tell which chunk it is"
    )


class Step(Request):
    """One step of a send."""

    name: Name = Field(description="its name, in the log, the timeline and the fault table")
    effect: Literal["draft", "message"] = Field(
        "message",
        description="`message` when the recipient may get something by it, else `draft`",
    )
    if_: Expression | None = Field(None, alias="if", description="left out unless this is true")
    each: Expression | None = Field(None, description="a list: done for each of its members, `item`")
    chunks: Chunks | None = Field(None, description="how a large body is cut")
    remote: Pick | None = Field(
        None, description="the operator's own id of the message, as `remote`; kept before the next step"
    )
    hook: str | None = Field(
        None, description="the way out: a named Python hook that makes the body or reads the answer"
    )


class PerRecipient(Block):
    """What a step's answer says of each recipient, when there are many.

    Who is refused by a draft is left out, and the draft is made anew for the others.
    """

    step: Name | None = Field(None, description="which step's answer; the last one's when left out")
    each: Pick = Field(description="the list of what is said of each (`many = true`)")
    recipient: Pick = Field(description="in each: the recipient's address or delivery id, as it was sent")
    answers: tuple[AnswerRule, ...] = Field(description="what it means; the default is ok")


class Send(Block):
    """How a message is handed over."""

    idempotency: Literal["key", "transaction", "recover", "none"] = Field(
        description=(
            "what a second send does: `key` and `transaction`: no harm, the operator knows ours by a header"
            " or an id in it; `recover`: harm, but `[recover]` reads back what arrived; `none`: harm, and"
            " nobody can tell: sent at most once, then a person decides"
        )
    )
    recipients: Literal["one", "many"] = Field("one", description="recipients of one message")
    max_recipients: Whole = Field(100, ge=1, description="for `many`: how many at most")
    steps: tuple[Step, ...] = Field(min_length=1, description="what is asked, in order")
    per_recipient: PerRecipient | None = Field(None, description="for `many`: what is said of each")
    receipt: Template | None = Field(
        None, description="what is kept as the operator's receipt; else its own id and status line"
    )
    hook: str | None = Field(None, description="the way out: a named Python hook that does the whole send")


class More(Block):
    """How a download goes on when it comes in parts; `part` has `number`, from 2."""

    when: Condition | None = Field(None, description="which answers have more; else those of status 206")
    path: Template = Field(description="where the next part is")
    headers: dict[str, Template] = Field(default_factory=dict, description="headers for it")
