"""2D codes as pictures: others' readers read what we draw."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.errors import InputError
from hub_eprescription.codes import draw, reading, token
from hub_eprescription.codes.draw import Symbology
from tests.counterparts import program
from tests.plugins.eprescription.codes.tokens import TOKENS

TEXT = '{"urls":["Task/160.346.135.722.516.16/$accept?ac=' + "0123456789abcdef" * 4 + '"]}'


@settings(deadline=None)
@given(st.lists(TOKENS, min_size=1, max_size=3), st.sampled_from(Symbology))
def test_read_again(tokens: list[token.Token], symbology: Symbology) -> None:
    """A code of one or several prescriptions is read again, letter for letter."""
    text = token.encode(*tokens)
    scanned = reading.read(draw.png(text, symbology, module=3))
    assert text.encode() == scanned.content
    assert symbology is scanned.symbology


def test_dmtxread(tmp_path: Path) -> None:
    """The DataMatrix reader of dmtx-utils reads our PNG."""
    file = tmp_path / "code.png"
    file.write_bytes(draw.png(TEXT))
    read = subprocess.run(
        [program("dmtxread"), "-N1", file], capture_output=True, check=True, timeout=60
    ).stdout
    assert TEXT.encode() == read


def test_square() -> None:
    """A DataMatrix is square whatever its length: not every reader knows the long ones."""
    for length in (1, 5, 10, 30, 60, 116, 400, 900):
        drawn = draw.draw("a" * length)
        assert {drawn.size} == {len(row) for row in drawn.rows}


@pytest.mark.parametrize("symbology", Symbology)
def test_quiet_zone(symbology: Symbology) -> None:
    """Around the code at least four modules stay white in the PNG."""
    drawn = draw.draw(TEXT, symbology)
    image = reading.picture(draw.png(TEXT, symbology, module=5))
    side = (drawn.size + 8) * 5
    assert (side, side) == image.size
    assert 4 == drawn.quiet
    dark = image.point(lambda shade: 255 - shade).getbbox()
    assert dark is not None
    assert (20, 20) == dark[:2]
    assert max(dark) <= side - 20


@pytest.mark.parametrize("symbology", Symbology)
def test_svg(symbology: Symbology) -> None:
    """The SVG is well-formed, draws exactly the dark modules, and holds no text and no link."""
    drawn = draw.draw(TEXT, symbology)
    root = etree.fromstring(draw.svg(TEXT, symbology))
    box = [int(number) for number in root.get("viewBox", "").split()]
    assert [0, 0, drawn.size + 8, drawn.size + 8] == box
    assert sum(run for _, _, run in drawn.runs()) == sum(map(sum, drawn.rows))
    assert {"svg", "rect", "path"} == {etree.QName(node).localname for node in root.iter()}
    assert b"Task" not in draw.svg(TEXT, symbology)


def test_same_bytes() -> None:
    """The same text gives the same picture, byte for byte."""
    assert draw.png(TEXT) == draw.png(TEXT)
    assert draw.svg(TEXT, "qr") == draw.svg(TEXT, "qr")


@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize("text", ["", "é", "a\nb", "a" * (draw.MOST_CHARACTERS + 1)])
def test_refused(text: str, symbology: Symbology) -> None:
    """What not every reader would take for the same letters is not drawn."""
    with pytest.raises(InputError) as caught:
        draw.draw(text, symbology)
    assert "prescription.code_text" == caught.value.code


def test_longest() -> None:
    """The longest text that is taken can be drawn in both symbologies."""
    text = "{" + "aB3$" * ((draw.MOST_CHARACTERS - 2) // 4) + "}"
    for symbology in Symbology:
        assert text.encode() == reading.read(draw.png(text, symbology, module=3)).content


def test_secret_stays() -> None:
    """The modules of a code are not shown by printing it in a log."""
    assert "True" not in repr(draw.draw(TEXT))
