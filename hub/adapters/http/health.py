"""`/healthz` (the process answers) and `/readyz` (the store can be written): for whoever watches.

Neither asks who is there, and neither says more than that.
"""

from __future__ import annotations

from aiohttp import web

from hub.adapters.http.faults import not_ready
from hub.errors import HubError
from hub.ports.host import Log
from hub.ports.records import Records


class Health:
    """Answers whoever watches."""

    def __init__(self, records: Records, log: Log) -> None:
        self._records = records
        self._log = log

    async def alive(self, _request: web.Request) -> web.Response:
        """Answer 200 as long as anything is answered."""
        return web.json_response({"status": "alive"})

    async def ready(self, _request: web.Request) -> web.Response:
        """Answer 200 when a message could be taken now, 503 otherwise; the reason is in the log."""
        try:
            await self._records.ready()
        except HubError as error:
            self._log.warning("http.not_ready", code=error.code)
            raise not_ready() from error
        return web.json_response({"status": "ready"})
