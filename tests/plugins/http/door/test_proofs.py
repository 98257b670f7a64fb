"""A call counts when it proves that the operator made it; any other is told nothing, and does nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.plugins.http.door.world import KEY, OTHER, PEER, World, described, message, opened

BODY = b'{"id":"evt-1","type":"other"}'


def untouched(world: World) -> bool:
    """Whether nothing came in."""
    return not world.intake.submissions and not world.intake.acknowledgements


async def test_a_signed_call_is_taken(tmp_path: Path) -> None:
    """The message is the operator's, with its documents."""
    async with opened(tmp_path) as world:
        status, said, headers = await world.call(message())
        (taken,) = world.intake.submissions
    assert (status, said) == (200, {"taken": True})
    assert headers["Cache-Control"] == "no-store"
    assert taken.peer is PEER
    assert [part.media_type for part in taken.parts][-1] == "application/pdf"


@pytest.mark.parametrize(
    "change",
    [
        {"X-Signature": None},
        {"X-Signature": ""},
        {"X-Signature": "sha256="},
        {"X-Signature": "sha256=zz"},
        {"X-Signature": "sha256=" + "0" * 64},
        {"X-Signature": "sha512=" + "0" * 128},
        {"X-Timestamp": None},
        {"X-Timestamp": "yesterday"},
        {"X-Timestamp": "9" * 400},
        {"X-Timestamp": "nan"},
    ],
)
async def test_a_forged_call_is_told_nothing(tmp_path: Path, change: dict[str, str | None]) -> None:
    """Whatever is wrong with the proof, the answer is the same; the log says what, and how often."""
    async with opened(tmp_path) as world:
        status, said, _ = await world.post(BODY, {**world.signed(BODY), **change})
        assert untouched(world)
    assert (status, said["code"]) == (401, "door.unproved")
    ((level, _, fields),) = [one for one in world.log.lines if one[1] == "door.unproved"]
    assert (level, fields["operator"], fields["count"]) == ("warning", "courrier", 1)
    assert fields["reason"] in {"hmac", "timestamp"}


async def test_the_digest_is_over_the_exact_bytes(tmp_path: Path) -> None:
    """A body that says the same in other bytes is not the one that was signed, whatever its encoding."""
    raw = b'{"id":"evt-1","type":"\xff\xfe other"}'
    async with opened(tmp_path) as world:
        status, _, _ = await world.post(BODY + b" ", world.signed(BODY))
        odd, _, _ = await world.post(raw, world.signed(raw))
    assert status == 401
    assert odd != 401


@pytest.mark.parametrize(("off", "status"), [(0, 200), (-299, 200), (299, 200), (-301, 401), (301, 401)])
async def test_an_old_or_a_future_call_is_refused(tmp_path: Path, off: int, status: int) -> None:
    """However well it is signed: it may be a recording."""
    async with opened(tmp_path) as world:
        at = world.clock.now().timestamp() + off
        got, _, _ = await world.post(BODY, world.signed(BODY, at=at))
    assert got == status


async def test_two_keys_will_do_while_one_is_changed(tmp_path: Path) -> None:
    """The file of the secret has both, one a line; later the old one is refused."""
    async with opened(tmp_path) as world:
        world.secrets["their_key"] = f"the-new-one\n{KEY}\n"
        old, _, _ = await world.post(BODY, world.signed(BODY))
        new, _, _ = await world.post(BODY, world.signed(BODY, key="the-new-one"))
        world.secrets["their_key"] = "the-new-one"
        gone, _, _ = await world.post(BODY, world.signed(BODY))
        world.secrets["their_key"] = ""
        none, _, _ = await world.post(BODY, world.signed(BODY, key=""))
    assert (old, new, gone, none) == (200, 200, 401, 401)


@pytest.mark.parametrize("path", ["/operators/nobody/events", "/operators/courrier/nothing"])
async def test_nobody_learns_which_operators_there_are(tmp_path: Path, path: str) -> None:
    """Who is not here, and what is not theirs, is answered like a forged call."""
    async with opened(tmp_path) as world:
        forged = await world.post(BODY, {"Content-Type": "application/json"})
        nobody = await world.post(BODY, world.signed(BODY), path=path)
    assert (nobody[0], nobody[1]) == (forged[0], forged[1])
    assert "nobody" not in str([fields.get("operator") for _, _, fields in world.log.lines])


