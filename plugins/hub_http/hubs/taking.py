"""A package from another hub → a submission, whose envelope countersigns theirs by its digest.

1. The package is whole, and sealed by the hub at the other end of this link.
2. It is not on its way round: no recipient is the other hub's own, and nothing in it was ours before.
3. It is submitted like any other message, for the recipients that this package names. The other hub's sealed
   envelope is a document of it, so that ours proves what came.
4. The answer holds what this hub sealed: the receipt.

A notice of the other hub about a message of ours is no message here but a receipt: see `news`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from hub.domain.address import Address
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import EnvelopeId, OperatorName
from hub.domain.message import DocumentRole, Kind, ReceiptKind
from hub.domain.outcome import Refused
from hub.errors import InputError, Words
from hub.ports.content import Content
from hub.ports.intake import Intake, Part, Stage, Submission, To
from hub_http.hooks import Call, Operator, Reply
from hub_http.hubs import news, package, seals
from hub_http.hubs.package import Package, Wanted

MOST_HOPS: Final = 8
"""Hubs that one message may have passed."""
_LOOP: Final = Refused(
    code="hubs.loop",
    reason=Words(
        en="The message would go round in a circle: between these hubs it has no way to its recipient.",
        fr="Le message tournerait en rond : entre ces hubs, il n'a pas de chemin vers son destinataire.",
    ),
)


async def take(operator: Operator, call: Call, intake: Intake) -> Reply:
    """Take a package; what the answer says was taken is durable.

    Raises what `package.read` does; InputError, TrustError, StoreError and PeerError of `Intake.submit`.
    """
    stage = intake.stage()
    try:
        received = await package.read(operator, call.headers.get("content-type", ""), call.pieces, stage)
        if received.opened.envelope.message.kind is Kind.NOTICE and await news.record(
            operator, call.peer, received, intake
        ):
            return _reply((), [_line(one, "noted") for one in received.wanted])
        return await _message(operator, call, received, stage, intake)
    finally:
        # After a commit this is harmless; after a repetition there are contents that nobody wants.
        await stage.discard()


async def _message(operator: Operator, call: Call, received: Package, stage: Stage, intake: Intake) -> Reply:
    refused = await _circling(operator, received, intake)
    left = [one for one in received.wanted if one.recipient.key not in refused]
    sealed: Sequence[SealedEnvelope] = ()
    if left:
        submission = await _submission(operator, call, received, stage)
        sealed, more = await _submitted(submission, left, stage, intake)
        refused = {**refused, **more}
    return _reply(
        sealed,
        [
            _line(one, "accepted" if (why := refused.get(one.recipient.key)) is None else "refused", why)
            for one in received.wanted
        ],
    )


async def _submitted(
    submission: Submission, wanted: Sequence[Wanted], stage: Stage, intake: Intake
) -> tuple[Sequence[SealedEnvelope], Mapping[str, Refused]]:
    """Submit for those who can get it, and return this hub's envelopes for them all; the rest is refused.

    The submission is `whole`, because the same envelope may come again for other recipients than before: who
    got it then is not given it twice, and is asked for once more on their own, for the envelope of that time.
    """
    to = {one.target.key: one for one in submission.recipients if isinstance(one.target, Address)}
    keys = {to[one.recipient.key].asked: one.recipient.key for one in wanted}
    left = {one.recipient.key: to[one.recipient.key] for one in wanted}
    sealed: list[SealedEnvelope] = []
    refused: dict[str, Refused] = {}
    while left:
        try:
            accepted = await intake.submit(stage, replace(submission, recipients=tuple(left.values())))
        except InputError as error:
            why = error.fields.get("refused")
            named = why if isinstance(why, Mapping) else {}
            more = {keys[name]: one for name, one in named.items() if keys.get(name) in left}
            if not more:
                raise
            refused.update(more)
            done = set(more)
        else:
            ours = [found for one in accepted.envelopes if (found := await intake.sealed(one)) is not None]
            sealed += ours
            done = {party.address.key for one in ours for party in one.envelope.message.recipients}
            if not done & set(left):
                break
        left = {key: one for key, one in left.items() if key not in done}
    return sealed, refused


async def _submission(operator: Operator, call: Call, received: Package, stage: Stage) -> Submission:
    opened = received.opened
    said = opened.envelope.message
    return Submission(
        connector=operator.host.name,
        peer=call.peer,
        native_id=said.origin.native_id,
        key=f"hubs:{operator.name}:{opened.envelope.id}",
        sender=said.sender.address,
        recipients=tuple(
            To(target=party.address, role=party.role) if party.role else To(target=party.address)
            for party in said.recipients
        ),
        subject=said.subject,
        parts=(
            # Theirs stands first: the last original is the sender's own, which connectors pass on.
            Part(
                name="envelope.jws.json",
                media_type=seals.MEDIA_TYPE,
                role=DocumentRole.ORIGINAL,
                content=await _kept(stage, opened.jws),
            ),
            *(
                Part(
                    name=one.name,
                    media_type=one.media_type,
                    role=one.role,
                    content=received.contents[one.id],
                    code=one.code,
                )
                for one in said.documents
            ),
        ),
        signature=said.origin.signature,
        kind=said.kind,
        language=said.language,
        patient=said.patient,
        in_reply_to=said.in_reply_to,
        references=said.references,
        thread=said.thread,
        # The other hub hears of a failure whatever its sender asked for.
        receipts=tuple(dict.fromkeys((*said.receipts, ReceiptKind.FAILURE))),
        whole=True,
    )


async def _circling(operator: Operator, received: Package, intake: Intake) -> dict[str, Refused]:
    """Return who is refused because the message came round: by their keys."""
    if await _was_here(received, intake):
        return dict.fromkeys((one.recipient.key for one in received.wanted), _LOOP)
    peer = intake.standing_for(OperatorName(operator.name))
    theirs = frozenset() if peer is None else peer.domains
    return {one.recipient.key: _LOOP for one in received.wanted if one.recipient.domain in theirs}


async def _was_here(received: Package, intake: Intake) -> bool:
    """Whether an envelope that it passed under is one of ours, or it passed too many."""
    passed = [
        one
        for one in received.opened.envelope.message.documents
        if one.role is DocumentRole.ORIGINAL and one.media_type == seals.MEDIA_TYPE
    ]
    if len(passed) >= MOST_HOPS:
        return True
    for one in passed:
        if one.size > seals.MAX_BYTES:
            continue
        jws = await received.contents[one.id].read()
        if (name := _id_in(jws)) is not None:
            ours = await intake.sealed(name)
            if ours is not None and ours.jws == jws:
                return True
    return False


def _id_in(jws: bytes) -> EnvelopeId | None:
    """Return the id in an envelope that somebody sealed; nothing rests on it but a look into our store."""
    try:
        name = seals.payload_of(jws)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return EnvelopeId(name) if isinstance(name, str) else None


async def _kept(stage: Stage, data: bytes) -> Content:
    sink = stage.sink()
    await sink.write(data)
    return await sink.finish()


def _line(one: Wanted, state: str, why: Refused | None = None) -> dict[str, Any]:
    line: dict[str, Any] = {"delivery": one.delivery, "recipient": str(one.recipient), "state": state}
    if why is not None:
        line |= {"code": why.code, "reason": {"en": why.reason.en, "fr": why.reason.fr}}
    return line


def _reply(sealed: Sequence[SealedEnvelope], lines: Sequence[Mapping[str, Any]]) -> Reply:
    ids = [one.envelope.id for one in sealed]
    said = {"ids": ids, "envelopes": [one.jws.decode() for one in sealed], "deliveries": list(lines)}
    return Reply(body=json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())
