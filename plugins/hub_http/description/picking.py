"""How something is taken out of an answer, and what is asked of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from hub_http.description.values import Block, Duration, Flag, Name, Scalar, Selecting, Statuses, Whole


class Pick(Block):
    """Takes one value out of an answer: from where, and what is made of it. One place is named.

    A value that is not there is absent, never an empty text.
    """

    json_: Annotated[str, Selecting("json")] | None = Field(
        None, alias="json", description="a JSONPath (RFC 9535) into the body"
    )
    xpath: Annotated[str, Selecting("xpath")] | None = Field(
        None, description="an XPath 1.0 into an XML body; `namespaces` names its prefixes"
    )
    fhirpath: Annotated[str, Selecting("fhirpath")] | None = Field(
        None, description="a FHIRPath into a FHIR R4 resource in JSON"
    )
    header: str | None = Field(None, description="a header of the answer")
    text: Flag = Field(False, description="the body as text")
    value: str | None = Field(None, description="a template; for what is put together or known beforehand")
    namespaces: dict[str, str] = Field(
        default_factory=dict, description="prefixes of the XPath and their URIs"
    )
    pattern: str | None = Field(None, description="a regular expression; what its one group holds is taken")
    codes: Name | None = Field(None, description="a table of `codes` by which the value is translated")
    default: Scalar | None = Field(None, description="what is taken when nothing is there")
    many: Flag = Field(False, description="take all that the path finds, as a list")
    decode: Literal["base64", "base64url", "hex"] | None = Field(
        None, description="how the bytes are written; without it a text is meant"
    )


class Condition(Pick):
    """Asks something of a picked value. One question is named; `exists = true` is the default."""

    equals: Scalar | None = Field(None, description="it is this")
    one_of: tuple[Scalar, ...] | None = Field(None, description="it is one of these")
    matches: str | None = Field(None, description="this regular expression matches all of it")
    exists: Flag | None = Field(None, description="it is there, or not")


class Meaning(StrEnum):
    """What an answer means for the attempt."""

    OK = "ok"
    WARNING = "warning"
    REFUSED = "refused"
    CONFLICT = "conflict"
    GONE = "gone"
    AUTHENTICATION = "authentication"
    RATE_LIMITED = "rate_limited"
    TRANSIENT = "transient"
    UNCERTAIN = "uncertain"
    CONFIGURATION = "configuration"


class Row(Block):
    """What every row of a table of answers has: the answers that it is about."""

    status: Statuses | None = Field(None, description="status codes; all when left out")
    when: Condition | None = Field(None, description="and what else is asked of the answer")


class AnswerRule(Row):
    """A row of `answers`: the first that fits decides what an answer means.

    Rows of the request come first, then those of the description, then what HTTP itself says.
    """

    class_: Meaning = Field(alias="class", description="what it means")
    code: Pick | None = Field(None, description="the operator's own code, for the log and the sender")
    reason: Pick | None = Field(
        None, description="its words; without it those of an OperationOutcome or problem+json"
    )
    retry_after: Pick | None = Field(
        None, description="seconds, or an HTTP date, to wait; without it the header Retry-After"
    )


class FindingRule(Row):
    """A row of `recover.findings`: what reading back tells of a send whose answer was lost."""

    is_: Literal["arrived", "absent", "refused", "unknown"] = Field(
        alias="is", description="whether the operator has it; no row that fits means unknown"
    )
    code: Pick | None = Field(None, description="the operator's own code")
    reason: Pick | None = Field(None, description="its words")


class EventRule(Row):
    """A row of `events`: what a report, a webhook or a tracking answer says of a delivery."""

    event: Literal["delivered", "displayed", "refused", "delayed", "pending"] = Field(
        description="what happened; `pending` is nothing yet"
    )
    final: Flag = Field(True, description="whether nothing more will come; `pending` and `delayed` never are")
    code: Pick | None = Field(None, description="the operator's own code")
    reason: Pick | None = Field(None, description="its words")


class ClassRule(Block):
    """What follows from a class of answers."""

    attempts: Whole | None = Field(
        None, ge=1, description="attempts after which it is refused; else until the message's end"
    )
    pause: Duration | None = Field(None, description="the least pause before the next attempt")
    failover: Flag | None = Field(None, description="whether the next fail-over URL is tried at once")
    means: Literal["delivered", "refused", "uncertain", "deferred"] | None = Field(
        None, description="what conflict, gone and warning amount to"
    )
