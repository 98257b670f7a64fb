"""A description is read whole, or every mistake is told with its place, in two languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ConfigError
from hub_http.description import reading
from hub_http.description.model import Description
from hub_http.description.values import Block

SHIPPED = sorted((Path(__file__).parents[4] / "conf" / "operators").glob("*.toml"))
EACH = pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
HEAD = 'version = 1\ntitle = "x"\n'


def told(folder: Path, text: str | bytes) -> list[ConfigError]:
    """Return the mistakes of a text, one by one."""
    file = folder / "d.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as refused:
        reading.read(file)
    several = refused.value.fields.get("errors")
    return list(several) if isinstance(several, tuple) else [refused.value]


@EACH
def test_every_shipped_description_is_read(file: Path) -> None:
    """What ships works."""
    assert reading.read_whole(file).title


@EACH
def test_the_same_content_is_one_object(file: Path, tmp_path: Path) -> None:
    """A thousand operators with one description cost one; each double of it is its own."""
    copy = tmp_path / "copy.toml"
    copy.write_bytes(file.read_bytes())
    assert reading.read(copy) is reading.read(file)
    assert reading.read(file).simulate is None
    assert reading.read(file).send == reading.read_whole(file).send


@pytest.mark.parametrize(
    ("text", "line", "key", "english", "french"),
    [
        (HEAD + 'titel = "y"\n', 3, "titel", "did you mean title?", "vouliez-vous title ?"),
        (
            'version = "1"\ntitle = "x"\n',
            1,
            "version",
            "leave the quotation marks out",
            "retirez les guillemets",
        ),
        (
            HEAD + '[[auth]]\nkind = "basic"\nuser = "u"\npassword = "p"\nin = "query"\n',
            7,
            "auth.1.in",
            "known are kind, password, user",
            "connus : kind, password, user",
        ),
        (HEAD + '[parameters]\na = "b"\n', 4, "parameters.a", "a table with `meaning`", "avec `meaning`"),
        (
            HEAD + '[inbox]\nevery = "1m"\nleast = "1s"\nlisting = { path = "/" }\nid = { json = "$" }\n'
            'kinds = [{ is = "ignored" }]\nitems = "$"\n',
            9,
            "inbox.items",
            'a table such as { json = "$.id" }',
            'une table telle que { json = "$.id" }',
        ),
        (
            HEAD + "[webhooks.w]\nkinds = [{ is = 'letter' }]\nverify = { bearer = 's' }\n",
            4,
            "webhooks.w.kinds.1.is",
            "is not one of",
            "n'est pas l'un de",
        ),
        (
            HEAD + "[webhooks.w]\nkinds = [{ is = 'ignored' }]\nverify = { basic = { user = 'u' } }\n",
            5,
            "webhooks.w.verify.basic.password",
            "is missing",
            "est absent",
        ),
        ("version = 1\n", None, "title", "is missing: it takes a text", "est absent : il faut un texte"),
        (HEAD + "[limits]\nburst = 0\n", 4, "limits.burst", "must be at least 1", "doit être au moins 1"),
        (HEAD + '[limits]\nmax_answer = "1MB"\n', 4, "limits.max_answer", "25MiB", "n'est pas une taille"),
        (
            HEAD + "[limits]\nrequests_per_second = nan\n",
            4,
            "limits.requests_per_second",
            "is not a number",
            "nombre",
        ),
        (HEAD + "[classes.okay]\nattempts = 1\n", 3, "classes.okay", "did you mean ok?", "vouliez-vous ok ?"),
        (HEAD + '[secrets]\nPassword = { meaning = "x" }\n', 4, "secrets.Password", "a-z", "ce nom"),
        (HEAD + '[[auth]]\nkind = "oauth"\n', 4, "auth.1.kind", "mean oauth2?", "vouliez-vous oauth2 ?"),
        (HEAD + '[[auth]]\nsecret = "x"\n', 3, "auth.1.kind", "is missing: it takes one of", "l'un de"),
        (
            HEAD + '[send]\nidempotency = "none"\nsteps = []\n',
            5,
            "send.steps",
            "not be empty",
            "pas être vide",
        ),
        (HEAD + "[codes.x]\na = []\n", 4, "codes.x.a", "a text, a number, true or false", "un nombre"),
        (
            HEAD + '[send]\nidempotency = "none"\n[[send.steps]]\nname = "a"\npath = "/"\n'
            '[[send.steps.answers]]\nclass = "ok"\n[[send.steps]]\nname = "b"\npath = "/"\n'
            '[[send.steps.answers]]\nstatus = "6xx"\nclass = "ok"\n',
            14,
            "send.steps.2.answers.1.status",
            "status codes such as",
            "codes de statut",
        ),
        (
            HEAD + '[probe]\npath = "/"\nheaders = { "X.Y" = 1 }\n',
            5,
            'probe.headers."X.Y"',
            "is not a text",
            "n'est pas un texte",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(
    tmp_path: Path, text: str, line: int | None, *, key: str, english: str, french: str
) -> None:
    """Who writes a description learns file, line, key, and what would be right."""
    (error,) = told(tmp_path, text)
    assert (error.code, error.fields["line"], error.fields["key"]) == ("http.description", line, key)
    where = f"{tmp_path / 'd.toml'}" + (f":{line}" if line else "")
    assert error.words.en.startswith(f"{where}: {key} ")
    assert error.words.fr.startswith(f"{where} : {key} ")
    assert english in error.words.en
    assert french in error.words.fr


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """One look at the file is enough to correct it, from the top to the bottom."""
    errors = told(tmp_path, 'version = 2\n[limits]\nburst = "x"\nfast = true\n[track]\nevery = 5\n')
    assert [one.fields["line"] for one in errors] == [None, 1, 3, 4, 5, 5, 5, 6]
    assert [one.fields["key"] for one in errors][:4] == ["title", "version", "limits.burst", "limits.fast"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff = 1\n", "config.encoding"),
        (b"version = \n", "config.syntax"),
        (b"a = " + b"[" * 50_000, "config.syntax"),
        (b"#" * ((1 << 20) + 1), "config.too_large"),
    ],
    ids=["encoding", "syntax", "deep", "large"],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    """Size first, then UTF-8, then TOML: one clear error each."""
    (error,) = told(tmp_path, data)
    assert error.code == code


def test_a_file_that_is_not_there_says_which_key_names_it(tmp_path: Path) -> None:
    """The configuration's key is named."""
    with pytest.raises(ConfigError) as refused:
        reading.read(tmp_path / "no.toml")
    assert refused.value.code == "config.missing"
    assert "`description`" in refused.value.words.fr


