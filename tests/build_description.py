"""The reference of descriptions and their JSON Schema, out of the model, for `tests.build_reference`."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hub_http.description import anatomy, places, schema, values
from hub_http.description.anatomy import Kind
from hub_http.description.model import Description
from hub_http.description.places import Seen, Variable
from hub_http.description.values import Block

PAGE: Final = Path("docs/reference/operator-description.md")
SCHEMA: Final = Path("docs/reference/operator-description.schema.json")

_HEAD: Final = """\
# The description of an operator's HTTP API

<!-- Made by `python -m tests.build_reference` from plugins/hub_http/description. Change that instead. -->

One TOML file (UTF-8, at most 1 MiB) says how an operator's API is spoken.
`[operators.<name>]` of kind `http` names it.
`hub operator check FILE` tells every mistake with its line.
`hub operator schema` prints the [JSON Schema](operator-description.schema.json).
An editor that reads schemas completes keys when the first line is `#:schema` and the path of that file.
The shipped ones are in `conf/operators/`; the one to copy is `conf/operators/webhook.toml`.
The [tutorial](../tutorial/a-new-operator.md) writes one from nothing.

An unknown key is a mistake, and so is a value of another kind: nothing is guessed.
Durations are written `500ms`, `30s`, `5m`, `2h`, `3d`; sizes `64KiB`, `25MiB`, `1GiB`.
Status codes are written `404`, `"5xx"`, `"500-503"`, or as a list of these.
A *template* is a text whose `{{ expressions }}` are filled in.
What they offer: [templates](operator-templates.md).
An *expression* is a template that is one expression as a whole: its value keeps its kind.
A *tree* is a JSON value, as TOML writes it; its texts are templates.
"""

_VARIABLES: Final = """\
## What templates see

Where a template stands decides which names it sees.
Another name is a mistake that `hub operator check` finds.
All of them see `hub`, `operator` and `parameters`.
`value` of a pick sees `headers` and `status` of the answer besides.
In a tree, the name that `$as` gives is seen by `$item` and what is in it.

| place | names |
| --- | --- |
"""
_NAMES: Final = """
| name | attributes | what it is |
| --- | --- | --- |
"""
_MOST: Final = 6
"""Places that a section names."""
_KINDS: Final = {
    "a text": "text",
    "a whole number": "whole number",
    "a number": "number",
    "true or false": "true, false",
    "a text, a number, true or false": "text, number, true, false",
    "a value": "tree",
}


def page() -> str:
    """Return the reference page."""
    parts = [_HEAD]
    found = _places()
    parts += [_section(block, found[block]) for block in anatomy.walk(Description)]
    rows = [f"| `{'.'.join(one.keys)}` | {_names(one)} |" for one in places.PLACES]
    names = [_variable(name, one) for name, one in sorted(places.VARIABLES.items())]
    double = [_variable(name, one, " (in `simulate`)") for name, one in sorted(places.DOUBLE.items())]
    return "\n".join([*parts, _VARIABLES + "\n".join(rows), _NAMES + "\n".join([*names, *double]), ""])


def text_of_schema() -> str:
    """Return the published schema."""
    return json.dumps(schema.schema(), ensure_ascii=False, indent=2) + "\n"


def _places() -> dict[type[Block], list[str]]:
    """Return where each table may stand, as TOML writes it; those in others that are named are left out."""
    found: dict[type[Block], list[str]] = {block: [] for block in anatomy.walk(Description)}
    for block in found:
        for key, field in anatomy.fields(block).items():
            kind: Kind | None = anatomy.kind_of(field)
            path = key
            while kind is not None:
                for one in anatomy.blocks(kind):
                    found[one].append(path if block is Description else f"{_title(block)}: {path}")
                path = f"{path}.<name>" if anatomy.keys(kind) else path
                kind = anatomy.inside(kind)
    return found


def _section(block: type[Block], where: list[str]) -> str:
    lines = [f"## {_title(block)}", "", _prose(block)]
    if where:
        shown = [f"`{one}`" if ": " not in one else one.replace(": ", " `") + "`" for one in where]
        lines += ["", f"In: {', '.join(shown[:_MOST])}{' …' if len(shown) > _MOST else ''}"]
    lines += ["", "| key | takes | default | meaning |", "| --- | --- | --- | --- |"]
    for key, field in anatomy.fields(block).items():
        default = schema.written(field)
        shown_default = (
            "required" if field.is_required() else "" if default is None else f"`{_toml(default)}`"
        )
        meaning = _cell(field.description or "")
        lines.append(f"| `{key}` | {_takes(anatomy.kind_of(field))} | {shown_default} | {meaning} |")
    return "\n".join([*lines, ""])


def _title(block: type[Block]) -> str:
    """Return the heading of a table: its name in words, or the kind of authentication that it is."""
    kind = anatomy.fields(block).get("kind")
    if kind is not None and (named := anatomy.choices(anatomy.kind_of(kind))):
        return f"Auth {named[0]}"
    name = block.__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).capitalize()


def _prose(block: type[Block]) -> str:
    said = inspect.cleandoc(block.__doc__ or "")
    return "\n\n".join(
        re.sub(r"(?<=[.:]) (?=[A-Z])", "\n", " ".join(one.split())) for one in said.split("\n\n")
    )


def _takes(kind: Kind) -> str:
    if tables := anatomy.blocks(kind):
        return " or ".join(
            f"[{_title(one).lower()}](#{_title(one).lower().replace(' ', '-')})" for one in tables
        )
    inner = anatomy.inside(kind)
    if any(isinstance(one, values.Takes) for one in kind.notes):
        return _cell(_short(anatomy.takes(kind).en))
    if inner is not None:
        return f"{'table of' if anatomy.keys(kind) else 'list of'} {_takes(inner)}"
    if words := anatomy.choices(kind):
        return _cell(", ".join(f"`{one}`" for one in words))
    if any(isinstance(one, values.Templated) for one in kind.notes):
        return "template"
    selecting = next((one.kind for one in kind.notes if isinstance(one, values.Selecting)), None)
    return selecting or _KINDS[anatomy.takes(kind).en]


def _short(words: str) -> str:
    return re.split(r":| such as", words.removeprefix("a ").removeprefix("one "))[0].replace(
        " as a whole", ""
    )


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _names(one: Seen) -> str:
    note = f" ({one.note})" if one.note else ""
    return ", ".join(f"`{name}`" for name in sorted(one.names - places.EVERYWHERE)) + note


def _variable(name: str, one: Variable, where: str = "") -> str:
    members = "" if not one.members else ", ".join(f"`{member}`" for member in sorted(one.members))
    return f"| `{name}`{where} | {members} | {_cell(one.means)} |"


def files() -> Iterator[tuple[Path, str]]:
    """Yield every file and what it is to hold."""
    yield PAGE, page()
    yield SCHEMA, text_of_schema()
