"""The JSON Schema (draft 2020-12) of descriptions, for editors and other programs. It comes from the model.

It says what each key takes, as `reading` checks it; what keys mean together is `checking`'s.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pydantic.fields import FieldInfo

from hub_http.description import anatomy
from hub_http.description.model import Description
from hub_http.description.values import Block, Takes

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ID: Final = "urn:caducee:operator-description:1"
_UNITS: Final = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_SIZES: Final = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))


def schema() -> dict[str, Any]:
    """Return it."""
    made = Description.model_json_schema(by_alias=True)
    definitions = made["$defs"]
    for block in anatomy.walk(Description):
        table = made if block is Description else definitions[block.__name__]
        for key, field in anatomy.fields(block).items():
            table["properties"][key] = _property(table["properties"][key], key, field)
        table["description"] = (block.__doc__ or "").strip()
    return {
        "$schema": DIALECT,
        "$id": ID,
        **_tidied(made | {"title": "Description of an operator's HTTP API, version 1"}),
    }


def _property(said: dict[str, Any], key: str, field: FieldInfo) -> dict[str, Any]:
    """Take out what TOML does not have, and write defaults as somebody would."""
    said = {name: one for name, one in said.items() if name not in {"default", "title", "discriminator"}}
    left = [one for one in said.get("anyOf", []) if one != {"type": "null"}]
    if len(left) == 1:
        said = {**left[0], **{name: one for name, one in said.items() if name != "anyOf"}}
    elif left:
        said["anyOf"] = left
    if "patternProperties" in said:
        said["additionalProperties"] = False
    default = written(field)
    if default is not None:
        said["default"] = default
    return {"title": key, **said}


def written(field: FieldInfo) -> Any:
    """Return a key's default as it would be written in TOML; None without one, or for an empty one."""
    value = field.default
    if field.default_factory is not None or field.is_required():
        return None
    if value is None or isinstance(value, Block | dict) or value in {(), ""}:
        return None
    if isinstance(value, timedelta):
        return _in_units(int(value.total_seconds()), _UNITS)
    said = next((one for one in anatomy.kind_of(field).notes if isinstance(one, Takes)), None)
    return _in_units(value, _SIZES) if said is not None and "KiB" in said.words.en else value


def _in_units(number: int, units: tuple[tuple[str, int], ...]) -> str:
    return next((f"{number // each}{unit}" for unit, each in units if number % each == 0), str(number))


def _tidied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tidied(one) for key, one in value.items() if key != "discriminator"}
    return [_tidied(one) for one in value] if isinstance(value, list) else value
