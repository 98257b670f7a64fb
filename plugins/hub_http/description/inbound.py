"""What comes from an operator: answers to questions, its inbox, its webhooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from hub_http.description.picking import EventRule, FindingRule, Pick, Row
from hub_http.description.requests import More, Request
from hub_http.description.values import Block, Duration, Flag, Name, Template, Tree, Whole


class Recover(Block):
    """How the operator is asked what became of a send whose answer was lost."""

    request: Request = Field(description="asks by our own id (`delivery.id`)")
    findings: tuple[FindingRule, ...] = Field(
        description="what the answers tell; none that fits means unknown"
    )
    remote: Pick | None = Field(None, description="the operator's own id of what arrived")
    absent_after: Duration = Field(
        description="how long after the send an absence counts; until then it is unknown"
    )


class About(Block):
    """Which delivery something is about: our own id, or the operator's, and for many the recipient."""

    delivery: Pick | None = Field(None, description="our id, as it was sent")
    remote: Pick | None = Field(None, description="the operator's own id")
    recipient: Pick | None = Field(None, description="the recipient's address, when the message had many")


class Track(Block):
    """How the operator is asked what became of what it took."""

    request: Request = Field(description="asks by `remote` or `delivery.id`")
    every: Duration = Field(description="the pause between two questions; it grows to ten times that")
    until: Duration = Field(description="how long after the send it is asked at all")
    each: Pick | None = Field(None, description="a list in the answer: what is said of each recipient")
    recipient: Pick | None = Field(None, description="in each: the recipient's address or delivery id")
    events: tuple[EventRule, ...] = Field(description="what the answers tell")


class Documents(Block):
    """The documents of a message that came. One source is named: `data`, `fetch` or `payload`."""

    each: Pick | None = Field(None, description="a list: one document for each of its members")
    name: Pick | None = Field(None, description="its name; else document-<number>")
    media_type: Pick | None = Field(None, description="its media type; else application/octet-stream")
    code: Pick | None = Field(None, description="its LOINC code")
    role: Pick | None = Field(None, description="body, attachment or original; else attachment")
    sha256: Pick | None = Field(None, description="its digest in hexadecimal; checked")
    data: Pick | None = Field(None, description="its bytes, decoded; or its text")
    fetch: Request | None = Field(None, description="asks for its bytes; they are streamed")
    payload: Flag = Field(False, description="the whole download is the document")


class Arriving(Block):
    """How what came is read as a message."""

    id: Pick = Field(description="the operator's own id; the same again is taken once")
    sender: Pick = Field(description="the sender's address")
    recipients: Pick = Field(description="the recipients' addresses")
    copies: Pick | None = Field(None, description="those of further recipients, in copy")
    subject: Pick | None = Field(None, description="the subject")
    kind: Pick | None = Field(None, description="message, report, prescription …; else message")
    language: Pick | None = Field(None, description="its language (BCP 47)")
    thread: Pick | None = Field(None, description="the conversation that it belongs to")
    in_reply_to: Pick | None = Field(None, description="the id of the message that it answers")
    references: Pick | None = Field(None, description="ids of earlier messages")
    patient: Pick | None = Field(None, description="the patient's INS, 15 digits")
    body: Pick | None = Field(None, description="the text of the letter")
    documents: tuple[Documents, ...] = Field((), description="its documents")
    hook: str | None = Field(None, description="the way out: a named Python hook that reads it whole")


class Kind(Row):
    """A row of `kinds`: what something that came is. The first that fits counts."""

    is_: Literal["message", "report", "ignored"] = Field(alias="is", description="what it is")
    message: Arriving | None = Field(None, description="for a message: how it is read")
    about: About | None = Field(None, description="for a report: which delivery it is about")
    events: tuple[EventRule, ...] = Field((), description="for a report: what it tells")


class Paging(Block):
    """How a listing that is longer than one answer goes on."""

    by: Literal["link", "token", "offset", "page", "repeat"] = Field(
        description="a URL in the answer, a token or cursor in it, a count, or the same again until empty"
    )
    next: Pick | None = Field(None, description="for link and token: where it is in the answer")
    parameter: str | None = Field(None, description="for token, offset and page: the query parameter")
    first: Whole = Field(0, ge=0, description="for offset and page: what it begins with")
    kept: Flag = Field(False, description="for token: a cursor, kept across restarts, that only goes forward")
    most: Whole = Field(100, ge=1, description="pages of one look at most")


class Inbox(Block):
    """How what the operator holds for the hub is fetched."""

    every: Duration = Field(description="the pause between two looks")
    least: Duration = Field(description="the shortest pause that the operator allows")
    longest: Duration | None = Field(None, description="the longest that it allows")
    listing: Request = Field(description="asks what is there")
    items: Pick = Field(description="in its answer: the list (`many = true`)")
    id: Pick = Field(description='in each: its id, for later requests `item.id`; `{ json = "$" }` for itself')
    paging: Paging | None = Field(None, description="how the listing goes on")
    download: Request | None = Field(
        None, description="asks for one of them; without it all is in the listing"
    )
    more: More | None = Field(None, description="how a download goes on in parts")
    kinds: tuple[Kind, ...] = Field(min_length=1, description="what they are")
    acknowledge: Request | None = Field(
        None, description="says that it was taken, after it is durable here; saying it twice must do no harm"
    )
    poison: Literal["leave", "acknowledge"] = Field(
        "leave", description="what becomes of one that can't be taken as it is, after a line in the log"
    )


class Hmac(Block):
    """The digest that a call carries."""

    header: str = Field(description="the header that it is in")
    key: Name = Field(description="the secret's name")
    algorithm: Literal["sha256", "sha512"] = Field("sha256", description="the hash")
    encoding: Literal["hex", "base64"] = Field("hex", description="how the digest is written")
    prefix: str = Field("", description="what stands before it in the header")
    message: Template = Field(
        "{{ body }}", description="what is digested: `body` and `headers['name']` are those of the call"
    )


class BasicPair(Block):
    """User and password of a call."""

    user: Template = Field(description="the user")
    password: Name = Field(description="the secret's name")


class Verification(Block):
    """How a call of a webhook proves that the operator made it. All that is named must hold."""

    client_certificate: Flag = Field(False, description="by TLS: a certificate of `operators.<name>.peers`")
    hmac: Hmac | None = Field(None, description="by a digest under a shared secret")
    bearer: Name | None = Field(None, description="by a token: the secret's name")
    basic: BasicPair | None = Field(None, description="by user and password (RFC 7617)")
    timestamp: Pick | None = Field(None, description="when it was made: seconds since 1970, or RFC 3339")
    tolerance: Duration | None = Field(None, description="how far that may be from our clock")


class Webhook(Block):
    """What the operator calls: `POST /operators/<operator>/<webhook>` at the hub's door."""

    verify: Verification = Field(description="how it proves itself")
    each: Pick | None = Field(None, description="a list in the call: it is a batch")
    id: Pick | None = Field(None, description="the id of a call, or of each in a batch: one is taken once")
    kinds: tuple[Kind, ...] = Field(min_length=1, description="what it says")
    early: Duration = Field(
        timedelta(seconds=5),
        description="how long a call about a message that is just being sent waits for its answer",
    )
    status: Whole = Field(200, ge=200, le=299, description="the answer to a call that was taken")
    answer: Tree | None = Field(None, description="its JSON body")
    hook: str | None = Field(None, description="the way out: a named Python hook that takes the whole call")
