"""What came as a message → a `Submission`, as the description's `message` says.

1. Who, to whom, what about: every value is held to its form, or nothing is taken.
2. The documents are written to the stage, and their digests checked.
3. What came stands beside them byte for byte, as the original, unless it is a document itself.

Not checked here: that the operator may send for this sender, and whom the message may reach; the core does.
The same id from the same operator is taken once, however often it is listed: `key` is made of both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hub.domain.message import DocumentRole, Kind, SenderSignature, SignatureResult
from hub.domain.party import Role
from hub.ports.intake import Part, Peer, Stage, Submission, To
from hub_http import hooks
from hub_http.description.inbound import Arriving
from hub_http.fetching.came import Came, kept, scope_of
from hub_http.fetching.documents import Collecting
from hub_http.fetching.refusals import wrong
from hub_http.fetching.values import Picks
from hub_http.sending.operator import Operator

_UNSIGNED: Final = SenderSignature(result=SignatureResult.NONE)


async def submission_of(
    arriving: Arriving,
    came: Came,
    stage: Stage,
    *,
    operator: Operator,
    peer: Peer,
    scope: Mapping[str, Any] | None = None,
    within: str = "message",
) -> Submission:
    """Read what came; its documents are written to `stage`.

    `scope` adds to what templates see (`item`); `within` is where `arriving` stands in the description,
    for errors. Raises MalformedError and LimitError, whose words name a key of the description and no
    value; what `ask` raises when a document has to be fetched; StoreError.
    """
    if arriving.hook is not None:
        hook = hooks.named(arriving.hook, hooks.ReadsArriving)
        read = await hook.arriving(operator, peer, came.answered, came.payload, stage)
        return replace(read, unanswered=True)
    seen = scope_of(operator, came.answered, **(scope or {}))
    picks = Picks(answered=came.answered, scope=seen, within=within)
    # 1. Who, to whom, what about.
    native_id = picks.needed("id", arriving.id)
    sender = picks.address("sender", arriving.sender)
    recipients = (
        *(To(target=one) for one in picks.targets("recipients", arriving.recipients)),
        *(To(target=one, role=Role.CC) for one in picks.targets("copies", arriving.copies)),
    )
    if not recipients:
        raise wrong(picks.key("recipients"), "finds nothing", "ne trouve rien")
    kind = picks.choice("kind", arriving.kind, Kind, Kind.MESSAGE)
    subject = picks.text("subject", arriving.subject) or ""
    patient = picks.patients("patient", arriving.patient)
    # 2. The documents.
    collecting = Collecting(came=came, stage=stage, operator=operator)
    parts = [*await _body(arriving, picks, stage), *await collecting.documents(arriving, picks)]
    # 3. What came. It stands first: of several originals the last is the sender's own.
    parts = [*await collecting.original(arriving), *parts]
    return Submission(
        connector=operator.host.name,
        peer=peer,
        native_id=native_id,
        key=key_of(operator.name, native_id),
        sender=sender,
        recipients=recipients,
        subject=subject,
        parts=parts,
        signature=_UNSIGNED,
        kind=kind,
        language=picks.text("language", arriving.language),
        patient=patient,
        in_reply_to=picks.text("in_reply_to", arriving.in_reply_to),
        references=picks.texts("references", arriving.references),
        thread=picks.text("thread", arriving.thread),
        # Nobody hears of a recipient who is refused: the hub writes to the sender.
        unanswered=True,
    )


def key_of(operator: str, native_id: str) -> str:
    """Return the idempotency key of what an operator knows under an id."""
    return f"http:{operator}:{hashlib.sha256(native_id.encode()).hexdigest()}"


async def _body(arriving: Arriving, picks: Picks, stage: Stage) -> list[Part]:
    """Write the letter's text, in UTF-8 with LF; a text of nothing says nothing."""
    text = picks.text("body", arriving.body)
    if text is None:
        return []
    content = await kept(stage, text.replace("\r\n", "\n").replace("\r", "\n").encode())
    return [Part(name="body.txt", media_type="text/plain", role=DocumentRole.BODY, content=content)]
