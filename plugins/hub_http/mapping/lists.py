"""Functions of templates for lists, tables and what may be missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jinja2 import Environment, Undefined, pass_context, pass_environment
from jinja2.runtime import Context

from hub_http.mapping.faults import UnfitError
from hub_http.mapping.limits import MAX_LOOPS
from hub_http.mapping.seen import named


def default(value: Any, otherwise: Any = "", empty: bool = False) -> Any:  # noqa: FBT001, FBT002 - so in jinja2
    """Return another value for one that is missing; with `true` also for one that is empty."""
    missing = value is None or isinstance(value, Undefined)
    return otherwise if missing or (empty and not value) else value


@pass_environment
def first(environment: Environment, value: Any) -> Any:
    """Return the first member of a list."""
    several = _list(value)
    return several[0] if several else environment.undefined(name="first")


@pass_environment
def last(environment: Environment, value: Any) -> Any:
    """Return the last member of a list."""
    several = _list(value)
    return several[-1] if several else environment.undefined(name="last")


def length(value: Any) -> int:
    """Return how many characters a text has, or members a list or table."""
    if isinstance(value, str | list | tuple | Mapping):
        return len(value)
    raise UnfitError(f"{named(value)[0]} has no length", f"{named(value)[1]} n'a pas de longueur")


@pass_environment
def map_(environment: Environment, value: Any, attribute: str) -> list[Any]:
    """Return one attribute of each member; those that don't have it are left out."""
    found = (_attribute(environment, one, attribute) for one in _list(value))
    return [one for one in found if one is not None]


@pass_environment
def where(environment: Environment, value: Any, attribute: str, wanted: Any) -> list[Any]:
    """Return the members whose attribute has a value, or one of a list of values."""
    among = wanted if isinstance(wanted, list | tuple) else [wanted]
    return [one for one in _list(value) if _attribute(environment, one, attribute) in among]


@pass_context
def code(context: Context, value: Any, table: str) -> Any:
    """Translate a value by a table of the description's `codes`; one that is not in it is missing."""
    tables = context.resolve_or_missing("codes")
    if not isinstance(tables, Mapping) or not isinstance(table, str) or table not in tables:
        raise UnfitError("there is no such table of codes", "il n'y a pas de telle table de codes")
    key = str(value).lower() if isinstance(value, bool) else str(value)
    rows: Mapping[str, Any] = tables[table]
    return rows[key] if key in rows else context.environment.undefined(name=table)


@pass_context
def counted(context: Context, value: Any) -> Iterator[Any]:
    """Go through a list, as long as all loops of a body together do not pass their limit."""
    budget: list[int] = context.resolve_or_missing("_passes")
    for one in _list(list(value) if isinstance(value, Mapping) else value):
        budget[0] += 1
        if budget[0] > MAX_LOOPS:
            raise UnfitError(
                f"its loops pass {MAX_LOOPS} times", f"ses boucles dépassent {MAX_LOOPS} passages"
            )
        yield one


def _list(value: Any) -> Sequence[Any]:
    if isinstance(value, list | tuple):
        return value
    # The views of a mapping, as `items()` gives them.
    if not isinstance(value, str | bytes | Undefined) and hasattr(value, "mapping"):
        return list(value)
    raise UnfitError(f"{named(value)[0]} is no list", f"{named(value)[1]} n'est pas une liste")


def _attribute(environment: Environment, value: Any, name: str) -> Any:
    if not isinstance(name, str):
        raise UnfitError("an attribute is named by a text", "un attribut est nommé par un texte")
    found = environment.getattr(value, name)
    return None if isinstance(found, Undefined) else found