def test_no_value_is_ever_shown(tmp_path: Path) -> None:
    """A secret that somebody wrote into the description by mistake stays out of words and logs."""
    for error in told(
        tmp_path,
        HEAD + '[secrets]\npassword = "S3cret-9"\n[[auth]]\nkind = "basic"\nuser = 9\npassword = "S3cret-9"\n'
        '[limits]\nburst = "S3cret-9"\n',
    ):
        assert "S3cret-9" not in f"{error}{error.words}{error.fields}"


def places(values: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield every place in a TOML value."""
    items: list[tuple[Any, Any]] = []
    if isinstance(values, dict):
        items = list(values.items())
    elif isinstance(values, list):
        items = list(enumerate(values))
    for key, value in items:
        yield (*place, key)
        yield from places(value, (*place, key))


TEXTS = {file.stem: tomllib.loads(file.read_text("utf-8")) for file in SHIPPED}
PLACES = [(name, place) for name, values in TEXTS.items() for place in places(values)]
WRONG = st.one_of(
    st.sampled_from(["", "x", "Ünbekannt", "{{", "http://x"]),
    st.integers(-5, 2000),
    st.floats(allow_nan=True),
    st.booleans(),
    st.datetimes(),
    st.just([]),
    st.lists(st.sampled_from(["x", 1]), max_size=2),
    st.just({}),
    st.dictionaries(st.sampled_from(["x", "kind", "json", "Ä.b"]), st.sampled_from(["x", 1]), max_size=2),
)
RAW = re.compile(
    r"pydantic|Input |Field |valid|[a-z]+_[a-z]+ error|\bNone\b|input_value|[Ll]iteral|instance|tuple|dict"
)


@given(where=st.sampled_from(PLACES), wrong=WRONG, add=st.booleans())
def test_whatever_stands_anywhere_is_taken_or_explained(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    where: tuple[str, tuple[str | int, ...]],
    wrong: Any,
    add: bool,
) -> None:
    """Each mistake has a key that is in the file, a line, and words of ours in both languages."""
    name, place = where
    values = tomllib.loads(tomli_w.dumps(TEXTS[name]))
    target: Any = values
    for part in place[:-1]:
        target = target[part]
    if add and isinstance(target, dict):
        target[f"{place[-1]}x"] = wrong
    else:
        target[place[-1]] = wrong
    file = tmp_path_factory.getbasetemp() / "any.toml"
    text = tomli_w.dumps(values)
    file.write_text(text, "utf-8")
    try:
        assert isinstance(reading.read_whole(file), Description)
    except ConfigError as error:
        for one in error.fields.get("errors", (error,)):  # type: ignore[attr-defined]  # errors are a tuple
            english = one.words.en.replace(str(file), "")
            assert not RAW.search(english.split("; known are")[0]), english
            assert one.words.fr != one.words.en
            line = one.fields["line"]
            assert line is None or 1 <= line <= text.count("\n") + 1


def test_nothing_of_pydantic_is_kept_beside_the_values() -> None:
    """A thousand descriptions fit into memory."""
    description = reading.read(SHIPPED[0])

    def walk(value: Any) -> Iterator[Block]:
        if isinstance(value, Block):
            yield value
            for one in value.__dict__.values():
                yield from walk(one)
        elif isinstance(value, tuple | dict):
            for one in value.values() if isinstance(value, dict) else value:
                yield from walk(one)

    assert len({id(one.model_fields_set) for one in walk(description)}) == 1
