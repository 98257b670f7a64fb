"""The published JSON Schema says what the reader checks."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema
import pytest

from hub.errors import ConfigError
from hub_http.description import reading, schema
from tests import build_description

SHIPPED = sorted((Path(__file__).parents[4] / "conf" / "operators").glob("*.toml"))
HEAD = 'version = 1\ntitle = "x"\n'
VALIDATOR = jsonschema.Draft202012Validator(schema.schema())


def test_it_is_a_schema_of_the_draft_that_it_names() -> None:
    """Editors can read it."""
    made = schema.schema()
    jsonschema.Draft202012Validator.check_schema(made)
    assert made["$schema"].endswith("2020-12/schema")
    assert made["$id"] == schema.ID


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_shipped_description_fits(file: Path) -> None:
    """What ships has no red lines in an editor."""
    assert list(VALIDATOR.iter_errors(tomllib.loads(file.read_text("utf-8")))) == []


@pytest.mark.parametrize(
    "text",
    [
        "version = 1\n",
        HEAD + "more = 1\n",
        'version = 2\ntitle = "x"\n',
        HEAD + '[secrets]\nP = { meaning = "x" }\n',
        HEAD + "[classes.okay]\nattempts = 1\n",
        HEAD + '[limits]\nmax_answer = "1MB"\n',
        HEAD + "[limits]\nmax_answer = 5\n",
        HEAD + '[limits]\nconnect_timeout = "5"\n',
        HEAD + "[limits]\nconcurrency = 0\n",
        HEAD + "[limits]\nconcurrency = 1001\n",
        HEAD + "[limits]\nrequests_per_second = 0\n",
        HEAD + '[limits]\nrequests_per_second = "5"\n',
        HEAD + "[limits]\nburst = true\n",
        HEAD + '[[auth]]\nkind = "magic"\n',
        HEAD + '[[auth]]\nkind = "basic"\nuser = "x"\n',
        HEAD + '[[answers]]\nstatus = 600\nclass = "ok"\n',
        HEAD + '[[answers]]\nstatus = "4x"\nclass = "ok"\n',
        HEAD + '[[answers]]\nstatus = []\nclass = "ok"\n',
        HEAD + '[[answers]]\nclass = "fine"\n',
        HEAD + '[send]\nidempotency = "none"\nsteps = []\n',
        HEAD + '[send]\nidempotency = "maybe"\nsteps = [{ name = "a", path = "/" }]\n',
        HEAD + '[send]\nidempotency = "none"\nsteps = [{ name = "A", path = "/" }]\n',
        HEAD + '[send]\nidempotency = "none"\nsteps = [{ name = "a", path = "/", raw = "text" }]\n',
        HEAD + '[probe]\npath = "/"\ngzip = "yes"\n',
        HEAD + '[probe]\npath = "/"\nmethod = "TRACE"\n',
        HEAD + '[codes.x]\na = ["b"]\n',
    ],
)
def test_a_mistake_is_one_for_both(tmp_path: Path, text: str) -> None:
    """What an editor shows in red is refused by the reader, and the other way round."""
    assert list(VALIDATOR.iter_errors(tomllib.loads(text))) != []
    file = tmp_path / "d.toml"
    file.write_text(text)
    with pytest.raises(ConfigError):
        reading.read(file)


@pytest.mark.parametrize(("path", "text"), [*build_description.files()], ids=["page", "schema"])
def test_what_is_published_is_what_the_model_says(path: Path, text: str) -> None:
    """`python -m tests.build_reference` makes both again."""
    assert text == path.read_text("utf-8")


def test_defaults_are_written_as_somebody_would() -> None:
    """An editor that fills them in writes TOML that is taken."""
    properties = schema.schema()["$defs"]["Limits"]["properties"]
    assert properties["max_message"]["default"] == "100MiB"
    assert properties["total_timeout"]["default"] == "4m"
    assert "default" not in properties["requests_per_second"]
