"""The prescription token: written and read, and what is refused."""

from __future__ import annotations

import json
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import HubError, LimitError, MalformedError
from hub_eprescription.codes import reading, token
from hub_eprescription.codes.token import Token
from tests.plugins.eprescription import scenarios
from tests.plugins.eprescription.codes.tokens import TOKENS, numbered
from tests.plugins.eprescription.scenarios import What

CODE = "0123456789abcdef" * 4
NUMBER = "160.346.135.722.516.16"
URL = f"Task/{NUMBER}/$accept?ac={CODE}"


@settings(deadline=None)
@given(st.lists(TOKENS, min_size=1, max_size=token.MOST, unique_by=lambda one: one.number))
def test_round_trip(tokens: list[Token]) -> None:
    """What is written is read again, of one prescription and of several, in order."""
    text = token.encode(*tokens)
    assert tuple(tokens) == token.decode(text)
    assert tuple(tokens) == token.decode(text.encode())


def test_spelling() -> None:
    """A code is written as gematik writes it, without spaces."""
    assert f'{{"urls":["{URL}"]}}' == token.encode(Token(number=NUMBER, access_code=CODE))


def test_recorded_codes() -> None:
    """All recorded codes say the number and the access code that their step tells."""
    found = 0
    for scenario in scenarios.scenarios():
        for one in scenario.files:
            if one.what is What.CODE:
                scanned = reading.read(one.path.read_bytes())
                read = token.decode(scanned.content)
                assert [(one.number, one.access_code)] == [(each.number, each.access_code) for each in read]
                found += 1
    assert found >= 3


def test_recorded_pictures() -> None:
    """Every recorded picture of a code, also those that no step tells of, says the number in its name."""
    pictures = sorted(scenarios.root().rglob("*.png"))
    for picture in pictures:
        (read,) = token.decode(reading.read(picture.read_bytes()).content)
        assert picture.stem.endswith(f"_{read.number}")
    assert len(pictures) >= 3


HOSTILE = {
    "dm_evil_input.png": "prescription.code_malformed",
    "dm_gruesse.png": "prescription.code_malformed",
    "dm_padding_ascii.png": "prescription.code_malformed",
    "dm_padding_whitespace.png": "prescription.code_number",
    "dm_pwned.png": "prescription.code_foreign",
    "dm_script.png": "prescription.code_malformed",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_codes(name: str) -> None:
    """Gematik's hostile codes are refused, and the error repeats nothing of them."""
    scanned = reading.read((scenarios.ASSETS / "api-erp" / "images" / name).read_bytes())
    with pytest.raises(MalformedError) as caught:
        token.decode(scanned.content)
    assert HOSTILE[name] == caught.value.code
    said = "".join(traceback.format_exception_only(caught.value)) + str(caught.value.words)
    for word in ("haveibeenpwned", "DROP", "alert", "d78fe79c", "meinemutter"):
        assert word not in said


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("null", "malformed"),
        ("[]", "malformed"),
        ("{}", "malformed"),
        ('{"urls":[]}', "malformed"),
        (f'{{"urls":"{URL}"}}', "malformed"),
        (f'{{"urls":["{URL}"],"more":1}}', "malformed"),
        (f'{{"urls":[],"urls":["{URL}"]}}', "malformed"),
        (f'{{"urls":["{URL}","{URL}"]}}', "malformed"),
        (f'{{"urls":["{URL}"]}} {{}}', "malformed"),
        ("[" * 500, "malformed"),
        ('{"urls":["\ud800"]}', "malformed"),
        ('{"urls":[1]}', "foreign"),
        (f'{{"urls":["https://erp.example/{URL}"]}}', "foreign"),
        (f'{{"urls":["/{URL}"]}}', "foreign"),
        (f'{{"urls":["{URL} "]}}', "foreign"),
        (f'{{"urls":["{URL}\\n"]}}', "foreign"),
        (f'{{"urls":["{URL.upper()}"]}}', "foreign"),
        (f'{{"urls":["{URL.replace("$accept", "$abort")}"]}}', "foreign"),
        (f'{{"urls":["{URL.replace("160.3", "../160.3")}"]}}', "foreign"),
        (f'{{"urls":["{URL.replace("160", "١٦٠")}"]}}', "foreign"),
        (f'{{"urls":["{URL.replace("516.16", "516.17")}"]}}', "number"),
        (f'{{"urls":["{URL}"{" " * 1000}]}}', "too_large"),
    ],
)
def test_refused(text: str, code: str) -> None:
    """Whatever is not exactly a code is refused with the reason."""
    with pytest.raises((MalformedError, LimitError)) as caught:
        token.decode(text)
    assert f"prescription.code_{code}" == caught.value.code


def test_most() -> None:
    """A code of more prescriptions than the setting allows is refused; the setting decides."""
    tokens = [Token(number=numbered(160, place), access_code=CODE) for place in range(5)]
    text = token.encode(*tokens)
    with pytest.raises(LimitError) as caught:
        token.decode(text)
    assert "prescription.code_too_large" == caught.value.code
    assert tuple(tokens) == token.decode(text, most=5)
    with pytest.raises(LimitError):
        token.decode(token.encode(*tokens[:2]), most=1)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    """Arbitrary bytes end in one of our errors, never another."""
    with pytest.raises(HubError):
        token.decode(data)


@settings(deadline=None)
@given(TOKENS, st.integers(0, 16), st.integers(1, 9))
def test_changed_digit(given_token: Token, place: int, by: int) -> None:
    """One mistyped digit of the number is always found."""
    digits = given_token.number.replace(".", "")
    changed = str((int(digits[place]) + by) % 10)
    digits = digits[:place] + changed + digits[place + 1 :]
    number = ".".join(digits[begin : begin + 3] for begin in range(0, 17, 3))
    with pytest.raises(MalformedError):
        token.parse(given_token.path.replace(given_token.number, number))


def test_json_escapes() -> None:
    """A code that spells its characters as JSON escapes is the same code, as in those recorded."""
    text = json.dumps({"urls": [URL]}).replace("=", "\\u003d")
    assert token.decode(text) == token.decode(json.dumps({"urls": [URL]}, indent=2))


def test_secret_stays() -> None:
    """Nobody sees an access code by printing a token."""
    assert CODE not in repr(Token(number=NUMBER, access_code=CODE))


@pytest.mark.parametrize(("number", "code"), [("160.1", CODE), (NUMBER, CODE.upper()), (NUMBER, CODE[1:])])
def test_impossible(number: str, code: str) -> None:
    """A token that no service gives can't be made."""
    with pytest.raises(ValueError, match="number and access code"):
        Token(number=number, access_code=code)
