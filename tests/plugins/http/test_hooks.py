"""A description may name a Python hook that is installed; what is wrong with one is said with its name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub_http import hooks

_SOURCE = """
class Reads:
    async def read(self, operator, parcel, answer):
        return {}

reads = Reads()
broken = 1 / 0
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package with hooks."""
    (tmp_path / "some_hooks.py").write_text(_SOURCE.replace("broken = 1 / 0\n", ""))
    (tmp_path / "broken_hooks.py").write_text(_SOURCE)
    info = tmp_path / "some_hooks-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-hooks\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        f"[{hooks.GROUP}]\nreads = some_hooks:reads\nmodule = some_hooks\n"
        "broken = broken_hooks:reads\nabsent = some_hooks:nothing\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    hooks._offered.cache_clear()
    yield
    hooks._offered.cache_clear()
    for name in ("some_hooks", "broken_hooks"):
        sys.modules.pop(name, None)


def test_a_hook_is_found_by_its_name() -> None:
    """An object that can do what is asked of it."""
    assert isinstance(hooks.named("reads", hooks.ReadsAnswer), hooks.ReadsAnswer)


@pytest.mark.parametrize(
    ("name", "ability", "said"),
    [
        ("other", hooks.ReadsAnswer, "absent, broken, "),
        ("broken", hooks.ReadsAnswer, "ZeroDivisionError"),
        ("absent", hooks.ReadsAnswer, "AttributeError"),
        ("reads", hooks.TakesCall, "TakesCall"),
        ("module", hooks.SendsWhole, "SendsWhole"),
    ],
)
def test_what_is_wrong_with_a_hook_is_said(name: str, ability: type[object], said: str) -> None:
    """With its name, and those that there are; in both languages."""
    with pytest.raises(ConfigError) as caught:
        hooks.named(name, ability)
    assert caught.value.code == "http.hook"
    for words in (caught.value.words.en, caught.value.words.fr):
        assert repr(name) in words
        assert said in words
