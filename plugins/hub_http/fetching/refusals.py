"""Why something that came can't be taken: the key of the description, and what was found, without values."""

from __future__ import annotations

from hub.errors import InputError, MalformedError, Words


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
