"""`hub serve`: the hub itself."""

from __future__ import annotations

import asyncio
import os

import typer

from hub.cli.given import given


def run(ctx: typer.Context) -> None:
    """Run the hub until SIGTERM or SIGINT.

    Logs to standard error; `hub.ready` says that it listens. On the first signal it takes nothing new
    and finishes what runs, on the second it ends at once; both lose nothing. Exit code 0 after a stop,
    3 for a configuration that can't be used, 6 when the store is in use or fails.
    """
    import uvloop  # noqa: PLC0415 -- heavy, and only this command needs it

    from hub.adapters.logs import setup  # noqa: PLC0415 -- heavy: every part of the hub
    from hub.app.service import serve  # noqa: PLC0415

    configuration = given(ctx).load()
    # Whatever is made from here on, by the hub or a plugin, is for its owner alone.
    os.umask(0o077)
    setup.configure(configuration.settings.log.style, configuration.settings.log.level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(configuration, setup.get("hub")))
