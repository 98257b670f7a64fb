"""Something that an operator gave us: a member of a listing, a download, the call of a webhook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.ports.content import PIECE, Content
from hub.ports.intake import Stage
from hub_http.mapping.answered import Answered
from hub_http.sending.operator import Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came. `answered` is what picks look at: status, headers, and the body when it was read whole.

    `payload` is the body as it came, kept on the stage; None when what came is part of something larger,
    such as one member of a listing or of a batch.
    """

    answered: Answered = field(repr=False)
    payload: Content | None = field(default=None, repr=False)


def scope_of(operator: Operator, answered: Answered | None = None, **more: Any) -> Mapping[str, Any]:
    """Return what templates see of something that came.

    `hub`, `operator`, `parameters`, `codes` and `now`; of an answer or a call `status`, and `headers` by
    their names in lower case or as they are usually written; `more` are `item`, `part`, `document` …
    """
    scope = {
        "hub": operator.host.hub_name,
        "operator": operator.name,
        "parameters": operator.parameters,
        "codes": operator.description.codes,
        "now": operator.host.clock.now(),
        **more,
    }
    if answered is not None:
        scope["headers"] = Headers(answered.headers)
        scope["status"] = answered.status
    return scope


async def kept(stage: Stage, data: bytes) -> Content:
    """Write bytes to a stage, in pieces when they are many."""
    if len(data) <= PIECE:
        return await stage.keep(data)
    sink = stage.sink()
    for at in range(0, len(data), PIECE):
        await sink.write(data[at : at + PIECE])
    return await sink.finish()


class Headers(dict[str, str]):
    """Headers that a template finds however it writes their names."""

    def __missing__(self, name: str) -> str:
        lower = name.lower()
        if lower == name:
            raise KeyError(name)
        return self[lower]
