"""`hub check`: whether a hub would work with this configuration, on this machine, now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import typer

from hub.cli import exit_codes, screen
from hub.cli.given import RESERVED, given
from hub.cli.language import told
from hub.cli.options import Json

if TYPE_CHECKING:
    from hub.app.findings import Finding


def run(ctx: typer.Context, *, json: Json = False) -> None:
    """Check everything that a hub needs: configuration, plugins, keys, store, directories, operators.

    Sends nothing. Each line is ✓, ! (works, but look at it) or ✗. Exit code 0 without a ✗, else that
    of the first one: 3 configuration or keys, 6 something that does not answer.
    """
    from hub.adapters.logs import setup  # noqa: PLC0415 -- heavy: every part of the hub
    from hub.app.checkup import check  # noqa: PLC0415

    setup.configure("console", "error")
    options = given(ctx)
    findings = asyncio.run(check(options.file, options.block, RESERVED))
    failed = [one.error for one in findings if one.error is not None]
    if json:
        screen.as_json({"fine": not failed, "findings": [_data(one) for one in findings]})
    else:
        for one in findings:
            for line in told(one.words).splitlines():
                screen.mark(_MARKS[one.verdict.value], one.part, line)
    raise typer.Exit(exit_codes.of(failed[0]) if failed else exit_codes.FINE)


_MARKS = {"fine": "✓", "warning": "!", "failed": "✗"}


def _data(one: Finding) -> dict[str, Any]:
    return {
        "part": one.part,
        "verdict": one.verdict.value,
        "code": getattr(one.error, "code", None),
        "en": one.words.en,
        "fr": one.words.fr,
    }
