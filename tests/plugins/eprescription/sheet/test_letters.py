"""Letters on the sheet: each is shown as it is, or refused by name."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import InputError
from hub_eprescription.sheet import sheet
from hub_eprescription.sheet.letters import Letters, letters
from tests.counterparts import absent
from tests.plugins.eprescription.sheet import made

WORDS = (
    "Zażółć gęślą jaźń",
    "Příliš žluťoučký kůň",
    "İstanbul’da ığüşöç",
    "Nguyễn Thị Thắm, Đặng Hữu Ước",
    "Ștefan Țurcanu",
    "Þórður Æsir Øðinn",
    "Łódź Šiauliai Ģirts Ķekava Ŵyn",
    "Ħaż-Żebbuġ ŋ ẞß œŒ ÿŸ",
    "Ngozi Ọlá Ṣadé ɓ ɗ ƙ",
)


@pytest.fixture(scope="module", name="fonts")
def _fonts() -> Letters:
    """Yield the fonts that the package of the full install brings."""
    fonts = letters()
    if "NotoSans" not in fonts.usual:
        absent("the package pymupdf-fonts is not installed")
    return fonts


@pytest.mark.parametrize("text", WORDS)
def test_latin_letters(text: str, fonts: Letters) -> None:
    """Names of all Europe, of Turkey, Vietnam and West Africa stand on the page, letter for letter."""
    assert fonts.usual
    medicine = replace(made.AMOXICILLIN, name=text, dosage=text)
    view = made.view(made.NUMBERS[0], medicine, patient=text)
    pdf = sheet.pdf(view, made.record(), language="fr", code=made.code(), title="")
    assert 3 == made.words(pdf).count(text)


def test_every_letter_of_the_latin_blocks(fonts: Letters) -> None:
    """Every letter of the Latin blocks up to U+024F, and of Latin Extended Additional, can be printed."""
    for place in (*range(0x20, 0x250), *range(0x1E00, 0x1F00)):
        character = chr(place)
        if unicodedata.category(character)[0] in "LNPS":
            assert unicodedata.normalize("NFC", character) == fonts.tidy(character)


def test_signs_of_doses(fonts: Letters) -> None:
    """Signs that doses are written with are printed, from whichever font has them."""
    signs = "≤ ≥ ≠ ≈ ± × ÷ → µ ° ½ ¼ ¾ ² ³ ‰ % € • – — … № ™ ® ∞"
    pdf = sheet.pdf(
        made.view(made.NUMBERS[0], replace(made.AMOXICILLIN, dosage=signs)),
        made.record(),
        language="fr",
        title="",
    )
    assert signs in made.words(pdf, "-raw")
    assert fonts.usual


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("पत", "U+092A DEVANAGARI LETTER PA"),
        ("日", "U+65E5"),
        ("עב", "U+05E2 HEBREW LETTER AYIN"),
        ("مرحبا", "U+0645 ARABIC LETTER MEEM"),
        ("m\u0302", "U+0302 COMBINING CIRCUMFLEX ACCENT"),
        ("a\u202eb", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("a\u2028b", "U+2028 LINE SEPARATOR"),
        ("a\x00b", "U+0000"),
        ("\ue000", "U+E000"),
        ("\ud800", "U+D800"),
        ("😀", "U+1F600 GRINNING FACE"),
        ("١", "U+0661 ARABIC-INDIC DIGIT ONE"),
    ],
)
@pytest.mark.parametrize("field", ["name", "dosage", "note", "quantity", "form", "code"])
def test_refused_by_name(text: str, named: str, field: str) -> None:
    """A character that can't be shown rightly is named, in both languages, wherever it stands."""
    view = made.view(made.NUMBERS[0], replace(made.AMOXICILLIN, **{field: text}))
    with pytest.raises(InputError) as caught:
        sheet.pdf(view, made.record(), language="fr", code=made.code(), title="")
    assert "prescription.unprintable" == caught.value.code
    assert named in caught.value.words.en
    assert named in caught.value.words.fr


def test_western_letters_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package of fonts, French and German are printed, and Polish is refused by name."""
    monkeypatch.setitem(sys.modules, "pymupdf_fonts", None)
    for name in [name for name in sys.modules if name.startswith("pymupdf_fonts.")]:
        monkeypatch.delitem(sys.modules, name)
    bare = letters.__wrapped__()
    assert "Élodie Œuvre Größe ≤ ½" == bare.tidy("Élodie Œuvre Größe ≤ ½")
    with pytest.raises(InputError, match=r"U\+0119 LATIN SMALL LETTER E WITH OGONEK"):
        bare.tidy("tabletkę")


def test_composed() -> None:
    """A letter spelled as a base and its accent is the same letter."""
    assert "é" == letters().tidy("e\u0301")


def test_unseen() -> None:
    """Hints for breaking lines are invisible, as they should be; line breaks and tabs keep words apart."""
    assert "para\ncé\nta mol" == letters().tidy("pa\u00adra\r\nc\u200bé\rta\tm\ufeffol")


@settings(deadline=None)
@given(st.text(st.characters(codec="latin-1", exclude_categories=["C", "Zs"]) | st.just(" ")), st.booleans())
def test_wrapping_keeps_everything(text: str, bold: bool) -> None:  # noqa: FBT001 -- hypothesis passes by position
    """However a text is broken into lines, no letter is lost, and no line is wider than its room."""
    fonts = letters()
    tidy = fonts.tidy(text)
    lines = fonts.wrap(tidy, bold=bold, size=10, room=60)
    assert tidy.replace(" ", "") == "".join(lines).replace(" ", "")
    for line in lines:
        assert fonts.width(line, bold=bold, size=10) <= 60.001


def test_doses_stay_together() -> None:
    """A number is never parted from its unit at the end of a line, nor a French colon from its word."""
    fonts = letters()
    text = "Prendre 500 mg de 3 à 4 fois ; au besoin : 2,5 ml, 12 h après. Au plus ≥ 10 000 UI ! " * 3
    for room in range(60, 300, 7):
        lines = fonts.wrap(text.strip(), bold=False, size=10, room=room)
        assert text.split() == " ".join(lines).split()
        for line in lines[:-1]:
            assert not line.endswith((" 500", " 2,5", " 12", " 3", " 4", " 000"))
        assert not any(line.startswith((";", ":", "!")) for line in lines)


def test_numbers_alone() -> None:
    """A long row of numbers is broken all the same, at spaces."""
    lines = letters().wrap("1 2 3 4 5 6 7 8 9 10 11 12 13 14", bold=False, size=10, room=50)
    assert len(lines) > 1
    assert [str(one) for one in range(1, 15)] == " ".join(lines).split()


@settings(deadline=None, max_examples=500)
@given(st.characters())
def test_shown_or_refused(character: str) -> None:
    """Any character of Unicode is either printed as itself or refused; none becomes another or nothing."""
    fonts = letters()
    try:
        tidy = fonts.tidy(f"a {character} b")
    except InputError as error:
        assert f"U+{ord(unicodedata.normalize('NFC', character)[0]):04X}" in error.words.en  # noqa: PT017 -- either
        return
    if character in "\r\n\t\u00ad\u200b\u2060\ufeff":
        return
    assert unicodedata.normalize("NFC", f"a {character} b") == tidy
    assert tidy == "".join(run.text for run in fonts.runs(tidy, bold=True))
