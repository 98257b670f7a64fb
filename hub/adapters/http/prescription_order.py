"""The JSON of `POST /v1/prescriptions`, and of what may be asked for a prescription later.

Every field is described in `docs/reference/api.md` and `openapi.json`. Not checked here: the prescription
itself, which its service reads, and whether the prescriber may prescribe; the core does that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.adapters.http import faults, values
from hub.adapters.http.draft import MOST_OTHERS
from hub.adapters.http.fields import Faults, Fields, parse
from hub.adapters.http.recipients import identifiers, who
from hub.domain.address import Address
from hub.domain.ids import OperatorName
from hub.domain.party import Identifier
from hub.domain.prescription import Handing
from hub.domain.prescription_order import HandOrder
from hub.ports.prescription import Reason

MOST_OPTIONS: Final = 32
MOST_HANDOVERS: Final = 10
MAX_SERVICE: Final = 32
MAX_CODE: Final = 64
FORMS: Final = tuple(one.value for one in Handing)

_FIELDS: Final = "from, service, prescription, options, hand_over, language, patient"

MostBytes = Callable[[OperatorName | None], int]
"""Says how many bytes a service takes; of one that is not known, or not named: the most that any takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """An order as the client wrote it. The prescription is in it (`content`), or follows as `part`.

    `most` is how many bytes its service takes.
    """

    sender: Address
    service: OperatorName | None
    media_type: str
    content: bytes | None = field(repr=False)
    part: str | None
    options: Mapping[str, str] = field(repr=False)
    hand_over: tuple[HandOrder, ...] = field(repr=False)
    language: str | None
    patient: tuple[Identifier, ...] = field(repr=False)
    most: int


def read_order(data: bytes, *, inline: int, parts: bool, most_bytes: MostBytes) -> OrderDraft:
    """Read an order. `inline` bounds a prescription inside it; `parts` may follow in a form.

    Raises MalformedError (`http.json`, `http.fields`) or LimitError with JSON pointers.
    """
    found = Faults()
    root = Fields(parse(data), "", found)
    sender = root.parsed("from", Address.parse, required=True)
    name = root.text("service", most=MAX_SERVICE)
    service = None if name is None else OperatorName(name)
    most = most_bytes(service)
    media_type, content, part = "", None, None
    if (inner := root.object("prescription", required=True)) is not None:
        media_type = (inner.parsed("media_type", values.media_type, required=True) or "").lower()
        content, part = values.carried(
            inner,
            "/prescription",
            inline=min(inline, most),
            parts=parts,
            too_large=faults.document_too_large if inline < most else faults.prescription_too_large,
        )
        inner.finish("media_type, content, part" if parts else "media_type, content")
    options = root.object("options")
    draft = OrderDraft(
        sender=sender or _NOBODY,
        service=service,
        media_type=media_type,
        content=content,
        part=part,
        options={} if options is None else options.texts(most=MOST_OPTIONS),
        hand_over=_hand_orders(root, found),
        language=root.parsed("language", values.language),
        patient=identifiers(root, "patient", found, most=MOST_OTHERS),
        most=most,
    )
    root.finish(_FIELDS)
    found.check()
    return draft


def read_hand_order(data: bytes) -> HandOrder:
    """Read one hand-over. Raises MalformedError (`http.json`, `http.fields`)."""
    found = Faults()
    order = _hand_order(Fields(parse(data), "", found), "", found)
    found.check()
    assert order is not None  # noqa: S101 - it would have been a fault
    return order


def read_reason(data: bytes) -> Reason:
    """Read why a prescription is cancelled; no body says no reason. Raises MalformedError."""
    if not data:
        return Reason()
    found = Faults()
    root = Fields(parse(data), "", found)
    code, text = None, None
    if (inner := root.object("reason")) is not None:
        code = inner.text("code", most=MAX_CODE)
        text = inner.text("text", lines=True)
        inner.finish("code, text")
    root.finish("reason")
    found.check()
    return Reason(code=code, text=text or "")


_NOBODY: Final = Address("nobody", "invalid")
"""Stands for a prescriber that could not be read; a draft with it is never returned."""


def _hand_orders(root: Fields, found: Faults) -> tuple[HandOrder, ...]:
    given = root.items("hand_over", most=MOST_HANDOVERS)
    read = [_hand_order(Fields(value, pointer, found), pointer, found) for value, pointer in given]
    return tuple(dict.fromkeys(one for one in read if one is not None))


def _hand_order(fields: Fields, pointer: str, found: Faults) -> HandOrder | None:
    there, to = fields.has("to"), fields.value("to")
    meant = who(to, f"{pointer}/to", found) if there else None
    form = Handing(fields.choice("as", FORMS) or Handing.TOKEN)
    fields.finish("to, as")
    return None if meant is None else HandOrder(to=meant, form=form)