@pytest.mark.parametrize(
    ("encoding", "algorithm"), [("hex", "sha512"), ("base64", "sha256"), ("base64", "sha512")]
)
async def test_digests_are_written_in_several_ways(tmp_path: Path, encoding: str, algorithm: str) -> None:
    """SHA-256 or SHA-512, in hexadecimal or base64, over the body alone."""
    how = {"header": "X-Hub", "key": "their_key", "encoding": encoding, "algorithm": algorithm}
    digest = hmac.new(KEY.encode(), BODY, getattr(hashlib, algorithm)).digest()
    text = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    async with opened(tmp_path, described(verify={"hmac": how})) as world:
        good, _, _ = await world.post(BODY, {"X-Hub": text, "Content-Type": "application/json"})
        bad, _, _ = await world.post(BODY, {"X-Hub": text[:-4] + "AAAA", "Content-Type": "application/json"})
    assert (good, bad) == (200, 401)


@pytest.mark.parametrize(
    ("verify", "right", "wrong"),
    [
        (
            {"bearer": "their_key"},
            [f"Bearer {KEY}", f"bearer {KEY}"],
            ["", "Bearer", "Bearer x", f"Basic {KEY}", KEY],
        ),
        (
            {"basic": {"user": "{{ parameters.account }}", "password": "their_key"}},
            ["Basic " + base64.b64encode(f"hub:{KEY}".encode()).decode()],
            [
                "Basic",
                "Basic !!",
                "Basic " + base64.b64encode(f"other:{KEY}".encode()).decode(),
                "Basic " + base64.b64encode(b"hub:").decode(),
                "Bearer " + base64.b64encode(f"hub:{KEY}".encode()).decode(),
            ],
        ),
    ],
)
async def test_a_token_or_a_password_proves_it(
    tmp_path: Path, verify: dict[str, Any], right: list[str], wrong: list[str]
) -> None:
    """RFC 6750 and RFC 7617."""
    async with opened(tmp_path, described(verify=verify)) as world:
        for said in right:
            kind = {"Authorization": said, "Content-Type": "application/json"}
            assert (await world.post(BODY, kind))[0] == 200, said
        for said in wrong:
            kind = {"Authorization": said, "Content-Type": "application/json"}
            assert (await world.post(BODY, kind))[0] == 401, said


async def test_all_that_is_named_must_hold(tmp_path: Path) -> None:
    """A token does not make up for a digest."""
    verify = {"bearer": "their_key", "hmac": {"header": "X-Signature", "key": "their_key"}}
    async with opened(tmp_path, described(verify=verify)) as world:
        status, _, _ = await world.post(BODY, {"Authorization": f"Bearer {KEY}"})
    assert status == 401


async def test_what_names_no_proof_takes_nothing(tmp_path: Path) -> None:
    """A description that asks for nothing opens nothing."""
    async with opened(tmp_path, described(verify={})) as world:
        status, _, _ = await world.post(BODY, {})
    assert status == 401


async def test_a_client_certificate_must_be_that_very_operator_s(tmp_path: Path) -> None:
    """None, and another operator's, prove nothing; one of no configured authority gets no connection."""
    kind = {"Content-Type": "application/json"}
    async with opened(tmp_path, described(verify={"client_certificate": True})) as world:
        contexts = {name: world.context(name) for name in ("mx.valbrume.example", "mx.autre.example")}
        world.intake.peers = {
            world.shown["mx.valbrume.example"]: PEER,
            world.shown["mx.autre.example"]: OTHER,
        }
        got = {}
        for name, context in {**contexts, "none": world.context()}.items():
            got[name] = (await world.post(BODY, kind, ssl=context))[0]
        stranger = world.context()
        type(world.authority)().issue_cert("mx.valbrume.example").configure_cert(stranger)
        with pytest.raises(aiohttp.ClientError):
            await world.post(BODY, kind, ssl=stranger)
    assert got == {"mx.valbrume.example": 200, "mx.autre.example": 401, "none": 401}


async def test_the_space_of_trust_narrows_whom_a_certificate_speaks_for(tmp_path: Path) -> None:
    """The submission's peer is the one that the certificate stands for."""
    narrowed = replace(PEER, domains=frozenset())
    async with opened(tmp_path, described(verify={"client_certificate": True})) as world:
        context = world.context("mx.valbrume.example")
        world.intake.peers = {world.shown["mx.valbrume.example"]: narrowed}
        await world.call(message(), ssl=context)
        (taken,) = world.intake.submissions
    assert taken.peer is narrowed
