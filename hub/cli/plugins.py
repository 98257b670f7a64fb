"""`hub plugins`: what is installed, what was refused and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from hub.cli import exit_codes, screen
from hub.cli.given import RESERVED, Given, given
from hub.cli.language import told
from hub.cli.options import Json
from hub.cli.screen import Cell
from hub.errors import ConfigError, Words

if TYPE_CHECKING:
    from hub.adapters.plugins.manager import Plugins

app = typer.Typer(no_args_is_help=True, help="See what plugins are installed and what they offer.")


@app.callback()
def plugins() -> None:
    """See what plugins are installed and what they offer."""


@app.command("list")
def list_(ctx: typer.Context, *, json: Json = False) -> None:
    """List the plugins: those that stand, those refused and why, those blocked.

    Exit code 3 when one was refused.
    """
    found = _discovered(given(ctx))
    if json:
        screen.as_json(_data(found))
    else:
        _show(found)
    raise typer.Exit(exit_codes.CONFIGURATION if found.broken else exit_codes.FINE)


def _discovered(options: Given) -> Plugins:
    from hub.adapters.config.read import read  # noqa: PLC0415 -- plugins are heavy
    from hub.adapters.plugins.manager import discover  # noqa: PLC0415
    from hub.app.locating import blocked  # noqa: PLC0415

    block = frozenset(options.block)
    try:
        block |= blocked(read(options.file))
    except ConfigError as error:
        # Without a configuration nothing is blocked in it; a broken one must be told.
        if error.code != "config.nowhere":
            raise
    return discover(block, reserved=RESERVED)


def _show(found: Plugins) -> None:
    rows = [
        [Cell(one.name), Cell(told(_STANDS), "green"), Cell(one.version), Cell(", ".join(one.offers))]
        for one in found.loaded
    ]
    rows += [
        [Cell(one.name), Cell(told(_REFUSED), "red"), Cell(""), Cell(told(one.words))] for one in found.broken
    ]
    rows += [[Cell(name), Cell(told(_BLOCKED), "yellow"), Cell(""), Cell("")] for name in found.blocked]
    screen.table(_HEADERS, rows)


_STANDS = Words(en="stands", fr="valable")
_REFUSED = Words(en="refused", fr="refusée")
_BLOCKED = Words(en="blocked", fr="bloquée")
_HEADERS = (
    Words(en="plugin", fr="extension"),
    Words(en="state", fr="état"),
    Words(en="version", fr="version"),
    Words(en="offers, or why not", fr="propose, ou pourquoi non"),
)


def _data(found: Plugins) -> dict[str, Any]:
    return {
        "loaded": [
            {
                "name": one.name,
                "version": one.version,
                "distribution": one.distribution,
                "module": one.module,
                "offers": list(one.offers),
            }
            for one in found.loaded
        ],
        "broken": [
            {
                "name": one.name,
                "distribution": one.distribution,
                "module": one.module,
                "error": {"code": one.code, "en": one.words.en, "fr": one.words.fr},
            }
            for one in found.broken
        ],
        "blocked": list(found.blocked),
    }
