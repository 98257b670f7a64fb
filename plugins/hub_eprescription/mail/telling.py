"""What is told to a prescriber: what became of a prescription, of a wish, of a hand-over; what was answered.

Each letter stands in the thread of the order, in the prescriber's language. What a pharmacy or the service
gave is attached byte for byte.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from typing import Final

from hub.domain.party import Identifier
from hub.domain.prescription_order import HandOrder
from hub.domain.target import Description
from hub.errors import Words
from hub.ports.intake import Stage
from hub.ports.prescription import Cancellation, Dispensing
from hub_eprescription.mail import letter, wording
from hub_eprescription.mail.answers import Answer
from hub_eprescription.mail.letter import About, Letter, Voice
from hub_eprescription.mail.writing import Piece

_XML: Final = ".xml"


async def dispensed(event: Dispensing, about: About, voice: Voice, stage: Stage) -> Letter:
    """Tell what happened to a prescription, with the document that says so when there is one."""
    tongue = voice.tongue(about)
    state = wording.STATES[event.state]
    document = document_of(event)
    which, at = wording.which(about, tongue), wording.when(event.at, tongue)
    said = event.text.in_language(tongue)
    if wording.french(tongue):
        text = wording.paragraphs(
            f"Au sujet de {which} : {state.fr}, le {at}.",
            said,
            f"Le document reçu est joint : {document.name}." if document else "",
            f"Message automatique du service « {voice.title} », en réponse à votre ordonnance.",
        )
    else:
        text = wording.paragraphs(
            f"About {which}: {state.en}, on {at}.",
            said,
            f"The document that came is attached: {document.name}." if document else "",
            f"An automatic message of the service '{voice.title}', in answer to your prescription.",
        )
    return await letter.write(
        about,
        voice,
        stage,
        key=f"event:{event.id}",
        subject=wording.subject(voice.title, state, tongue),
        text=text,
        attached=() if document is None else (document,),
    )


async def cancelled(
    said: Cancellation, about: About, voice: Voice, stage: Stage, *, occasion: str = ""
) -> Letter:
    """Tell what came of a wish to cancel that could not be answered at once. `occasion` tells two apart."""
    tongue = voice.tongue(about)
    which = wording.which(about, tongue)
    if wording.french(tongue):
        opening = f"Vous avez demandé d'annuler {which}. Le service n'a pu répondre aussitôt ; il répond :"
        closing = f"Message automatique du service « {voice.title} », en réponse à votre ordonnance."
    else:
        opening = f"You had asked to cancel {which}. The service could not answer at once; it answers now:"
        closing = f"An automatic message of the service '{voice.title}', in answer to your prescription."
    return await letter.write(
        about,
        voice,
        stage,
        key=f"cancel:{occasion}:{said.result}",
        subject=wording.subject(voice.title, wording.RESULTS[said.result], tongue),
        text=wording.paragraphs(opening, said.words.in_language(tongue), closing),
        attached=(),
    )


async def not_handed(order: HandOrder, why: Words, about: About, voice: Voice, stage: Stage) -> Letter:
    """Tell that a hand-over by mail came to nothing, why, and that the prescription stands all the same."""
    tongue = voice.tongue(about)
    which, to = wording.which(about, tongue), _named(order)
    if wording.french(tongue):
        text = wording.paragraphs(
            f"Au sujet de {which} : votre demande de la remettre à {to} n'a pas abouti.",
            why.fr,
            "L'ordonnance elle-même n'a pas changé : remettez-la au patient, ou à un autre destinataire.",
            f"Message automatique du service « {voice.title} », en réponse à votre ordonnance.",
        )
    else:
        text = wording.paragraphs(
            f"About {which}: your wish to hand it over to {to} came to nothing.",
            why.en,
            "The prescription itself has not changed: hand it to the patient, or to somebody else.",
            f"An automatic message of the service '{voice.title}', in answer to your prescription.",
        )
    return await letter.write(
        about,
        voice,
        stage,
        key=f"hand-over:{order.name}",
        subject=wording.subject(voice.title, wording.NOT_HANDED, tongue),
        text=text,
        attached=(),
    )


async def answered(answer: Answer, about: About, voice: Voice, stage: Stage) -> Letter:
    """Pass on what a pharmacy or a patient wrote to the service's mailbox, with all that they attached."""
    tongue = voice.tongue(about)
    which, at = wording.which(about, tongue), wording.when(answer.at, tongue)
    name, address = answer.sender.name, answer.sender.address
    author = f"{name} <{address}>" if name != str(address) else str(address)
    unread = [one.in_language(tongue) for one in answer.unreadable]
    if wording.french(tongue):
        text = wording.paragraphs(
            f"{author} a écrit le {at} au sujet de {which} :",
            answer.text,
            _listed("Documents joints :", answer.attached),
            *unread,
            f"Pour lui répondre, écrivez à {address}. Message transmis par le service « {voice.title} ».",
        )
    else:
        text = wording.paragraphs(
            f"{author} wrote on {at} about {which}:",
            answer.text,
            _listed("Attached documents:", answer.attached),
            *unread,
            f"To answer, write to {address}. This was passed on by the service '{voice.title}'.",
        )
    return await letter.write(
        about,
        voice,
        stage,
        key=f"answer:{answer.envelope}",
        subject=wording.subject(voice.title, wording.ANSWER, tongue),
        text=text,
        attached=answer.attached,
    )


def document_of(event: Dispensing) -> Piece | None:
    """Return the document that an event came with, under a name that programs understand."""
    if event.document is None:
        return None
    media_type = event.media_type or "application/octet-stream"
    ending = _XML if media_type.endswith("xml") else mimetypes.guess_extension(media_type) or ".bin"
    name = event.document_name or f"dispensation{'.json' if media_type.endswith('json') else ending}"
    return Piece(name=name, media_type=media_type, content=event.document)


def _listed(title: str, pieces: Sequence[Piece]) -> str:
    return "\n".join([title, *(f"- {one.name}" for one in pieces)]) if pieces else ""


def _named(order: HandOrder) -> str:
    match order.to:
        case Identifier(value=value):
            return value
        case Description():
            return str(order.to)
        case _:
            return str(order.to)
