"""What can be said of an order for a prescription before its content is read, and the errors that say it."""

from __future__ import annotations

from collections.abc import Iterable

from hub.domain.ids import OperatorName
from hub.domain.prescription_order import HandOrder
from hub.errors import InputError, LimitError, PeerError, Words
from hub.ports.prescribing import PrescriptionOrder
from hub.ports.prescription import Abilities


def check(order: PrescriptionOrder, name: OperatorName, abilities: Abilities) -> None:
    """Raise the InputError for what could never be issued there: before anything is accepted."""
    if order.media_type not in abilities.media_types:
        known = ", ".join(sorted(abilities.media_types))
        raise InputError(
            "prescription.media_type",
            Words(
                en=f"Service {name} takes {known}, not {order.media_type}.",
                fr=f"Le service {name} accepte {known}, pas {order.media_type}.",
            ),
            field="media_type",
        )
    if len(order.content) > abilities.max_bytes:
        raise LimitError(
            "prescription.too_large",
            Words(
                en=f"A prescription for {name} has at most {abilities.max_bytes} bytes.",
                fr=f"Une ordonnance pour {name} a au plus {abilities.max_bytes} octets.",
            ),
            limit=abilities.max_bytes,
        )
    if unknown := sorted(set(order.options) - abilities.options):
        known = ", ".join(sorted(abilities.options)) or "-"
        raise InputError(
            "prescription.option",
            Words(
                en=f"Service {name} knows no option {unknown[0]!r}; it knows: {known}.",
                fr=f"Le service {name} ne connaît pas l'option {unknown[0]!r} ; il connaît : {known}.",
            ),
            field="options",
        )
    for one in order.hand_over:
        if one.form not in abilities.handing:
            raise wrong_form(one, abilities)


def wrong_form(order: HandOrder, abilities: Abilities) -> InputError:
    """Make the error for a form that a service hands nothing over in."""
    known = ", ".join(sorted(abilities.handing)) or "-"
    return InputError(
        "prescription.handing",
        Words(
            en=f"This service hands nothing over as {order.form}; it does as: {known}.",
            fr=f"Ce service ne remet rien sous la forme {order.form} ; il remet sous : {known}.",
        ),
        field="hand_over",
    )


def absent(what: str, en: str, fr: str) -> InputError:
    """Make the error for what a prescription does not have."""
    return InputError(f"prescription.{what}", Words(en=en, fr=fr))


def closed(name: OperatorName) -> PeerError:
    """Make the error for a service whose connector is not open."""
    return PeerError(
        "prescription.service_closed",
        Words(
            en=f"Service {name} is not open now; try again later.",
            fr=f"Le service {name} n'est pas ouvert pour l'instant ; réessayez plus tard.",
        ),
    )


def unknown(services: Iterable[OperatorName]) -> InputError:
    """Make the error for an order that names no service, or none of ours."""
    known = ", ".join(sorted(services))
    if not known:
        return InputError(
            "prescription.service",
            Words(
                en="This hub has no prescription service, or none that could be opened: “hub check” tells"
                " whoever runs it why.",
                fr="Ce hub n'a aucun service de prescription, ou aucun qui ait pu s'ouvrir : « hub check »"
                " dit pourquoi à son exploitant.",
            ),
            field="service",
        )
    return InputError(
        "prescription.service",
        Words(
            en=f"Name the service to issue it at; this hub has: {known}.",
            fr=f"Nommez le service qui doit l'émettre ; ce hub connaît : {known}.",
        ),
        field="service",
    )
