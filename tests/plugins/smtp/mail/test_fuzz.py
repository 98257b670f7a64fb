"""Whatever is done to a mail on the way, the reader raises nothing but the hub's own errors."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import HubError
from hub.testing.contents import MemoryStage
from hub_smtp.mail_settings import OnInvalid
from tests.plugins.smtp.mail.test_receipts import ENVELOPE, POSTFIX, dsn
from tests.plugins.smtp.mail.test_round_trip import CDA
from tests.plugins.smtp.mail.test_structure import multipart
from tests.plugins.smtp.mail.world import (
    DOCTOR,
    HUB,
    World,
    arrived,
    body,
    mail,
    parcel,
    said,
    sent,
    text,
)
from tests.plugins.smtp.mail.zips import attached, xdm

TOKENS = [
    b"\r\n\r\n", b"\r\n",
    b"--b", b"--b--", b"--", b"=", b"=?utf-8?B?", b"?=", b";", b'"', b"\\", b"<", b">", b"@",
    b"\x00", b"\xff", b"\n", b"\r", b"Content-Type: multipart/signed; boundary=b\r\n", b"Content-Type: ",
    b"Content-Transfer-Encoding: base64\r\n", b"boundary=b", b"message/rfc822", b"application/pkcs7-mime",
    b"From: a@b.example\r\n", b": ", b" ", b"MIAGCSqGSIb3DQEHAqCAMIAC", b"0\x80", b"\x30\x82\xff\xff",
]  # fmt: skip


@pytest.fixture(scope="module")
def seeds(world: World) -> list[bytes]:
    """Make a mail of every kind."""
    key = world.authority.issue("rsa")
    world.files("fuzz", key)
    made = [
        mail(text()),
        mail(multipart(text(), text("<p>"), kind="alternative")),
        mail(world.signed(text())),
        mail(attached(xdm({"D.XML": CDA}))),
        mail(attached(CDA, "a.xml", "text/xml"), Subject="=?utf-8?Q?=C3=A9?="),
        dsn(POSTFIX.format(envid=ENVELOPE, action="failed", status="5.1.1", answer="no")),
    ]
    letter = parcel(
        said(body("Bonjour")), certificates=[world.authority.issue("p256", addresses=[str(DOCTOR)])]
    )
    made.append(asyncio.run(sent(world.composer(), letter)))
    return made


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_mutations(world: World, seeds: list[bytes], data: st.DataObject) -> None:
    """A damaged mail is read or refused with words in both languages."""
    mutated = bytearray(data.draw(st.sampled_from(seeds)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(mutated)))
        length = data.draw(st.sampled_from([0, 0, 1, 1, 2, 10, 100]))
        mutated[at : at + length] = data.draw(st.sampled_from(TOKENS) | st.binary(max_size=3))
    reader = world.reader(data.draw(st.sampled_from(list(OnInvalid))))
    for recipient in (DOCTOR, HUB):
        try:
            await reader.read(arrived(bytes(mutated), recipient), MemoryStage())
        except HubError as error:
            assert error.words.en  # noqa: PT017 - to be read is right as well
            assert error.words.fr  # noqa: PT017 - to be read is right as well
