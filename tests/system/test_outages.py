"""What senders are told while something of the hub's own is missing, and that nothing accepted is lost."""

from __future__ import annotations

import contextlib
import os
import smtplib
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_demo.story import COLLEAGUE
from hub_demo.world import World, until
from tests.counterparts import absent
from tests.system import senders
from tests.system.senders import ByApi, ByMail


@pytest.fixture
def world() -> Iterator[World]:
    """Make a hub with two operators."""
    with senders.world() as made:
        yield made


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """Mount a disk of 8 MB."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        absent("a small disk can be mounted by root only")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _by_mail(world: World, name: str) -> int:
    """Send one mail; returns the code of the last answer."""
    try:
        ByMail(world, 0, senders.never()).send(name)
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    return 250


def _by_api(world: World, name: str) -> int:
    """Post one message; returns the status."""
    try:
        ByApi(world, 0, senders.never()).send(name)
    except urllib.error.HTTPError as error:
        return error.code
    return 202


def _ready(world: World) -> int:
    try:
        with urllib.request.urlopen(f"{world.api}/readyz", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_on_a_full_disk_senders_are_told_to_try_again(world: World) -> None:
    """SMTP answers 4xx and the API 503; with room again both go on, and what was accepted arrives."""
    disk = world.folder / "small"
    with small_disk(disk):
        with (world.folder / "hub.toml").open("a") as configuration:
            configuration.write('\n[store]\npath = "small/hub.db"\n')
        world.start_hub()
        accepted = {"before"}
        assert _by_mail(world, "before") == 250
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        told = []
        for number in range(200):
            name = f"full-{number}"
            told.append((_by_mail(world, name), _by_api(world, f"{name}-api")))
            accepted |= {one for one, code in zip((name, f"{name}-api"), told[-1], strict=True) if code < 300}
            if told[-1] == (451, 503):
                break
        assert told[-1] == (451, 503), told
        assert _ready(world) == 503
        filler.unlink()
        until(lambda: _ready(world) == 200, "the hub did not recover", "")
        assert (_by_mail(world, "after"), _by_api(world, "after-api")) == (250, 202)
        accepted |= {"after", "after-api"}
        senders.emptied(world)
        senders.check_mail(world, accepted)
        world.close()


def test_without_the_directory_everybody_waits_and_nobody_is_unknown(world: World) -> None:
    """RCPT gets 451 and the API 503, what was accepted waits; with the directory back all goes on."""
    world.start_hub()
    world.valbrume.stop()
    accepted: set[str] = set()

    def answer() -> int:
        name = f"mail-{time.monotonic_ns()}"
        code = _by_mail(world, name)
        accepted.update([name] if code == 250 else [])
        return code

    assert answer() == 250
    (database,) = (world.folder / "data" / "directories" / "national").glob("*.sqlite")
    away = database.with_suffix(".away")
    database.rename(away)
    until(lambda: answer() == 451, "RCPT was not answered 451", "")
    assert _by_api(world, "without-api") == 503
    world.valbrume.start()
    time.sleep(2)  # it is tried meanwhile, and must wait
    assert world.valbrume.mails(COLLEAGUE) == []
    away.rename(database)
    until(lambda: answer() == 250, "the directory did not come back", "")
    senders.emptied(world)
    senders.check_mail(world, accepted)


def test_a_graceful_stop_under_load_sends_nothing_twice(world: World) -> None:
    """SIGTERM while mails are under way, three times: all arrive, each once, and none was sent again."""
    world.start_hub()
    sending, stop = senders.started(world)
    for _ in range(3):
        time.sleep(1)
        assert world.hub is not None
        world.hub.terminate()
        assert world.hub.wait(30) == 0
        world.start_hub()
    accepted = senders.finished(world, sending, stop)
    senders.check_recall(world, len(accepted))
    senders.check_mail(world, accepted, doubles=False)
