"""A new list counts within a second; one that is wrong in any way changes nothing and is told."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.adapters.clock import SystemClock
from hub.adapters.logs.redact import LOGGABLE
from hub.errors import ConfigError
from hub.ports.trust import TrustUnavailableError
from hub.testing.fakes import FixedClock
from hub_trust import remembering
from hub_trust.space import SignedList, open_space
from tests.plugins.trust.world import NOW, Draft, Scene

STANDARD = Draft()
OURS = "valbrume.mssante.example"
THEIRS = "hautmont.mssante.example"


async def look(scene: Scene, space: SignedList, **by: float) -> None:
    """Let a second pass, have somebody ask, and wait for what that sets off."""
    await space.settled()
    scene.later(**by)
    with contextlib.suppress(TrustUnavailableError):
        space.admission("anybody.example")
    await space.settled()


@contextlib.asynccontextmanager
async def opened(
    scene: Scene, draft: Draft | None = STANDARD, **settings: object
) -> AsyncIterator[SignedList]:
    """Open the space with a list in place; None leaves what is there."""
    if draft is not None:
        scene.put(draft)
    async with open_space(scene.settings(**settings), scene.host) as space:
        yield space


async def test_a_withdrawn_domain_is_refused_within_one_reload(scene: Scene) -> None:
    """The others stay, and the source of each answer is the new list."""
    async with opened(scene) as space:
        before = space.admission(THEIRS)
        assert before is not None
        scene.put(Draft().without(THEIRS))
        assert space.admission(THEIRS) == before
        await look(scene, space)
        assert space.admission(THEIRS) is None
        ours = space.admission(OURS)
        assert ours is not None
        assert ours.source == "trust mssante.example 8"
        assert scene.log.events().count("trust.taken") == 2


async def test_a_quiet_hub_takes_the_list_too(scene: Scene) -> None:
    """The first letter after a quiet night is judged by the list of the night, not by the day before's."""
    scene.clock = SystemClock()  # type: ignore[assignment] - a real second has to pass
    scene.put(replace(Draft(), issued=NOW - timedelta(hours=3)))
    async with open_space(scene.settings(), scene.host) as space:
        scene.put(replace(Draft().without(THEIRS), issued=NOW - timedelta(hours=2)))
        while scene.log.events().count("trust.taken") < 2:  # noqa: ASYNC110 - it raises no event of its own
            await asyncio.sleep(0.01)
        assert space.admission(THEIRS) is None


async def test_a_withdrawal_that_was_announced_counts_from_its_moment(scene: Scene) -> None:
    """No new list is needed on that day, and an operator announced for tomorrow comes in tomorrow."""
    leaving = {
        "name": "Hautmont",
        "pins": [],
        "domains": [(THEIRS, NOW + timedelta(hours=3))],
    }
    async with opened(scene, replace(Draft(), operators=[leaving])) as space:
        assert space.admission(THEIRS) is not None
        scene.later(hours=2, minutes=59)
        assert space.admission(THEIRS) is not None
        scene.later(minutes=1)
        assert space.admission(THEIRS) is None
    coming = replace(Draft(), sequence=8, admitted=NOW + timedelta(days=1))
    async with opened(scene, coming) as space:
        assert space.admission(OURS) is None
        scene.later(days=1)
        assert space.admission(OURS) is not None


Spoil = Callable[[Scene], None]


def broken(scene: Scene) -> None:
    """Change one letter."""
    files = replace(Draft(), sequence=8).signed(scene.form, scene.cast.signers["ec"])
    scene.put_files(replace(files, data=files.data.replace(b"hautmont", b"hautmond")))


def foreign(scene: Scene) -> None:
    """Have it signed by somebody else."""
    scene.put(replace(Draft(), sequence=8), scene.cast.stranger)


def for_servers(scene: Scene) -> None:
    """Have it signed by an operator's TLS key."""
    scene.put(replace(Draft(), sequence=8), scene.cast.tls)


