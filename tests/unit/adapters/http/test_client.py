"""The API's client, against a real API: what it hands over arrives, what it is told comes back in words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trustme

from hub.adapters.http.client import Attachment, Client, Door, open_client
from hub.domain.outcome import Refused
from hub.errors import ConfigError, ConflictError, InputError, PeerError, TrustError, Words
from tests.unit.adapters.http.serving import LETTER, TOKEN, Served, WatchedIntake, client, serving

NOBODY = Refused(code="recipient.unknown", reason=Words(en="is not listed", fr="n'est pas listé"))


async def test_a_letter_arrives(served: Served) -> None:
    """With its key, and the answer has the id."""
    async with open_client(Door(url=served.url, token=TOKEN), "en") as one:
        answer = await one.submit(LETTER, [], "k7")
    (submission,) = served.intake.submissions
    assert (submission.subject, submission.key) == ("Compte rendu", "k7")
    assert answer["id"] in answer["ids"]


async def test_documents_stream_from_their_files(tmp_path: Path) -> None:
    """Bytes, names with accents and quotes, media types: all as they were, whatever the size."""
    data = os.urandom(700_000)
    (tmp_path / 'été "1".pdf').write_bytes(data)
    (tmp_path / "b.txt").write_bytes(b"b")
    files = [
        Attachment(path=tmp_path / 'été "1".pdf', media_type="application/pdf"),
        Attachment(path=tmp_path / "b.txt", media_type="text/plain"),
    ]
    intake = WatchedIntake()
    async with (
        serving(intake=intake) as served,
        open_client(Door(url=served.url, token=TOKEN), "fr") as one,
    ):
        await one.submit(LETTER, files, "k1")
    (submission,) = intake.submissions
    _, first, second = submission.parts
    assert (first.name, first.media_type, await first.content.read()) == (
        'été "1".pdf',
        "application/pdf",
        data,
    )
    assert await second.content.read() == b"b"


async def test_who_is_refused_is_named(served: Served) -> None:
    """In the language that was asked for."""
    served.intake.refused = {"dr.aubepine@valbrume.example": NOBODY}
    async with open_client(Door(url=served.url, token=TOKEN), "fr") as one:
        answer = await one.submit(LETTER, [], "k1")
    assert answer["refused"]["dr.aubepine@valbrume.example"]["detail"] == "n'est pas listé"


@pytest.mark.parametrize(
    ("message", "token", "branch", "words"),
    [
        (LETTER, "wrong", TrustError, "http.wrong_token: "),
        (LETTER, None, TrustError, "http.unauthenticated: "),
        (LETTER | {"to": ["martin"]}, TOKEN, InputError, "http.fields: .* /to/0: "),
        (LETTER | {"too": 1}, TOKEN, InputError, "http.fields: .* /too: "),
    ],
)
async def test_a_refusal_becomes_an_error_in_words(
    served: Served,
    message: dict[str, object],
    token: str | None,
    branch: type[Exception],
    words: str,
) -> None:
    """The code is the hub's, and the words name the field."""
    async with open_client(Door(url=served.url, token=token), "en") as one:
        with pytest.raises(branch, match=words):
            await one.submit(message, [], "k1")


async def test_a_key_used_twice_is_a_conflict_or_harmless(served: Served) -> None:
    """The same again gives the same answer; another message under the key is refused."""
    async with open_client(Door(url=served.url, token=TOKEN), "en") as one:
        first = await one.submit(LETTER, [], "k1")
        assert await one.submit(LETTER, [], "k1") == first
        with pytest.raises(InputError) as caught:
            await one.submit(LETTER | {"subject": "other"}, [], "k1")
    assert not isinstance(caught.value, ConflictError)
    assert caught.value.fields["status"] == 409


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense", "ftp://x.example"])
async def test_no_hub_is_told_as_such(url: str) -> None:
    """A hub that is down is a reason to try again; a wrong URL is not."""
    async with open_client(Door(url=url), "en") as one:
        with pytest.raises(PeerError if url.startswith("http:") else InputError):
            await one.report("x")


async def test_both_ends_prove_themselves(tmp_path: Path) -> None:
    """A client certificate opens the API; a hub that nobody vouches for gets nothing."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "anchor.pem"))
    for name, issued in (
        ("hub", authority.issue_cert("127.0.0.1")),
        ("client", authority.issue_cert("software.cabinet.example")),
    ):
        (tmp_path / f"{name}.pem").touch(mode=0o600)
        issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / f"{name}.pem"))
    changes = {
        "certificate": tmp_path / "hub.pem",
        "key": tmp_path / "hub.pem",
        "client_anchors": (tmp_path / "anchor.pem",),
        "clients": (client("cabinet", certificate="dns:software.cabinet.example"),),
    }
    async with serving(**changes) as served:
        door = Door(url=served.url, certificate=tmp_path / "client.pem", anchors=tmp_path / "anchor.pem")
        async with open_client(door, "en") as one:
            await one.submit(LETTER, [], "k1")
        assert [each.peer.name for each in served.intake.submissions] == ["client:cabinet"]
        async with open_client(Door(url=served.url, token=TOKEN), "en") as one:
            with pytest.raises(TrustError, match=r"send\.untrusted"):
                await one.submit(LETTER, [], "k2")


async def test_files_that_cant_be_used_are_named(served: Served, tmp_path: Path) -> None:
    """Before anything is sent."""
    missing = Attachment(path=tmp_path / "nothing", media_type="text/plain")
    async with open_client(Door(url=served.url, token=TOKEN), "en") as one:
        assert isinstance(one, Client)
        with pytest.raises(InputError, match="nothing"):
            await one.submit(LETTER, [missing], "k1")
    with pytest.raises(ConfigError, match=r"send\.tls"):
        async with open_client(Door(url=served.url, anchors=tmp_path / "nothing"), "en"):
            pass
    assert served.intake.submissions == []
