"""What one hub posts to another: a form of the sealed envelope, whom it is for, and every document.

1. `envelope`: the JWS exactly as it was sealed.
2. `deliveries`: a JSON list of `recipient` (an address of the envelope) and `delivery` (the sender's id).
3. Each document of the envelope, byte for byte, as a part of its id; in any order, each once.

Nothing is taken of a package in which one byte differs from what was signed.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.domain.address import Address
from hub.domain.ids import DocumentId
from hub.domain.message import Document
from hub.errors import InputError, LimitError, MalformedError, Words
from hub.plugin.form import Form, FormPart, boundary_of
from hub.ports.content import Content
from hub.ports.intake import Stage
from hub_http.hooks import Operator
from hub_http.hubs import seals
from hub_http.hubs.seals import Opened

ENVELOPE: Final = "envelope"
DELIVERIES: Final = "deliveries"
MOST_DELIVERIES: Final = 1000
_MAX_LIST: Final = 1 << 20
_MAX_ID: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One recipient of this package, and the other hub's id of the delivery."""

    recipient: Address
    delivery: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package that is whole and verified. `contents` are on the stage, by the documents' ids."""

    opened: Opened
    wanted: tuple[Wanted, ...]
    contents: Mapping[DocumentId, Content] = field(repr=False)


async def read(operator: Operator, content_type: str, pieces: AsyncIterator[bytes], stage: Stage) -> Package:
    """Read a package; documents are written to `stage` as they come.

    Raises MalformedError `hubs.package` or `http.form`, LimitError, TrustError `hubs.seal` or
    `jws.signature`, InputError `hubs.expired`, StoreError.
    """
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        raise InputError(
            "door.media_type",
            Words(
                en="Another hub sends multipart/form-data.", fr="Un autre hub envoie du multipart/form-data."
            ),
        )
    form = Form(lambda: anext(pieces, b""), boundary_of(content_type))
    opened = seals.opened(operator, await (await _next(form, ENVELOPE)).whole(seals.MAX_BYTES))
    if opened.envelope.expires_at <= operator.host.clock.now():
        raise InputError(
            "hubs.expired",
            Words(en="The envelope has expired.", fr="L'enveloppe a expiré."),
        )
    wanted = _deliveries(await (await _next(form, DELIVERIES)).whole(_MAX_LIST), opened)
    return Package(opened=opened, wanted=wanted, contents=await _documents(form, opened, stage))


async def _next(form: Form, name: str) -> FormPart:
    part = await form.next()
    if part is None or part.name != name:
        raise _malformed(f"it has no part {name} in its place", f"la partie {name} n'est pas à sa place")
    return part


def _deliveries(data: bytes, opened: Opened) -> tuple[Wanted, ...]:
    listed = _list(data)
    recipients = {party.address.key for party in opened.envelope.message.recipients}
    wanted = tuple(_wanted(one) for one in listed)
    if not {one.recipient.key for one in wanted} <= recipients:
        raise _malformed("it is for somebody whom the envelope does not name", "un destinataire n'y est pas")
    if len({one.recipient.key for one in wanted}) < len(wanted):
        raise _malformed("it names a recipient twice", "un destinataire y est deux fois")
    return wanted


def _list(data: bytes) -> Sequence[Any]:
    try:
        listed = json.loads(data)
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_DELIVERIES:
        raise _malformed(
            f"deliveries is no list of 1 to {MOST_DELIVERIES}",
            f"deliveries n'est pas une liste de 1 à {MOST_DELIVERIES}",
        )
    return listed


def _wanted(one: Any) -> Wanted:
    if not isinstance(one, dict) or set(one) != {"recipient", "delivery"}:
        raise _malformed("a delivery has recipient and delivery", "une remise a recipient et delivery")
    recipient, delivery = one["recipient"], one["delivery"]
    if not isinstance(recipient, str) or not isinstance(delivery, str) or not 0 < len(delivery) <= _MAX_ID:
        raise _malformed("a delivery's values are texts", "les valeurs d'une remise sont des textes")
    return Wanted(recipient=Address.parse(recipient), delivery=delivery)


async def _documents(form: Form, opened: Opened, stage: Stage) -> Mapping[DocumentId, Content]:
    left: dict[str, Document] = {one.id: one for one in opened.envelope.message.documents}
    contents: dict[DocumentId, Content] = {}
    while (part := await form.next()) is not None:
        document = left.pop(part.name, None)
        if document is None:
            raise _malformed(
                "a part is no document of the envelope, or came twice",
                "une partie n'est pas un document de l'enveloppe, ou est venue deux fois",
            )
        contents[document.id] = await _written(part, document, stage)
    if left:
        raise _malformed("a document is missing", "un document manque")
    return contents


async def _written(part: FormPart, document: Document, stage: Stage) -> Content:
    sink = stage.sink(document.size)
    try:
        async for piece in part.pieces():
            await sink.write(piece)
    except LimitError as error:
        if error.fields.get("limit") != document.size:
            raise  # it is this hub's own limit
        raise _altered() from error
    content = await sink.finish()
    if content.size != document.size or content.sha256 != document.sha256:
        raise _altered()
    return content


def _altered() -> MalformedError:
    return _malformed(
        "a document is not the one that was sealed", "un document n'est pas celui qui a été scellé"
    )


def _malformed(en: str, fr: str) -> MalformedError:
    return MalformedError(
        "hubs.package",
        Words(en=f"The package can't be taken: {en}.", fr=f"Le paquet ne peut être pris : {fr}."),
    )