def unsigned(scene: Scene) -> None:
    """Have nobody sign it."""
    scene.put_files(replace(Draft(), sequence=8).files(scene.form))
    scene.file.with_name("list.jws").unlink(missing_ok=True)


def rolled_back(scene: Scene) -> None:
    """Put an older one there, which was sound once."""
    scene.put(replace(Draft(), sequence=6))


def same_sequence(scene: Scene) -> None:
    """Change it without saying so."""
    scene.put(replace(Draft().without(THEIRS), sequence=7))


def ended(scene: Scene) -> None:
    """Put one there whose next update has passed."""
    scene.put(replace(Draft(), sequence=8, issued=NOW - timedelta(days=9), next_update=NOW))


def early(scene: Scene) -> None:
    """Put one there of the day after tomorrow."""
    scene.put(replace(Draft(), sequence=8, issued=NOW + timedelta(days=2)))


def another(scene: Scene) -> None:
    """Put the list of another space there."""
    scene.put(replace(Draft(), sequence=8, name="elsewhere.example"))


def vanished(scene: Scene) -> None:
    """Take it away."""
    scene.file.unlink()


def huge(scene: Scene) -> None:
    """Put something there that no hub reads."""
    scene.file.write_bytes(b"<" + b" " * (5 << 20))


def nonsense(scene: Scene) -> None:
    """Put something else there."""
    scene.file.write_bytes(b"hello = \x00")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (broken, "trust.signature"),
        (foreign, "trust.foreign_signer"),
        (for_servers, "trust.signer_usage"),
        (unsigned, "trust.not_signed"),
        (rolled_back, "trust.older"),
        (same_sequence, "trust.same_sequence"),
        (ended, "trust.ended"),
        (early, "trust.early"),
        (another, "trust.other_list"),
        (vanished, "trust.unreadable"),
        (huge, "trust.too_large"),
        (nonsense, None),
    ],
)
async def test_what_is_wrong_never_replaces_what_is_held(
    scene: Scene, spoil: Spoil, code: str | None
) -> None:
    """It is logged once with its code, `hub check` can tell it, and the next sound list counts again."""
    async with opened(scene) as space:
        held = space.held()
        spoil(scene)
        for _ in range(3):
            await look(scene, space)
        assert space.admission(THEIRS) is not None
        assert scene.codes() == [code] or code is None
        now = space.held()
        assert (now.version, now.at, now.old) == (held.version, held.at, False)
        assert now.fault is not None
        assert now.fault.fr.startswith("list")
        scene.put(replace(Draft().without(THEIRS), sequence=9))
        await look(scene, space)
        assert space.admission(THEIRS) is None
        assert space.held().fault is None
    for _, event, fields in scene.log.lines:
        assert set(fields) <= LOGGABLE, event


async def test_what_was_refused_for_its_time_is_taken_when_it_has_come(scene: Scene) -> None:
    """Nobody has to touch the file again; until then it is not told again either."""
    async with opened(scene) as space:
        scene.put(replace(Draft().without(THEIRS), issued=NOW + timedelta(minutes=30)))
        for _ in range(20):
            await look(scene, space, seconds=60)
        assert scene.codes() == ["trust.early"]
        assert space.admission(THEIRS) is not None
        await look(scene, space, minutes=10)
        assert space.admission(THEIRS) is None


async def test_a_list_halfway_between_two_is_not_taken(scene: Scene) -> None:
    """List and signature are two files in TOML: while one of them is the old one, the old list serves."""
    async with opened(scene) as space:
        new = Draft().without(THEIRS).signed(scene.form, scene.cast.signers["ec"])
        old = Draft().signed(scene.form, scene.cast.signers["ec"])
        scene.put_files(replace(new, jws=old.jws))
        await look(scene, space)
        halfway = new.jws is not None
        assert (space.admission(THEIRS) is not None) == halfway
        scene.put_files(new)
        await look(scene, space)
        assert space.admission(THEIRS) is None


