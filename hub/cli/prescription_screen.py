"""What the commands of `hub prescription` share: options, asking, and showing how a prescription stands.

Access code and 2D code are secrets: they are shown to programs (`--json`) only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from hub.cli import exit_codes, language, screen
from hub.cli.language import told
from hub.cli.screen import Cell
from hub.domain.prescription import Handing
from hub.errors import HubError, InputError, Words

if TYPE_CHECKING:
    from hub.adapters.http.client import Door
    from hub.adapters.http.prescription_client import PrescriptionClient

T = TypeVar("T")
Form = Annotated[Handing, typer.Option("--as", help="In what form it is handed over.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The prescription's id at the hub.")]
Wait = Annotated[int, typer.Option(metavar="SECONDS", min=0, max=30, help="How long to wait for its issue.")]

_AT_THE_SERVICE: Final = frozenset(
    {"active", "claimed", "partly-dispensed", "completed", "cancelled", "expired", "unknown"}
)


async def asking(way: Door, ask: Callable[[PrescriptionClient], Awaitable[T]], *, as_json: bool = False) -> T:
    """Ask the API one thing. What it answers to a failure is printed too when a program asks."""
    from hub.adapters.http.client import open_client  # noqa: PLC0415 -- heavy: aiohttp
    from hub.adapters.http.prescription_client import PrescriptionClient  # noqa: PLC0415

    async with open_client(way, language.tag()) as client:
        try:
            return await ask(PrescriptionClient(client))
        except HubError as error:
            if as_json and (problem := error.fields.get("problem")):
                screen.as_json(problem)
            raise


def tell(answer: Any, *, as_json: bool) -> int:
    """Print how a prescription stands; return the exit code of its order."""
    if as_json:
        screen.as_json(answer)
    else:
        screen.rows([row for row in _rows(answer) if row[1].text])
        screen.line(answer["detail"])
        for one in answer["warnings"]:
            screen.line(f"! {one}")
    return exit_codes.FINE if _there(answer) else exit_codes.TEMPORARY


def tell_cancelled(answer: Any, *, as_json: bool) -> int:
    """Print what asking to cancel gave; return the exit code."""
    if as_json:
        screen.as_json(answer)
    else:
        screen.line(answer["detail"])
    return exit_codes.TEMPORARY if answer["result"] == "pending" else exit_codes.FINE


def pairs(given: Sequence[str]) -> dict[str, str]:
    """Read options of the service. Raises InputError for one that is not NAME=VALUE."""
    found = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InputError(
                "prescription.option",
                Words(
                    en=f"--option is written NAME=VALUE, not {one!r}.",
                    fr=f"--option s'écrit NOM=VALEUR, pas {one!r}.",
                ),
            )
        found[name] = value
    return found


_ID: Final = Words(en="id", fr="identifiant")
_STATE: Final = Words(en="state", fr="état")
_NUMBER: Final = Words(en="number", fr="numéro")
_ISSUED: Final = Words(en="issued (UTC)", fr="émise (UTC)")
_UNTIL: Final = Words(en="valid until (UTC)", fr="valable jusqu'au (UTC)")
_DUE: Final = Words(en="next try (UTC)", fr="prochain essai (UTC)")


def _there(answer: Any) -> bool:
    return answer["state"] in _AT_THE_SERVICE or answer["awaits_signature"]


def _rows(answer: Any) -> list[list[Cell]]:
    rows = [
        [Cell(told(name), "bold"), Cell(answer[member] or "", whole=True)]
        for name, member in (
            (_ID, "id"),
            (_STATE, "state"),
            (_NUMBER, "number"),
            (_ISSUED, "issued_at"),
            (_UNTIL, "expires_at"),
            (_DUE, "due_at"),
        )
    ]
    heard = [
        [Cell(one["at"], whole=True), Cell(f"{one['state']} – {one['detail']}")] for one in answer["events"]
    ]
    return rows + heard
