"""Header fields, written and read: nothing injected, nothing lost."""

from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.address import Address
from hub.errors import MalformedError
from hub_smtp import heading
from hub_smtp.mail_settings import Format
from hub_smtp.mime import addresses, decode, fields, parameters, words, write
from hub_smtp.mime.encode import text as encode_text
from hub_smtp.mime.limits import Limits
from hub_smtp.mime.words import UnreadableError
from tests.plugins.smtp.mail.test_structure import scanned
from tests.plugins.smtp.mail.world import World, body, mail, parcel, said, sent, submission, text

HOSTILE = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]), st.sampled_from('\r\n\u2028\u2029\u0085\x00:<>",;=? ')
    ),
    max_size=300,
)
ADDRESS = Address.parse("a@city.example")


@given(HOSTILE)
def test_text_injects_nothing(value: str) -> None:
    """Whatever a text holds, it stays in its field, on lines of at most 78 characters of ASCII."""
    line = write.field("Subject", write.text(value))
    assert line.isascii()
    assert all(len(one) <= 78 for one in line.split("\r\n"))
    (read,) = fields.parse(line.encode(), Limits()).fields or (None,)
    assert read is not None
    assert read.name == "subject"


@given(HOSTILE)
def test_name_injects_nothing(value: str) -> None:
    """Whatever a display name holds, there is one mailbox, and its address is the one given."""
    line = write.field("From", write.mailbox(value, ADDRESS))
    (read,) = fields.parse(line.encode(), Limits()).fields
    (found,) = addresses.parse(read.value, 1)
    assert found.address == ADDRESS
    theirs = email.message_from_bytes(line.encode() + b"\r\n", policy=email.policy.SMTP)["From"]
    assert [one.addr_spec for one in theirs.addresses] == [str(ADDRESS)]


@given(HOSTILE)
def test_parameter_injects_nothing(value: str) -> None:
    """Whatever a file name holds, it is one parameter beside the others."""
    line = write.field("Content-Type", "application/pdf" + write.parameter("name", value) + "; x=y")
    (read,) = fields.parse(line.encode(), Limits()).fields
    kind, found = parameters.parse(read.value)
    assert (kind, found["x"], set(found)) == ("application/pdf", "y", {"name", "x"})


@pytest.mark.parametrize("name", ["=?utf-8?Q?..=2F..=2Fetc=2Fpasswd?=", "a=?utf-8?B?Li4vLi4v?=.pdf"])
def test_a_file_name_is_not_another_once_decoded(name: str) -> None:
    """What looks like an encoded word is a name as any other, for us and for a reader that decodes those."""
    value = "attachment" + write.parameter("filename", name)
    assert parameters.parse(value) == ("attachment", {"filename": name})
    theirs = email.message_from_string(f"Content-Disposition: {value}\n\n", policy=email.policy.SMTP)
    assert theirs.get_filename() == name


@pytest.mark.parametrize(
    "name", ["é" * 255, "𝒳" * 998, "a" * 998, 'x"' * 499, "m\N{COMBINING ACUTE ACCENT}.pdf" * 40]
)
def test_a_long_name_fits_its_lines(name: str) -> None:
    """No line is too long to travel (RFC 5322, 2.1.1), and the name is read as it was."""
    value = "attachment" + write.parameter("filename", name)
    assert max(map(len, write.field("Content-Disposition", value).split("\r\n"))) <= 998
    assert parameters.parse(value) == ("attachment", {"filename": name})
    theirs = email.message_from_string(f"Content-Disposition: {value}\n\n", policy=email.policy.SMTP)
    assert theirs.get_filename() == name


def test_a_long_id_begins_a_line() -> None:
    """Beside the field's name it would make a line that is too long to travel."""
    long = f"<{'a' * 980}@x.example>"
    assert write.field("Message-ID", long) == f"Message-ID:\r\n {long}\r\n"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300))
def test_text_comes_back(value: str) -> None:
    """A text is read as it was written, but for spaces around it."""
    line = write.field("Subject", write.text(value))
    (read,) = fields.parse(line.encode(), Limits()).fields
    assert words.decode(read.value).split() == value.split()


