"""One form whatever the protocol, or one error that names the field."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.normalise import Limits, normalise
from hub.domain.address import Address
from hub.domain.message import DocumentRole, SenderSignature, SignatureResult
from hub.domain.party import Identifier, Role
from hub.errors import InputError, LimitError, MalformedError
from hub.ports.intake import To
from tests.unit.core.world import MARTIN, PETIT, part, submission

LIMITS = Limits(recipients=3, documents=3, message_bytes=100)
IN_PIECES, WHOLE = "e\u0301te\u0301", "été"
TRICKY = ["\r\nBcc: x@y.example", "\n", "\x00", "\x85", "\u2028", "\u2029", "\x1e", "\x1f", "\x7f"]


@pytest.mark.parametrize(
    ("fields", "field", "error"),
    [
        ({"recipients": ()}, "recipients", MalformedError),
        (
            {"recipients": [To(target=Address.parse(f"d{n}@v.example")) for n in range(4)]},
            "recipients",
            LimitError,
        ),
        ({"recipients": [To(target=Identifier("urn:oid:1.2", "\x1f"))]}, "recipients", MalformedError),
        ({"parts": ()}, "documents", MalformedError),
        ({"parts": [part(role=DocumentRole.ATTACHMENT)] * 4}, "documents", LimitError),
        ({"parts": [part(), part()]}, "documents", MalformedError),
        ({"parts": [part(b"x" * 101)]}, "size", LimitError),
        ({"parts": [part(media_type="pdf")]}, "documents", MalformedError),
        ({"parts": [part(name="")]}, "documents", MalformedError),
        ({"parts": [part(name="a\nb.pdf")]}, "documents", MalformedError),
        ({"parts": [part(code="")]}, "documents", MalformedError),
        ({"subject": "x" * 999}, "subject", LimitError),
        ({"language": "français"}, "language", MalformedError),
        ({"native_id": ""}, "native_id", MalformedError),
        ({"key": "\n"}, "key", MalformedError),
        ({"in_reply_to": ""}, "in_reply_to", MalformedError),
        ({"thread": "\x00"}, "thread", MalformedError),
        ({"references": ["ok", ""]}, "references", MalformedError),
        ({"references": ["<1@x>"] * 1001}, "references", LimitError),
        ({"patient": [Identifier("urn:oid:1.2", "")]}, "patient", MalformedError),
    ],
)
def test_what_can_t_be_taken_is_refused_by_field(
    fields: dict[str, Any], field: str, error: type[InputError]
) -> None:
    """The error names the field, in both languages, and repeats nothing of the content."""
    with pytest.raises(error) as caught:
        normalise(submission(**fields), LIMITS)
    assert caught.value.fields["field"] == field
    assert field in caught.value.words.en
    assert field in caught.value.words.fr


@pytest.mark.parametrize("tricky", TRICKY)
@pytest.mark.parametrize("where", ["subject", "native_id", "in_reply_to", "thread"])
def test_no_text_breaks_out_of_its_line(where: str, tricky: str) -> None:
    """Header injection and forged separators end here, whatever the protocol."""
    with pytest.raises(MalformedError):
        normalise(submission(**{where: f"a{tricky}b"}), Limits())


def test_a_folded_subject_is_read() -> None:
    """The tab that a folded header leaves behind is a space."""
    assert normalise(submission(subject=" Compte\trendu "), Limits()).subject == "Compte rendu"


def test_every_text_is_in_normal_form() -> None:
    """Letters in pieces (NFD), as some systems write them, come out whole (NFC)."""
    given_one = submission(
        subject=IN_PIECES,
        thread=IN_PIECES,
        in_reply_to=IN_PIECES,
        references=[IN_PIECES],
        patient=[Identifier("urn:oid:1.2", IN_PIECES)],
        parts=[part(name=IN_PIECES)],
    )
    normal = normalise(given_one, Limits())
    said = normal.submission
    assert normal.subject == said.thread == said.in_reply_to == WHOLE
    assert said.references == (WHOLE,)
    assert said.patient == (Identifier("urn:oid:1.2", WHOLE),)
    assert normal.documents[0].name == WHOLE


def test_an_odd_certificate_name_does_not_refuse_a_mail() -> None:
    """What a certificate calls itself is made fit to keep, not held against the sender."""
    odd = SenderSignature(result=SignatureResult.VALID, signer=f"CN={IN_PIECES}\n" + "x" * 2000)
    signer = normalise(submission(signature=odd), Limits()).submission.signature.signer
    assert signer is not None
    assert signer.startswith(f"CN={WHOLE}?")
    assert len(signer) <= 998
    empty = SenderSignature(result=SignatureResult.VALID, signer="")
    assert normalise(submission(signature=empty), Limits()).submission.signature.signer is None


def test_a_recipient_counts_once() -> None:
    """The first spelling and role stay; who is named openly is not a blind copy too."""
    normal = normalise(
        submission(
            To(target=Address.parse(MARTIN), blind=True),
            To(target=Address.parse(PETIT), role=Role.CC),
            To(target=Address.parse(MARTIN.upper()), role=Role.TO),
            To(target=Address.parse(PETIT)),
        ),
        Limits(),
    )
    assert normal.recipients == (
        To(target=Address.parse(PETIT), role=Role.CC),
        To(target=Address.parse(MARTIN.upper()), role=Role.TO),
    )


def test_the_original_is_not_counted_twice() -> None:
    """A mail and the documents read out of it are one message, and one size."""
    original = part(b"x" * 90, role=DocumentRole.ORIGINAL)
    read_out = part(b"y" * 60, role=DocumentRole.ATTACHMENT)
    normalise(submission(parts=[original, read_out]), LIMITS)
    with pytest.raises(LimitError):
        normalise(submission(parts=[original, read_out, part(b"z" * 50)]), LIMITS)


words = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20).filter(
    lambda text: bool(unicodedata.normalize("NFC", text).strip())
)
submissions = st.builds(
    lambda subject, names, refs, thread, patient, blind: submission(
        *(To(target=Address.parse(f"{n}@v.example"), blind=blind) for n in ("a", "b")),
        subject=subject,
        parts=[part(name.encode(), name=name, role=DocumentRole.ATTACHMENT) for name in names],
        references=refs,
        thread=thread,
        patient=patient,
    ),
    words,
    st.lists(words, min_size=1, max_size=3),
    st.lists(words, max_size=3),
    st.none() | words,
    st.lists(st.builds(Identifier, words, words), max_size=2),
    st.booleans(),
)


@given(submissions, submissions)
def test_the_fingerprint_tells_messages_apart(one: Any, other: Any) -> None:
    """The same said again has the same fingerprint; something else never has."""
    first, second = normalise(one, Limits()), normalise(other, Limits())

    def said(normal: Any) -> Any:
        return (
            normal.subject,
            normal.recipients,
            [(document.name, document.sha256) for document in normal.documents],
            normal.submission.references,
            normal.submission.thread,
            normal.submission.patient,
        )

    assert (first.fingerprint == second.fingerprint) == (said(first) == said(second))


def test_a_relay_s_own_lines_are_not_another_message() -> None:
    """The original mail may gain a Received line on the way; the message is the same."""

    def with_original(data: bytes) -> bytes:
        return normalise(
            submission(parts=[part(), part(data, role=DocumentRole.ORIGINAL)]), Limits()
        ).fingerprint

    assert with_original(b"a") == with_original(b"b")


def test_an_identifier_is_a_recipient_too() -> None:
    """A recipient given by national identifier has a fingerprint of its own."""
    by_id = normalise(submission(To(target=Identifier("urn:oid:1.2", "8999"))), Limits())
    by_address = normalise(submission(), Limits())
    assert by_id.fingerprint != by_address.fingerprint
