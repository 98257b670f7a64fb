"""What templates see, by place: the one table of it. The checks and the reference page come from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub_http.description.mistakes import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A name that templates see. `members` are its attributes, None when the description decides them."""

    means: str
    members: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What templates see at places that begin with `keys`; `*` stands for any name."""

    keys: tuple[str, ...]
    names: frozenset[str]
    note: str = ""


def _of(means: str, members: str | None = None) -> Variable:
    return Variable(means=means, members=None if members is None else frozenset(members.split()))


_PARTY: Final = "kind name address local domain role identifiers rpps finess delivery"
_DOCUMENT: Final = "id name media_type size sha256 code role"
VARIABLES: Final[Mapping[str, Variable]] = {
    "hub": _of("the hub's name", ""),
    "operator": _of("the name of the operator's table in the configuration", ""),
    "parameters": _of("`[operators.<name>.parameters]`, with the description's defaults"),
    "now": _of("the present moment", "year month day hour minute second"),
    "secrets": _of("the secrets, by name; only where requests are proved"),
    "envelope": _of("the sealed envelope: `jws` is the seal as it was made", "id created_at expires_at jws"),
    "message": _of(
        "the message, without its parties and documents",
        "kind subject language thread in_reply_to references patient ins receipts signature",
    ),
    "sender": _of("who sent it", _PARTY),
    "recipient": _of("the recipient; of several the first", _PARTY),
    "recipients": _of("all recipients of this request", ""),
    "delivery": _of(
        "`id`: the hub's own stable id, the same on every attempt; `attempt`, from 1", "id attempt"
    ),
    "documents": _of("all documents but the original; of each " + ", ".join(_DOCUMENT.split()), ""),
    "body": _of("the document that is the letter's text, or none", _DOCUMENT),
    "attachments": _of("the documents that are attached", ""),
    "originals": _of("the message as it came in, byte for byte", ""),
    "taken": _of("what `take` took from answers of earlier steps"),
    "remote": _of("the operator's own id of the message, once it is known", ""),
    "item": _of(
        "the member of the list that `each` goes through; of an inbox, the item: `item.id`, `item.value`"
    ),
    "chunk": _of(
        "the chunk: `number` from 1, `count`, `first` and `last` byte, `total`",
        "number count first last total",
    ),
    "part": _of("`number` of the part of a download, from 2", "number"),
    "page": _of("where a listing goes on: `at` is the token, offset or number", "at"),
    "document": _of("the document that is being read: `number` from 1, `value` in the list", "number value"),
    "headers": _of("headers of the answer or call, by name"),
    "status": _of("the status code of the answer", ""),
    "nonce": _of("a value that is used once", ""),
    "timestamp": _of("when the request is made, as `timestamp` asks", ""),
    "count": _of("the count, as `count` says", ""),
    "signature": _of("the digest, as `encoding` asks", ""),
    "request": _of(
        "the request that is proved; `body_sha256` in hexadecimal",
        "method path query host headers body_sha256",
    ),
    "path": _of("the variables of the route's path"),
    "query": _of("the parameters of the request's query, by name"),
    "json": _of("the request's JSON body"),
    "form": _of("the fields of the request's form, by name"),
    "messages": _of("the messages of a listing", ""),
    "next": _of("where a listing goes on: the number of the last message shown", ""),
    "unknown": _of("recipients whom the double does not know", ""),
}


OF_AN_ANSWER: Final = frozenset({"headers", "status"})
"""What `value` sees besides, wherever it picks."""
DOUBLE: Final[Mapping[str, Variable]] = {
    "message": _of("a message that the double holds", "id ours to state number headers json text size"),
    "request": _of("the request: `base` is the URL of the double", "base method path headers"),
}
_CALLED: Final[Mapping[str, Variable]] = {"body": _of("the body of the call", "")}


def variable(name: str, place: Place) -> Variable:
    """Return what a name means at a place."""
    special = DOUBLE if place[:1] == ("simulate",) else _CALLED if place[:1] == ("webhooks",) else {}
    return special.get(name) or VARIABLES[name]


def _seen(keys: str, names: str, note: str = "") -> Seen:
    return Seen(keys=tuple(keys.split(".")) if keys else (), names=frozenset(names.split()), note=note)


EVERYWHERE: Final = frozenset({"hub", "operator", "parameters"})
_OPENED: Final = "hub operator parameters"
_BASE: Final = f"{_OPENED} now"
_PROVED: Final = f"{_BASE} secrets"
_SENT: Final = (
    f"{_BASE} envelope message sender recipient recipients delivery documents body attachments originals"
    " taken remote"
)
_CAME: Final = f"{_BASE} headers status"
_ASKED: Final = f"{_BASE} path query headers json form request"
_PLAYED: Final = f"{_ASKED} message messages next unknown"

PLACES: Final[tuple[Seen, ...]] = (
    _seen("base_url", _OPENED),
    _seen("failover_urls", _OPENED),
    _seen("auth.headers", f"{_PROVED} nonce timestamp count request signature", "for `hmac`"),
    _seen("auth.message", f"{_PROVED} nonce timestamp count request", "for `hmac`"),
    _seen("auth", _PROVED),
    _seen("send.steps.chunks", f"{_SENT} chunk item", "`item` in a step with `each`"),
    _seen("send.steps.multipart", f"{_SENT} item", "`item` in a part, or a step, with `each`"),
    _seen("send.steps", f"{_SENT} item", "`item` in a step with `each`"),
    _seen("send", _SENT),
    _seen("recover", _SENT),
    _seen("track.request", f"{_BASE} delivery recipients taken remote"),
    _seen("track", f"{_CAME} delivery recipients taken remote"),
    _seen("inbox.listing", f"{_BASE} page"),
    _seen("inbox.download", f"{_BASE} item"),
    _seen("inbox.more", f"{_BASE} item part"),
    _seen("inbox.acknowledge", f"{_BASE} item"),
    _seen("inbox.kinds.message.documents", f"{_CAME} item document", "`document` in one with `each`"),
    _seen("inbox.kinds", f"{_CAME} item"),
    _seen("inbox", _CAME),
    _seen("webhooks.*.verify.hmac", f"{_CAME} body", "`body` is that of the call"),
    _seen("webhooks.*.kinds.message.documents", f"{_CAME} document", "`document` in one with `each`"),
    _seen("webhooks", _CAME),
    _seen("probe", _BASE),
    _seen("answers", _BASE),
    _seen("simulate.routes.checks", _ASKED),
    _seen("simulate.routes.id", _ASKED),
    _seen("simulate.routes.ours", _ASKED),
    _seen("simulate.routes.to", _ASKED),
    _seen("simulate.routes.parts", _ASKED),
    _seen("simulate.routes.part", _ASKED),
    _seen("simulate.routes.after", _ASKED),
    _seen("simulate", _PLAYED),
)
"""The first that fits counts. `receipts` is read as `inbox`."""


def seen_at(place: Place) -> frozenset[str]:
    """Return the names that a template sees at a place; none where no template stands."""
    keys = ["inbox" if at == 0 and one == "receipts" else one for at, one in enumerate(named(place))]
    for one in PLACES:
        if len(one.keys) <= len(keys) and all(key in {"*", keys[at]} for at, key in enumerate(one.keys)):
            return one.names
    return frozenset()


def named(place: Place) -> Sequence[str]:
    """Return the keys of a place without the numbers of members."""
    return [one for one in place if isinstance(one, str)]
