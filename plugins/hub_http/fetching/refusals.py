"""Why something that came can't be taken: the key of the description, and what was found, without values."""

from __future__ import annotations

from hub.errors import HubError, InputError, MalformedError, PeerError, Words
from hub_http.wire.faults import WireFault


def wrong(key: str, en: str, fr: str) -> MalformedError:
    """Make the error for a value that a key of the description picks; the sentence goes on after the key."""
    return MalformedError(
        "arrived.malformed",
        Words(
            en=f"What came from the operator can't be read as its description says: `{key}` {en}.",
            fr=f"Ce qui est venu de l'opérateur n'est pas lisible selon sa description : `{key}` {fr}.",
        ),
        field=key,
    )


class UnreadableError(PeerError):
    """An answer that is not JSON, or not XML, where its description expects it. It may be a proxy's."""


def unreadable(key: str, why: HubError) -> UnreadableError:
    """Make the error for an answer that a key of the description looks into in vain."""
    return UnreadableError(
        "arrived.unreadable",
        Words(
            en=f"What came from the operator can't be looked into by `{key}`: {why.words.en}",
            fr=f"Ce qui est venu de l'opérateur est illisible pour `{key}` : {why.words.fr}",
        ),
        field=key,
    )


def no_document(operator: str, status: int) -> WireFault:
    """Make the error for a document that a message has and its operator does not give."""
    return WireFault(
        "arrived.no_document",
        Words(
            en=f"Operator {operator} has a message, and not a document of it ({status}).",
            fr=f"L'opérateur {operator} a un message, et pas un document de celui-ci ({status}).",
        ),
        stage="sent",
        host=operator,
    )


class UnknownDeliveryError(InputError):
    """Something speaks of a delivery that is not known, or not yet."""


def unknown_delivery() -> UnknownDeliveryError:
    """Make the error for news about a delivery that is not in the ledger."""
    return UnknownDeliveryError(
        "arrived.unknown_delivery",
        Words(
            en="What came speaks of a delivery that this hub does not know, or not any more.",
            fr="Ce qui est venu parle d'une remise que ce hub ne connaît pas, ou plus.",
        ),
    )


class EarlyError(HubError):
    """A report about a message whose send has not been answered yet: it is recorded at a later look."""


def early() -> EarlyError:
    """Make the error for a report that comes before the answer to what it is about."""
    return EarlyError(
        "arrived.early",
        Words(
            en="A report speaks of a message whose send has not been answered yet; it waits.",
            fr="Un rapport parle d'un message dont l'envoi n'a pas encore eu de réponse ; il attend.",
        ),
    )