@given(st.text("ab\n\r.=é \tFrom", max_size=300))
def test_body_comes_back(value: str) -> None:
    """A body's bytes are read as they were written, with LF, whether or not its last line ends."""
    encoding, encoded = encode_text(value.encode())
    head = f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    data = head.encode() + encoded
    entity = scanned(data)
    assert encoded.isascii()
    assert max(map(len, encoded.split(b"\r\n"))) < 990
    read = decode.text_decoder(entity).feed(data[entity.body : entity.end], final=True)
    assert read == value.replace("\r\n", "\n").replace("\r", "\n").encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=?utf-8?Q?=C3=A9t=C3=A9?=", "été"),
        ("=?ISO-8859-1?B?6XTp?= =?ISO-8859-1?Q?_2026?=", "été 2026"),
        ("=?utf-8?B?w6k=?=a", "éa"),
        ("=?utf-8?B?w?= =?utf-8?B?6k=?=", None),
        ("=?utf-8*fr?Q?=C3=A9?=", "é"),
        ("plain =?=", "plain =?="),
        ("=?utf-7?Q?+AGE-?=", None),
        ("=?x-none?Q?a?=", None),
        ("=?utf-8?Q?=FF?=", None),
        ("=?us-ascii?Q?a=0D=0ABcc:_b?=", None),
        ("=?utf-8?Q?a=E2=80=AEb?=", "ab"),
        ("=?utf-8?Q?a=E2=80=A8b?=", None),
    ],
)
async def test_subjects(world: World, value: str, expected: str | None) -> None:
    """Subjects in encoded words are read; what can't be, or would break a line, is refused."""
    data = mail(text(), Subject=value)
    if expected is None:
        with pytest.raises(MalformedError, match="Subject"):
            await submission(world.reader(), data)
    else:
        assert (await submission(world.reader(), data)).subject == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("application/pdf; name=a.pdf", "a.pdf"),
        ('application/pdf; name="a \\"b\\".pdf";', 'a "b".pdf'),
        ("application/pdf; name*=utf-8''%C3%A9.pdf", "é.pdf"),
        ("application/pdf; name*0*=utf-8'fr'%C3; name*1*=%A9; name*2=.pdf", "é.pdf"),
        ("application/pdf; name=x; name*=utf-8''y.pdf", "y.pdf"),
        ('application/pdf; name="=?utf-8?Q?=C3=A9?=.pdf"', "é.pdf"),
        ("application/pdf; name=../../etc/passwd", "passwd"),
        ('application/pdf; name="C:\\\\windows\\\\x.pdf"', "x.pdf"),
        ("application/pdf; name=..", None),
    ],
)
def test_file_names(value: str, expected: str | None) -> None:
    """File names are read by every rule in use, and lead nowhere."""
    kind, found = parameters.parse(value)
    assert kind == "application/pdf"
    assert heading.file_name(fields.Headers(()), found) == expected


@pytest.mark.parametrize(
    "value",
    [
        "multipart/mixed; boundary*0=a; boundary*1=b",
        "a/b; name*0=a; name*2=b",
        "a/b; name*=utf-7''a",
        "a/b; name*=utf-8''%ff",
        "a/b; =c",
    ],
)
def test_bad_parameters(value: str) -> None:
    """Parameters that readers join differently are refused."""
    with pytest.raises(UnreadableError):
        parameters.parse(value)


async def test_lists(world: World) -> None:
    """To and Cc give roles, with names, quotes and groups; who is in neither is a blind copy."""
    nurse, other = Address.parse("nurse@city.example"), Address.parse("o@city.example")
    data = mail(
        text(), To='"Martin, Dr" <DR.Martin@city.example>, undisclosed:;', Cc="Staff: nurse@city.example;"
    )
    found = await submission(world.reader(), data, Address.parse("dr.martin@CITY.example"), nurse, other)
    assert [(one.role.value, one.blind) for one in found.recipients] == [
        ("to", False),
        ("cc", False),
        ("to", True),
    ]