async def test_a_restart_serves_the_last_good_list(scene: Scene) -> None:
    """With the file broken, gone, or rolled back to an older one that is perfectly signed."""
    newest = replace(Draft().without(THEIRS), sequence=12)
    async with opened(scene, newest):
        pass
    for spoil in (broken, rolled_back, vanished):
        spoil(scene)
        async with opened(scene, None) as space:
            assert space.admission(OURS) is not None
            assert space.admission(THEIRS) is None
            held = space.held()
            assert held.version == "trust mssante.example 12"
            assert held.fault is not None


async def test_a_kept_list_that_was_changed_does_not_count(scene: Scene) -> None:
    """What is at rest is verified again: the one before it serves."""
    async with opened(scene) as space:
        scene.put(Draft().without(THEIRS))
        await look(scene, space)
    kept = scene.host.data / "lists" / f"{8:016d}" / "list"
    kept.write_bytes(kept.read_bytes().replace(b"kept.example", b"evil.example"))
    vanished(scene)
    async with opened(scene, None) as space:
        assert space.held().version == "trust mssante.example 7"
        assert space.admission("evil.example") is None
    assert "trust.kept_refused" in scene.log.events()


async def test_a_restart_under_other_authorities_forgets_what_they_did_not_sign(scene: Scene) -> None:
    """Whoever changes `anchors` has done with the lists of the old ones."""
    async with opened(scene):
        pass
    vanished(scene)
    settings = replace(scene.settings(), anchors=(scene.cast.stranger.certificate,))
    async with open_space(settings, scene.host) as space:
        with pytest.raises(TrustUnavailableError):
            space.admission(OURS)


async def test_under_other_authorities_a_list_may_begin_anew(scene: Scene) -> None:
    """Lists of the old signer don't count, and their sequences are free again, also after a restart."""
    async with opened(scene):
        pass
    signer = scene.cast.stranger
    scene.put(Draft().without(THEIRS), signer)
    scene.put(replace(Draft(), operators=Draft().without(THEIRS).operators), signer)
    settings = replace(scene.settings(), anchors=(signer.certificate,))
    async with open_space(settings, scene.host) as space:
        assert space.admission(THEIRS) is None
    vanished(scene)
    async with open_space(settings, scene.host) as space:
        assert space.held().version == "trust mssante.example 7"
        assert space.admission(THEIRS) is None


async def test_a_held_list_serves_until_its_end_and_some_grace(scene: Scene) -> None:
    """Then everybody waits: nobody is refused for a list that did not come."""
    draft = replace(Draft(), next_update=NOW + timedelta(days=1))
    async with opened(scene, draft, grace=timedelta(days=2)) as space:
        assert not space.held().old
        scene.later(days=1)
        for _ in range(100):
            assert space.admission(OURS) is not None
        assert space.held().old
        assert scene.log.events().count("trust.old") == 1
        scene.later(days=1, seconds=1)
        assert space.admission(OURS) is not None
        assert scene.log.events().count("trust.old") == 2
        scene.later(days=1)
        with pytest.raises(TrustUnavailableError) as waiting:
            space.admission(OURS)
        assert waiting.value.code == "trust.held_ended"
        scene.put(
            replace(draft, sequence=8, issued=NOW + timedelta(days=3), next_update=NOW + timedelta(days=5))
        )
        await look(scene, space)
        assert space.admission(OURS) is not None


async def test_a_clock_that_was_set_back_refuses_nobody(scene: Scene) -> None:
    """A machine that starts in 1970 must not refuse for good whoever was admitted since."""
    async with opened(scene):
        pass
    scene.clock = FixedClock(NOW - timedelta(days=20000))
    async with opened(scene, None) as space:
        with pytest.raises(TrustUnavailableError) as waiting:
            space.admission(OURS)
        assert waiting.value.code == "trust.held_early"
        scene.later(days=20000)
        assert space.admission(OURS) is not None


