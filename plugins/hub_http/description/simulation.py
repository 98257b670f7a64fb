"""How a test double of the operator behaves: its routes, and what each does with a message."""

from __future__ import annotations

from typing import Any

from hub_http.description.values import Block


class Simulation(Block):
    """The routes of the double."""

    routes: tuple[dict[str, Any], ...] = ()
