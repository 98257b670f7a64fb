"""`hub serve`'s life in a process: signals, readiness, and the order of stopping.

SIGTERM or SIGINT: nothing new is taken, what runs is finished within the drain time. Once more: the
process ends at once; all that was accepted is durable, and attempts under way are asked about at the
next start. SIGHUP does nothing but say so: a changed configuration takes a new start.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from importlib.metadata import version
from typing import Final

from hub.app.assembly import open_hub
from hub.app.configuration import Configuration
from hub.app.notify import notify
from hub.ports.host import Log

COLLECT: Final = (10_000, 20, 20)
"""When garbage is looked for in circles: a message leaves none, and the defaults cost 4 % of the time."""
AT_ONCE: Final = 130
"""The exit code of a process that was told to stop twice."""


async def serve(configuration: Configuration, log: Log) -> None:
    """Run the hub until it is told to stop. Raises what `open_hub` and `Hub.run` raise."""
    stop = asyncio.Event()
    _listen(stop, log)
    for one in configuration.plugins.broken:
        log.warning("plugin.refused", plugin=one.name, code=one.code, reason=one.words.en)
    for name in configuration.plugins.blocked:
        log.warning("plugin.blocked", plugin=name)
    async with open_hub(configuration.settings, log) as hub:
        # What has been made so far lives as long as the process: let the collector not walk it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT)
        log.info("hub.ready", version=version("caducee-hub"))
        notify("READY=1")
        await hub.run(stop)
    log.info("hub.stopped")


def _listen(stop: asyncio.Event, log: Log) -> None:
    def asked() -> None:
        if stop.is_set():
            log.warning("hub.stopped_at_once")
            os._exit(AT_ONCE)
        log.info("hub.stopping")
        notify("STOPPING=1")
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)
    loop.add_signal_handler(signal.SIGHUP, lambda: log.warning("hub.reload_unsupported"))