async def test_threads(world: World) -> None:
    """What a mail answers, its language and the wish for a reading receipt reach the other side."""
    asked = {
        "In-Reply-To": "<two@city.example>",
        "References": "<one@city.example>\r\n <two@city.example>",
        "Content-Language": "fr, en",
        "Disposition-Notification-To": "reports@hospital.example",
    }
    first = await submission(world.reader(), mail(text(), **asked))
    assert first.in_reply_to == "<two@city.example>"
    assert first.references == ("<one@city.example>", "<two@city.example>")
    assert first.language == "fr"
    again = await submission(world.reader(), await sent(world.composer(), parcel(first)))
    assert (again.in_reply_to, again.references, again.language) == (
        first.in_reply_to,
        first.references,
        first.language,
    )
    assert again.receipts == first.receipts


async def test_conventions(world: World) -> None:
    """The sender's MSSanté fields go along, but for those that the documents decide."""
    fields = {"X-MSS-NIL": "DEV935997", "X-MSS-INS": "O", "X-MSS-CODECDA": "1-1"}
    data = await sent(world.composer(), parcel(await submission(world.reader(), mail(text(), **fields))))
    read = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert (read["X-MSS-NIL"], read["X-MSS-INS"], read["X-MSS-CODECDA"]) == ("DEV935997", None, None)


async def test_automatic(world: World) -> None:
    """An automatic answer stays marked as one, so that two of them don't answer each other for ever."""
    first = await submission(world.reader(), mail(text(), Auto_Submitted="auto-replied"))
    assert b"\r\nAuto-Submitted: auto-replied\r\n" in await sent(world.composer(), parcel(first))


@pytest.mark.parametrize("form", list(Format))
async def test_the_service_header_goes_along(world: World, form: Format) -> None:
    """A pharmacy's software still sees what a mail is for, whatever form its operator wants."""
    service = "eRezept;Zuweisung;V1.0"
    first = await submission(world.reader(), mail(text(), X_KIM_Dienstkennung=service))
    data = await sent(world.composer(form), parcel(first))
    assert email.message_from_bytes(data, policy=email.policy.SMTP)["X-KIM-Dienstkennung"] == service


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("Secrétariat <office@hospital.example>", True),
        ("office@hospital.example, evil@city.example", False),
        ("evil@city.example", False),
        ("nonsense", False),
    ],
)
async def test_reply_to(world: World, value: str, *, kept: bool) -> None:
    """Answers may be wanted at another mailbox of the author's domain, and nowhere else."""
    first = await submission(world.reader(), mail(text(), Reply_To=value))
    data = await sent(world.composer(), parcel(first))
    assert (b"\r\nReply-To: " in data) == kept


async def test_circle(world: World) -> None:
    """A mail that has passed too many servers runs in a circle and is refused."""
    data = b"Received: from a by b; Tue, 3 Mar 2026 12:00:00 +0100\r\n" * 31 + mail(text())
    with pytest.raises(
        heading.LimitError if hasattr(heading, "LimitError") else Exception, match="too many servers"
    ):
        await submission(world.reader(), data)


@pytest.mark.parametrize("missing", ["Date", "From"])
async def test_missing(world: World, missing: str) -> None:
    """A mail without a date or an author is refused."""
    with pytest.raises(MalformedError):
        await submission(world.reader(), mail(text(), **{missing: ""}))


async def test_no_message_id(world: World) -> None:
    """A mail without a Message-ID is known by the digest of its bytes."""
    found = await submission(world.reader(), mail(text(), Message_ID=""))
    assert found.native_id.startswith("sha256:")
    data = await sent(world.composer(), parcel(found))
    assert b"@hub.example>" in data.partition(b"Message-ID: ")[2].partition(b"\r\n")[0]


async def test_header_of_an_api_message(world: World) -> None:
    """A message from a program goes out with the hub as Sender and the MSSanté fields of its documents."""
    data = await sent(world.composer(), parcel(said(body("Bonjour"), subject="Été 2026")))
    read = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert read["Subject"] == "Été 2026"
    assert str(read["Sender"]) == "hub@hub.example"
    assert read["From"].addresses[0].display_name == "Hôpital de Valbrume"
    assert read["X-Caducee-Envelope"]
    assert read["X-MSS-CODECDA"] is None
