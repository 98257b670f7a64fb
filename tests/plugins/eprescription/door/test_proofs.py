"""Only the service itself is heard: by token, by digest, by certificate, and each call once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub_eprescription.door.settings import Proofs
from tests.plugins.eprescription.door.world import (
    DOCUMENT,
    KEY,
    OTHER,
    PEER,
    TOKEN,
    World,
    bearer,
    opened,
    secret,
)


def digest(folder: Path) -> Proofs:
    """Make a service prove itself by a digest."""
    return Proofs(hmac=secret(folder, "key", KEY))


def reasons(world: World) -> list[object]:
    """Return why calls were not believed."""
    return [fields["reason"] for _, event, fields in world.log.lines if event == "door.unproved"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": "Bearer Ü"},
    ],
)
async def test_a_wrong_token_is_not_heard(tmp_path: Path, headers: dict[str, str]) -> None:
    """Nothing happens, and the caller does not learn why."""
    async with opened(tmp_path) as world:
        for what in ("ping", "events"):
            status, said, answered = await world.call(what, DOCUMENT, headers)
            assert (status, said["code"]) == (401, "door.unproved")
            assert "WWW-Authenticate" in answered
        assert (world.desk.looks, world.desk.taken) == (0, [])
        assert reasons(world) == ["bearer", "bearer"]


async def test_nobody_learns_which_services_there_are(tmp_path: Path) -> None:
    """An operator that is not here answers as one that is, to who can't prove anything."""
    async with opened(tmp_path) as world:
        here = await world.call("ping", DOCUMENT, bearer("x" * 20))
        not_here = await world.call("ping", DOCUMENT, bearer("x" * 20), name="other")
        assert here[:2] == not_here[:2]
        assert reasons(world) == ["bearer", "nobody"]


async def test_a_token_can_be_changed_while_the_hub_runs(tmp_path: Path) -> None:
    """Old and new hold side by side; then the old one does not."""
    async with opened(tmp_path) as world:

        async def status(token: str) -> int:
            world.clock.advance(timedelta(seconds=2))
            return (await world.call("ping", b"", bearer(token)))[0]

        new = "another-token-for-next-year"
        assert [await status(TOKEN), await status(new)] == [202, 401]
        secret(tmp_path, "token", TOKEN, new)
        assert [await status(TOKEN), await status(new)] == [202, 202]
        secret(tmp_path, "token", new)
        assert [await status(TOKEN), await status(new)] == [401, 202]


async def test_a_digest_proves_a_call(tmp_path: Path) -> None:
    """Key, time and body belong together."""
    async with opened(tmp_path, digest(tmp_path)) as world:
        assert (await world.call("events", DOCUMENT, world.signed()))[:2] == (200, {"taken": 1})
        assert (await world.call("ping", b"", world.signed(b"")))[0] == 202


Forge = Callable[[World], dict[str, str]]


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (lambda world: world.signed(DOCUMENT + b" "), "hmac"),
        (lambda world: world.signed(key="their-key-of-last-year"), "hmac"),
        (lambda world: world.signed() | {"X-Signature": "sha256="}, "hmac"),
        (lambda world: world.signed() | {"X-Signature": "sha256=zz"}, "hmac"),
        (lambda world: {"X-Timestamp": world.signed()["X-Timestamp"]}, "hmac"),
        (lambda world: world.signed() | {"X-Signature": world.signed()["X-Signature"][7:]}, "hmac"),
        (lambda world: world.signed(ahead=-301), "timestamp"),
        (lambda world: world.signed(ahead=301), "timestamp"),
        (lambda world: world.signed() | {"X-Timestamp": "now"}, "timestamp"),
        (lambda world: world.signed() | {"X-Timestamp": "9" * 400}, "timestamp"),
        (lambda world: world.signed() | {"X-Timestamp": "١٢٣"}, "timestamp"),
        (lambda _world: {}, "timestamp"),
    ],
    ids=[
        "body", "key", "empty", "no-hex", "no-digest", "no-prefix",
        "late", "early", "no-number", "huge", "other-digits", "nothing",
    ],
)  # fmt: skip
async def test_a_forged_digest_is_not_heard(tmp_path: Path, forge: Forge, reason: str) -> None:
    """Another body, key or time: nothing happens."""
    async with opened(tmp_path, digest(tmp_path)) as world:
        assert (await world.call("events", DOCUMENT, forge(world)))[0] == 401
        assert world.desk.taken == []
        assert reasons(world) == [reason]


async def test_a_call_that_was_listened_to_can_t_be_made_again(tmp_path: Path) -> None:
    """The same signed call is answered and not taken; a new one with the same content is."""
    async with opened(tmp_path, digest(tmp_path)) as world:
        headers = world.signed()
        assert (await world.call("events", DOCUMENT, headers))[1] == {"taken": 1}
        assert (await world.call("events", DOCUMENT, headers))[1] == {"taken": 0}
        assert (await world.call("events", DOCUMENT, world.signed(ahead=1)))[1] == {"taken": 1}
        assert len(world.desk.taken) == 2


async def test_a_call_that_failed_can_be_made_again(tmp_path: Path) -> None:
    """It is remembered only once its effect is durable."""
    async with opened(tmp_path, digest(tmp_path)) as world:
        headers = world.signed()
        world.desk.error = OSError("disk")
        assert (await world.call("events", DOCUMENT, headers))[0] == 500
        world.desk.error = None
        assert (await world.call("events", DOCUMENT, headers))[1] == {"taken": 1}


@pytest.mark.parametrize(("shows", "status"), [("erezept", 202), ("autre", 401), (None, 401)])
async def test_a_certificate_proves_a_call(tmp_path: Path, shows: str | None, status: int) -> None:
    """It must be the one that is configured as this operator's."""
    async with opened(tmp_path, Proofs(client_certificate=True)) as world:
        context = world.context("service.example" if shows else None)
        if shows:
            world.intake.peers = {world.shown["service.example"]: PEER if shows == "erezept" else OTHER}
        assert (await world.call("ping", b"", ssl=context))[0] == status


async def test_all_that_is_named_must_hold(tmp_path: Path) -> None:
    """A token alone does not replace a digest that is asked for too."""
    both = Proofs(bearer=secret(tmp_path, "token", TOKEN), hmac=secret(tmp_path, "key", KEY))
    async with opened(tmp_path, both) as world:
        assert (await world.call("events", DOCUMENT, bearer()))[0] == 401
        assert (await world.call("events", DOCUMENT, world.signed()))[0] == 401
        assert (await world.call("events", DOCUMENT, bearer() | world.signed()))[0] == 200


def _open(path: Path) -> None:
    secret(path.parent, path.name, TOKEN).chmod(0o640)


def _short(path: Path) -> None:
    secret(path.parent, path.name, TOKEN, "short")


def _empty(path: Path) -> None:
    secret(path.parent, path.name, "")


def _large(path: Path) -> None:
    secret(path.parent, path.name, "x" * (65 << 10))


@pytest.mark.parametrize("make", [_open, _short, _empty, _large, None])
async def test_a_secret_that_is_none_stops_the_door(
    tmp_path: Path, make: Callable[[Path], None] | None
) -> None:
    """Readable by others, too short, empty, too large or missing: the words name the file."""
    path = tmp_path / "weak"
    if make is not None:
        make(path)
    with pytest.raises(ConfigError) as caught:
        async with opened(tmp_path, Proofs(bearer=path)):
            pass
    assert caught.value.code == "door.secret"
    assert str(path) in caught.value.words.en
    assert str(path) in caught.value.words.fr
