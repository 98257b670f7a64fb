"""Finding the parts of a mail: as any sound reader finds them, or one clear refusal."""

from __future__ import annotations

import email
import email.policy
import time
from email.message import EmailMessage, Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InputError, LimitError, MalformedError
from hub_smtp.mime import decode
from hub_smtp.mime.limits import Limits
from hub_smtp.mime.source import Held
from hub_smtp.mime.structure import Entity, Scanner
from tests.plugins.smtp.mail.world import mail, text

LIMITS = Limits()
NAMES = st.text("abcé –'\"();,=.", min_size=1, max_size=80).map(lambda name: f"a{name}b")


def scanned(data: bytes, piece: int | None = None, limits: Limits = LIMITS) -> Entity:
    """Scan a mail, whole or in pieces of so many bytes."""
    scanner = Scanner(limits)
    for at in range(0, len(data), piece or len(data) or 1):
        scanner.feed(data[at : at + (piece or len(data))])
    return scanner.close()


def multipart(*parts: bytes, boundary: str = "b", kind: str = "mixed") -> bytes:
    """Return a multipart entity."""
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    joined = b"".join(f"--{boundary}\r\n".encode() + one + b"\r\n" for one in parts)
    return head + joined + f"--{boundary}--\r\n".encode()


@st.composite
def mails(draw: st.DrawFn, depth: int = 0) -> EmailMessage:
    """Make a mail as Python's own library writes it."""
    message = EmailMessage(policy=email.policy.SMTP)
    if depth == 0:
        message["From"] = "a@hospital.example"
        message["Subject"] = draw(st.text("abc é\u00a0", max_size=100))
    message.set_content(draw(st.text("ab\n.-=é ", max_size=200)))
    for _ in range(draw(st.integers(0, 3))):
        if depth < 2 and draw(st.booleans()):
            message.add_attachment(draw(mails(depth + 1)))
        else:
            data, name = draw(st.binary(max_size=300)), draw(NAMES)
            message.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return message


def leaves(entity: Entity) -> list[Entity]:
    """Return the parts that have no parts."""
    return [leaf for child in entity.children for leaf in leaves(child)] or [entity]


def their_leaves(message: Message) -> list[Message]:
    """Return what Python's library takes for those."""
    if message.is_multipart() and message.get_content_maintype() == "multipart":
        return [leaf for child in message.iter_parts() for leaf in their_leaves(child)]  # type: ignore[attr-defined]
    return [message]


@given(mails(), st.integers(1, 400))
def test_agrees_with_the_standard_library(message: EmailMessage, piece: int) -> None:
    """Parts, types, file names and bytes are those that Python's own parser finds."""
    data = message.as_bytes()
    ours = leaves(scanned(data))
    theirs = their_leaves(email.message_from_bytes(data, policy=email.policy.SMTP))
    assert [one.media_type for one in ours] == [one.get_content_type() for one in theirs]
    for our, their in zip(ours, theirs, strict=True):
        if our.media_type != "message/rfc822":
            undone = decode.decoder(our).feed(data[our.body : our.end], final=True)
            assert undone == their.get_payload(decode=True)
    assert scanned(data, piece) == scanned(data, 1 << 20) or _same(scanned(data, piece), scanned(data))


def _same(one: Entity, other: Entity) -> bool:
    return (one.start, one.body, one.end, one.media_type) == (
        other.start,
        other.body,
        other.end,
        other.media_type,
    ) and all(_same(a, b) for a, b in zip(one.children, other.children, strict=True))


