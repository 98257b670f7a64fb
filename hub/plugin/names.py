"""The names by which pluggy knows the hub."""

from __future__ import annotations

from typing import Final

import pluggy

GROUP: Final = "hub"
"""The entry-point group, and pluggy's project name."""

hookspec: Final = pluggy.HookspecMarker(GROUP)
hookimpl: Final = pluggy.HookimplMarker(GROUP)
