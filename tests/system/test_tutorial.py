"""The tutorial about a new operator, done as it stands on the page: its files, its commands, in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.shape.codes import ROOT
from tests.system.readers import Reader, until_answers

pytestmark = pytest.mark.timeout(300)

PAGE: Final = (ROOT / "docs" / "tutorial" / "a-new-operator.md").read_text("utf-8")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Return one at the beginning of the page."""
    with ExitStack() as stack:
        yield Reader(PAGE, tmp_path, stack, ["9443", "8025"])


def test_the_tutorial_does_what_it_says(reader: Reader) -> None:
    """A sixth operator takes one file: checked, played, tried, and a hub delivers to it."""
    # 2 and 3
    reader.add("tilleul.toml", 0)
    checked = reader.run("hub operator check tilleul.toml")
    assert (checked.returncode, checked.stdout.strip()) == (
        0,
        "✓ tilleul.toml – sends in 1 step (idempotency: key)",
    )
    assert checked.stdout.strip() in PAGE
    assert reader.run("sed 's/\"refused").returncode == 0
    wrong = reader.run("hub operator check wrong.toml")
    assert wrong.returncode == 3
    assert "did you mean refused?" in wrong.stdout
    # 4 and 5
    reader.add("tilleul.toml", 1)
    reader.start("hub operator simulate")
    double = f"https://localhost:{reader.port('9443')}/_double/messages"
    authority = reader.folder / "double" / "authority.pem"
    until_answers(double, authority)
    tried = reader.run("hub operator try")
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "delivered" in tried.stdout
    assert (reader.folder / "double/secrets/key").read_text().strip() not in tried.stdout
    # 6
    assert reader.run("hub init letters").returncode == 0
    assert reader.run("hub --config letters/hub.toml directory import").returncode == 0
    assert reader.run("sed -i 's/^addresses").returncode == 0
    configuration = reader.folder / "letters" / "hub.toml"
    configuration.write_text(reader.own(configuration.read_text("utf-8")), "utf-8")
    reader.add("letters/hub.toml", 2)
    looked = reader.run("hub --config letters/hub.toml check")
    assert looked.returncode == 0, looked.stdout + looked.stderr
    reader.start("hub --config letters/hub.toml serve")
    until_answers(f"http://127.0.0.1:{reader.port('8025')}/readyz")
    sent = reader.run("hub send")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    held = json.loads(until_answers(double, authority))["messages"]
    assert [one["to"] for one in held] == [["dr.camille.martin@valbrume.mssante.example"]] * 2
    assert "POST letters 201" in (reader.folder / "log").read_text()
