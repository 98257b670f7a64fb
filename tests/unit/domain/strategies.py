"""Hypothesis strategies for domain values: any envelope that the domain allows."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from hub.domain.address import Address
from hub.domain.envelope import Envelope
from hub.domain.ids import DocumentId, EnvelopeId, OperatorName, uuid7
from hub.domain.message import (
    Document,
    DocumentRole,
    Kind,
    Message,
    Origin,
    ReceiptKind,
    SenderSignature,
    SignatureResult,
)
from hub.domain.party import Identifier, Party, PartyKind, Role

MOMENT = datetime(2026, 3, 3, 14, tzinfo=UTC)

texts = (
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(bool)
)
locals_ = st.from_regex(r"[a-z0-9][a-zA-Z0-9_+-]{0,20}(\.[a-z0-9]{1,10})?", fullmatch=True)
domains = st.from_regex(r"[a-z]{1,8}\.[a-z]{2,6}\.fr", fullmatch=True)
addresses = st.builds(Address, locals_, domains)
identifiers = st.builds(Identifier, texts, texts)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made aware below
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)


def _optional(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | strategy


def _parties(role: st.SearchStrategy[Role | None]) -> st.SearchStrategy[Party]:
    return st.builds(
        Party,
        kind=st.sampled_from(PartyKind),
        name=texts,
        address=addresses,
        identifiers=st.lists(identifiers, max_size=2).map(tuple),
        operator=_optional(texts).map(lambda name: name and OperatorName(name)),
        role=role,
    )


documents = st.builds(
    Document,
    id=texts.map(DocumentId),
    name=texts,
    media_type=st.sampled_from(["application/pdf", "text/plain", "application/cda+xml"]),
    size=st.integers(0, 2**40),
    sha256=hashes,
    role=st.sampled_from([DocumentRole.ATTACHMENT, DocumentRole.ORIGINAL]),
    code=_optional(texts),
)
origins = st.builds(
    Origin,
    connector=texts,
    native_id=texts,
    authenticated_as=texts,
    signature=st.builds(
        SenderSignature,
        result=st.sampled_from(SignatureResult),
        certificate_sha256=_optional(hashes),
        signer=_optional(texts),
    ),
)
messages = st.builds(
    Message,
    kind=st.sampled_from(Kind),
    sender=_parties(st.none()),
    recipients=st.lists(
        _parties(st.sampled_from(Role)), min_size=1, max_size=4, unique_by=lambda party: party.address.key
    ).map(tuple),
    subject=st.just("") | texts,
    documents=st.lists(documents, min_size=1, max_size=4, unique_by=lambda one: one.id).map(tuple),
    origin=origins,
    language=st.sampled_from([None, "fr", "fr-FR", "en"]),
    patient=st.lists(identifiers, max_size=2).map(tuple),
    in_reply_to=_optional(texts),
    references=st.lists(texts, max_size=3).map(tuple),
    thread=_optional(texts),
    receipts=st.lists(st.sampled_from(ReceiptKind), unique=True).map(tuple),
)


@st.composite
def envelopes(draw: st.DrawFn) -> Envelope:
    """Any envelope."""
    created = draw(moments)
    return Envelope(
        id=EnvelopeId(uuid7(draw(st.integers(0, 2**48 - 1)), draw(st.binary(min_size=10, max_size=10)))),
        created_at=created,
        expires_at=created + timedelta(milliseconds=draw(st.integers(1, 10**9))),
        message=draw(messages),
    )
