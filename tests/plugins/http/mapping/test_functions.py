"""Functions of templates, each against somebody else's word for it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import unescape
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.testing.contents import MemoryContent
from hub_http.mapping import functions, templates
from hub_http.mapping.streams import Streamed
from hub_http.mapping.templates import TemplateError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
MOMENTS = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001 - as above
    allow_imaginary=False,
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=2)), ZoneInfo("Europe/Paris")]),
)


def run(expression: str, **scope: Any) -> Any:
    """Return the value of an expression."""
    return templates.value(f"{{{{ {expression} }}}}", scope)


@given(st.binary(max_size=100) | TEXTS)
def test_bytes_and_texts_are_encoded_as_the_standard_library_does(it: bytes | str) -> None:
    """Base64, base64 for URLs and hexadecimal are those of RFC 4648."""
    data = it if isinstance(it, bytes) else it.encode()
    assert run("it | base64", it=it) == base64.b64encode(data).decode()
    assert run("it | base64url", it=it) == base64.urlsafe_b64encode(data).decode()
    assert run("it | base64url(padding=false)", it=it) == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert run("it | hex", it=it) == data.hex()


@pytest.mark.parametrize(
    ("text", "encoded"),
    [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")],
)
def test_base64_gives_the_vectors_of_its_standard(text: str, encoded: str) -> None:
    """RFC 4648, section 10."""
    assert run("it | base64", it=text) == encoded


@given(TEXTS)
def test_digests_are_those_of_openssl_s_names(it: str) -> None:
    """SHA-256 and SHA-512 of a text are those of its UTF-8."""
    assert run("it | sha256", it=it) == hashlib.new("sha256", it.encode()).hexdigest()
    assert run("it | sha512", it=it) == hashlib.new("sha512", it.encode()).hexdigest()


def test_digests_are_those_of_coreutils() -> None:
    """A program of its own gives the same."""
    for name in ("sha256", "sha512"):
        done = subprocess.run([f"{name}sum"], input=b"Caf\xc3\xa9", capture_output=True, check=True)
        assert run(f"it | {name}", it="Café") == done.stdout.split()[0].decode()


def test_a_document_s_digest_is_known_and_its_bytes_are_not_read() -> None:
    """`| sha256` costs nothing; `| base64` is a promise that a body keeps."""
    content = MemoryContent(b"abc")
    assert run("it | sha256", it=content) == hashlib.sha256(b"abc").hexdigest()
    for writing in ("base64", "base64url", "hex", "text"):
        assert run(f"it | {writing}", it=content) == Streamed(content=content, writing=writing)  # type: ignore[arg-type]
    for expression in (
        "it | sha512",
        "it | base64 | upper",
        "it | text ~ 'x'",
        "it | lower",
        "it | urlencode",
    ):
        with pytest.raises(TemplateError):
            run(expression, it=content)


@given(TEXTS)
def test_percent_encoding_is_undone_by_any_reader(it: str) -> None:
    """Only unreserved characters stay as they are (RFC 3986, 2.3)."""
    encoded = run("it | urlencode", it=it)
    assert unquote_to_bytes(encoded) == it.encode()
    left = encoded.replace("%", "").replace("-", "").replace("_", "").replace(".", "").replace("~", "")
    assert left == "" or (left.isascii() and left.isalnum())


@given(TEXTS, st.sampled_from(["dns", "url", "oid", "x500"]))
def test_uuids_are_those_of_the_standard_library(it: str, space: str) -> None:
    """Version 5, in the namespaces of RFC 9562."""
    assert run(f"it | uuid('{space}')", it=it) == str(
        uuid.uuid5(getattr(uuid, f"NAMESPACE_{space.upper()}"), it)
    )
    own = "01990000-0000-7000-8000-00000000cafe"
    assert run(f"it | uuid('{own}')", it=it) == str(uuid.uuid5(uuid.UUID(own), it))


@given(MOMENTS)
def test_moments_are_written_as_the_standard_library_reads_them(it: datetime) -> None:
    """Whatever the zone that a moment came in."""
    # A moment that a zone has twice equals none in another zone (PEP 495): compared in UTC.
    utc = it.astimezone(UTC)
    whole = utc.replace(microsecond=0)
    assert datetime.fromisoformat(run("it | iso('microseconds')", it=it)) == utc
    assert datetime.fromisoformat(run("it | iso", it=it)) - whole == utc - whole - timedelta(
        microseconds=utc.microsecond % 1000
    )
    assert datetime.fromisoformat(run("it | iso('seconds')", it=it)) == whole
    assert run("it | unix", it=it) == int(whole.timestamp())
    assert run("it | unix('ms')", it=it) == int(whole.timestamp()) * 1000 + utc.microsecond // 1000
    assert run("it | date('%Y-%m-%dT%H:%M:%S.%f%z')", it=it) == utc.strftime("%Y-%m-%dT%H:%M:%S.%f%z")
    paris = utc.astimezone(ZoneInfo("Europe/Paris"))
    assert run("it | date('%d/%m/%Y %H:%M', 'Europe/Paris')", it=it) == paris.strftime("%d/%m/%Y %H:%M")
    assert run("it | unix", it=utc.isoformat()) == run("it | unix", it=it)


def test_a_moment_in_summer_is_an_hour_further_as_date_says() -> None:
    """The time zones are those of the system's own program."""
    done = subprocess.run(
        ["date", "-d", "@1785751262", "+%Y%m%d%H%M"],
        env={"TZ": "Europe/Paris", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    moment = datetime.fromtimestamp(1785751262, UTC)
    assert run("it | date('%Y%m%d%H%M', 'Europe/Paris')", it=moment) == done.stdout.decode().strip()


@given(TEXTS, st.integers(0, 80), st.sampled_from(["", "…", "..."]))
def test_a_cut_text_is_short_enough_and_whole(it: str, length: int, end: str) -> None:
    """By characters or by bytes of UTF-8: never longer than asked for, never half a character."""
    cut = run(f"it | truncate({length}, 'characters', end)", it=it, end=end)
    assert len(cut) <= max(length, 0)
    assert cut == it if len(it) <= length else cut.endswith(end[:length])
    by_bytes = run(f"it | truncate({length}, 'bytes', end)", it=it, end=end)
    assert len(by_bytes.encode()) <= length
    assert by_bytes == it if len(it.encode()) <= length else "\ufffd" not in by_bytes.replace(it, "")


@given(st.lists(TEXTS | st.integers() | st.none(), max_size=8), TEXTS)
def test_joined_and_split_are_inverse(members: list[Any], separator: str) -> None:
    """Members without a value are left out."""
    texts = [str(one) for one in members if one is not None]
    assert run("it | join(by)", it=members, by=separator) == separator.join(texts)
    if separator:
        assert run("it | split(by)", it=separator.join(texts), by=separator) == separator.join(texts).split(
            separator
        )


@given(TEXTS, TEXTS.filter(bool), TEXTS)
def test_texts_are_changed_as_python_does(it: str, old: str, new: str) -> None:
    """Case, white space, replacing, filling up."""
    assert run("it | lower", it=it) == it.lower()
    assert run("it | upper", it=it) == it.upper()
    assert run("it | trim", it=it) == it.strip()
    assert run("it | replace(old, new)", it=it, old=old, new=new) == it.replace(old, new)
    assert run("it | pad(20, ' ')", it=it) == it.rjust(20)
    assert run("it | length", it=it) == len(it)
    assert run("it | text", it=it) == it
    assert run("it | text", it=it.encode()) == it


@given(
    TEXTS.filter(lambda it: all(one in "\t\n\r" or (one >= " " and one not in "\ufffe\uffff") for one in it))
)
def test_escaped_xml_is_what_any_reader_reads_back(it: str) -> None:
    """No value ends an element or an attribute."""
    escaped = run("it | xml", it=it)
    assert not set("<>\"'\r") & set(escaped)
    assert unescape(escaped, {"&quot;": '"', "&#39;": "'", "&#13;": "\r"}) == it


@pytest.mark.parametrize("it", ["\x00", "\x1b", "\ufffe", "\ud800"])
def test_what_xml_does_not_have_is_refused(it: str) -> None:
    """XML 1.0, 2.2: nothing writes these characters."""
    with pytest.raises(TemplateError):
        run("it | xml", it=it)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("missing | default('x')", "x"),
        ("table.nope | default('x')", "x"),
        ("none | default(7)", 7),
        ("'' | default('x')", ""),
        ("'' | default('x', true)", "x"),
        ("false | default(true)", False),
        ("[1, 2] | first", 1),
        ("[1, 2] | last", 2),
        ("[] | first | default('x')", "x"),
        ("table.rows | map('a') | list_", None),
        ("table.rows | map('a')", [1, 3]),
        ("table.rows | where('a', 1) | length", 1),
        ("table.rows | where('b', [2, 4]) | map('b')", [2, 4]),
        ("'7' | int", 7),
        ("' -0x1f ' | int(16)", -31),
        ("'b' | code('words') | default('?')", "?"),
        ("'a' | code('words')", "un"),
        ("1 | code('words')", "numéro"),
        ("true | code('words')", "vrai"),
        ("1.5 | string", "1.5"),
    ],
)
def test_lists_and_tables_are_looked_into(expression: str, value: Any) -> None:
    """What is missing is missing, until a default says otherwise."""
    scope: dict[str, Any] = {
        "table": {"rows": [{"a": 1}, {"b": 2}, {"a": 3, "b": 4}]},
        "codes": {"words": {"a": "un", "1": "numéro", "true": "vrai"}},
    }
    if value is None:
        assert templates.fault(f"{{{{ {expression} }}}}") is not None
        return
    assert run(expression, **scope) == value


