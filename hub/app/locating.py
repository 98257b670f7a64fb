"""Which configuration file counts, and which plugins it keeps out; needs no plugin and no setting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hub.errors import ConfigError, Words
from hub.plugin.table import Table

VARIABLE: Final = "CADUCEE_CONFIG"
PLACES: Final = (Path("hub.toml"), Path("/etc/caducee/hub.toml"))


def locate(given: Path | None, environment: Mapping[str, str]) -> Path:
    """Return which file counts: the one given, `CADUCEE_CONFIG`'s, or the first of `PLACES` there is.

    Raises ConfigError `config.nowhere` when there is none of the last.
    """
    if given is not None:
        return given
    if named := environment.get(VARIABLE):
        return Path(named)
    for place in PLACES:
        if place.exists():
            return place
    places = ", ".join(str(place) for place in PLACES)
    raise ConfigError(
        "config.nowhere",
        Words(
            en=f"There is no configuration ({places}); name one with --config, or make one with `hub init`.",
            fr=f"Aucune configuration ({places}) ; désignez-en une par --config, ou créez-la par `hub init`.",
        ),
    )


def blocked(table: Table) -> frozenset[str]:
    """Take `[plugins]` from the whole configuration: the names of plugins that are not to be imported."""
    plugins = table.table("plugins")
    names = frozenset(plugins.texts("blocked", []))
    plugins.finish()
    return names