@pytest.mark.parametrize(
    ("entity", "words"),
    [
        (multipart(text()).removesuffix(b"--b--\r\n"), "final boundary is missing"),
        (multipart(text()).replace(b"--b--", b"--b-- x"), "final boundary is missing"),
        (multipart(multipart(text(), boundary="c").replace(b"--c--", b"")), "in part 1: its final boundary"),
        (multipart(multipart(text(), boundary="b")), "boundary is that of the multipart around it"),
        (multipart(), "without a part"),
        (multipart(b"Content-Type: text/plain"), "not ended by an empty line"),
        (multipart(b"no colon\r\n\r\nx"), "not a name, a colon and a value"),
        (multipart(b"Subject: a\r\nSubject: b\r\n\r\n"), "in part 1: it has more than one Subject"),
        (multipart(b"X: a\r\n \t\r\nY: b\r\n\r\n"), "nothing but spaces"),
        (b"Content-Type: multipart/mixed\r\n\r\n", "boundary is missing"),
        (b'Content-Type: multipart/mixed; boundary="' + b"x" * 71 + b'"\r\n\r\n', "can't be one"),
        (b"Content-Type: text/plain; charset=a; charset=b\r\n\r\n", "comes twice"),
        (b"Content-Type: text\r\n\r\n", "not type/subtype"),
        (b"Content-Type: text/plain; charset\r\n\r\n", "not name=value"),
        (b"Content-Type: message/partial; id=a; number=1\r\n\r\n", "send the mail whole"),
        (b"Content-Type: message/external-body; access-type=url\r\n\r\n", "no content of its own"),
        (b"Content-Transfer-Encoding: x-uuencode\r\n\r\n", "none of 7bit"),
        (b"Content-Transfer-Encoding: base64\r\n" + multipart(text()), "can't be base64"),
        (b"X: a\nY: b\r\n\r\n", "line end that is not CR LF"),
        (b"X: a\rY: b\r\n\r\n", "line end that is not CR LF"),
        (b"X: a\x00\r\n\r\n", "control character"),
        (b"X: \xff\r\n\r\n", "not in UTF-8"),
        (b"X: no end", "does not end"),
    ],
)  # fmt: skip
def test_malformed(entity: bytes, words: str) -> None:
    """What readers could read in two ways is refused, with words that say what and where."""
    with pytest.raises(MalformedError) as caught:
        scanned(mail(entity))
    assert words in caught.value.words.en
    assert caught.value.words.fr.startswith("Le courrier est illisible")


def nested(depth: int) -> bytes:
    """Return parts nested in each other."""
    entity = text()
    for level in range(depth):
        entity = multipart(entity, boundary=f"n{level}n")
    return entity


@pytest.mark.parametrize(
    "entity",
    [
        nested(50),
        multipart(*[b"\r\n"] * 10_000),
        multipart(text(), boundary="b").replace(b"--b--", b"--bb\r\n" * 100_000),
        b"X: " + b"a" * (1 << 20) + b"\r\n\r\n",
        b"X: a\r\n" * 5000 + b"\r\n",
        b"X: a\r\n" + b" b\r\n" * 200_000 + b"\r\n",
        b"X" * (5 << 20),
    ],
    ids=["depth", "parts", "near boundaries", "long field", "fields", "folds", "no end"],
)
@pytest.mark.parametrize("piece", [None, 1000])
def test_hostile(entity: bytes, piece: int | None) -> None:
    """A mail made to exhaust its reader gets one clear refusal, long before it has been read."""
    start = time.process_time()
    with pytest.raises(LimitError) as caught:
        scanned(mail(entity), piece)
    assert "the limit is" in caught.value.words.en
    assert time.process_time() - start < 2  # far above what it takes; quadratic work takes minutes


def test_never_ending_prefixes() -> None:
    """A boundary of one letter, begun on every line of many megabytes, costs no more than reading them."""
    limits = Limits(near_boundaries=1 << 30)
    data = mail(multipart(b"\r\n" + b"--bx\r\n" * 100_000))
    assert len(scanned(data, 1 << 16, limits).children) == 1


@given(st.binary(max_size=200))
def test_anything(data: bytes) -> None:
    """No bytes make the parser fail in any other way than by its own errors."""
    for entity in (data, mail(data), mail(multipart(data))):
        try:
            scanned(entity)
        except InputError as error:
            assert error.words.en  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize(
    ("encoding", "encoded", "plain"),
    [
        ("base64", b"SGVs bG8\r\nsIHdvcmxk\r\n\r\n", b"Hello, world"),
        ("quoted-printable", b"a=C3=A9=\r\nb =3D  \r\nc=", "aéb =\r\nc".encode()),
        ("8bit", b"a\xff\x00\r\n", b"a\xff\x00\r\n"),
    ],
)
async def test_decoding_in_pieces(encoding: str, encoded: bytes, plain: bytes, piece: int) -> None:
    """Decoding gives the same wherever the pieces are cut."""
    entity = scanned(b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + encoded)
    undo = decode.decoder(entity)
    given_out = b"".join(undo.feed(encoded[at : at + piece]) for at in range(0, len(encoded), piece))
    assert plain == given_out + undo.feed(b"", final=True)
    data = b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + encoded
    assert plain == await decode.whole(Held(data), entity)


@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        ("base64", b"SGVsbG8*"),
        ("base64", b"SGVsbG8"),
        ("base64", b"SGVsbG8=SGVs"),
        ("base64", b"=SGV"),
        ("quoted-printable", b"a=ZZ"),
        ("quoted-printable", b"a= b\r\n"),
    ],
)
async def test_undecodable(encoding: str, encoded: bytes) -> None:
    """Garbage in an encoding is refused: what one reader skips, another shows."""
    data = b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + encoded
    with pytest.raises(MalformedError, match=f"not {encoding}"):
        await decode.whole(Held(data), scanned(data))