@pytest.mark.parametrize(
    "expression",
    [
        "'x' | int", "[1] | lower", "{} | join", "'x' | join", "none | lower", "5 | first", "'x' | date",
        "now | date('%c')", "now | date('%Y', 'Nowhere/Else')", "now | iso('hours')", "now | unix('us')",
        "'x' | truncate(-1)", "'x' | truncate(true)", "'x' | truncate(3, 'words')", "'x' | pad(3, 'ab')",
        "'x' | replace('', 'y')", "'x' | split('')", "'x' | uuid('nope')", "'x' | code('nope')", "5 | length",
        "'\\ud800' | base64 ~ '\\ud800' | sha256", "now | json", "'x' | lower(1)", "'x' | pad",
        "[1] | map(1)", "'9' * 3", "b'x'", "'\\xff' | text | sha256(1)",
    ],
)  # fmt: skip
def test_what_a_function_can_t_do_is_said(expression: str) -> None:
    """An error with words in both languages, never a traceback or a wrong value."""
    with pytest.raises(TemplateError) as caught:
        run(expression, now=datetime(2026, 3, 3, tzinfo=UTC), codes={})
    assert caught.value.words.en
    assert caught.value.words.fr


def test_json_is_written_without_spaces_and_not_in_ascii() -> None:
    """As small as it can be, and readable."""
    value: Final = {"é": [1, 1.5, None, True, {"a": "\n"}]}
    assert json.loads(run("it | json", it=value)) == value
    assert run("it | json", it=value) == '{"é":[1,1.5,null,true,{"a":"\\n"}]}'
    with pytest.raises(TemplateError):
        run("it | json", it=float("nan"))


def test_every_function_is_tried_here() -> None:
    """A new one comes with its test."""
    text = Path(__file__).read_text()
    assert [
        name for name in functions.FUNCTIONS if not name.startswith(" ") and f"| {name}" not in text
    ] == []