async def test_a_hub_may_ask_for_fresher_lists_than_are_promised(scene: Scene) -> None:
    """`max_age` ends a list that is said to hold for a year."""
    draft = replace(Draft(), issued=NOW, next_update=NOW + timedelta(days=365))
    async with opened(scene, draft, max_age=timedelta(days=3), grace=timedelta()) as space:
        scene.later(days=2)
        assert space.admission(OURS) is not None
        scene.later(days=1)
        with pytest.raises(TrustUnavailableError):
            space.admission(OURS)


async def test_without_a_list_everybody_waits_for_the_first(scene: Scene) -> None:
    """The hub starts, says what is missing, and needs no restart when it comes."""
    async with opened(scene, None) as space:
        with pytest.raises(TrustUnavailableError) as waiting:
            space.held()
        assert waiting.value.code == "trust.none_held"
        assert "list" in waiting.value.words.en
        scene.put(Draft())
        await look(scene, space)
        assert space.admission(OURS) is not None


async def test_the_name_of_the_list_can_be_demanded(scene: Scene) -> None:
    """The same signer's list for tests is not taken for the real one, even as the first."""
    async with opened(scene, replace(Draft(), name="test.example"), name="mssante.example") as space:
        with pytest.raises(TrustUnavailableError):
            space.admission(OURS)
    assert scene.codes() == ["trust.other_list"]


async def test_a_full_disk_keeps_nobody_out(scene: Scene) -> None:
    """A list that can't be kept counts all the same, and the log says that it was not kept."""
    host = scene.host
    (host.data / "lists").write_text("in the way")
    async with opened(scene) as space:
        assert space.admission(OURS) is not None
    assert "trust.not_kept" in scene.log.events()


async def test_history_is_bounded_and_whole(scene: Scene) -> None:
    """The newest stay; each with the moment from which it counted."""
    async with opened(scene, history=3) as space:
        for sequence in range(8, 14):
            scene.put(replace(Draft(), sequence=sequence))
            await look(scene, space, hours=1)
    found = remembering.recall(scene.host.data)
    assert [one.content.sequence for one in found] == [11, 12, 13]
    assert [one.taken for one in found] == [NOW + timedelta(hours=hours) for hours in (4, 5, 6)]
    assert [one.until for one in found] == [*(one.taken for one in found[1:]), None]


async def test_two_hubs_on_one_folder_keep_a_list_once(scene: Scene) -> None:
    """`hub check` beside a running hub disturbs nothing."""
    async with opened(scene) as one, opened(scene, None) as other:
        scene.put(Draft().without(THEIRS))
        scene.later()
        for space in (one, other):
            space.admission(OURS)
        for space in (one, other):
            await space.settled()
            assert space.admission(THEIRS) is None
    assert [each.content.sequence for each in remembering.recall(scene.host.data)] == [7, 8]
    assert not list((scene.host.data / "lists").glob(".new*"))


async def test_authorities_that_can_t_be_read_are_named_at_once(scene: Scene) -> None:
    """That is the configuration's fault, and no list will mend it."""
    settings = replace(scene.settings(), anchors=(scene.folder / "none.pem",))
    with pytest.raises(ConfigError) as refused:
        async with open_space(settings, scene.host):
            pass
    assert "none.pem" in refused.value.words.en
    shutil.rmtree(scene.folder)


async def test_asking_costs_nothing_while_nothing_changes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is looked at once a second at most, and read when it has changed."""
    async with opened(scene) as space:
        await look(scene, space, seconds=61)
        calls: list[str] = []
        usual = space._stamp
        monkeypatch.setattr(space, "_stamp", lambda: calls.append("stamp") or usual())
        monkeypatch.setattr(space, "_read", lambda: calls.append("read"))
        for _ in range(1000):
            space.admission(OURS)
        assert calls == []
        await look(scene, space)
        for _ in range(1000):
            space.admission(OURS)
        assert calls in (["stamp"], ["stamp", "read"])
