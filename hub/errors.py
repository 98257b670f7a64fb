"""Every error that the hub raises, in one tree.

HubError
├── InputError          what came in can't be taken as it is; the peer can act on it
│   ├── MalformedError  the bytes are not what they claim to be
│   ├── LimitError      too large, too many, too deep
│   └── ConflictError   the same key was used for something else
├── TrustError          who sent it may not, or its signature does not hold
├── PeerError           the far side failed, or could not be reached
├── StoreError          our own store failed; nothing was taken, try again later
└── ConfigError         the configuration can't be used; names file and key

An outcome (delivered, refused …) is a value, not an error: see `hub.domain.outcome`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = ("en", "fr")
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def spoken(tag: str | None) -> str:
    """Return which of the hub's languages a BCP 47 tag or a POSIX locale asks for; English for others."""
    primary = re.split("[-_.@]", (tag or "").lower(), maxsplit=1)[0]
    return primary if primary in LANGUAGES else "en"


def spoken_at(environment: Mapping[str, str]) -> str:
    """Return the language of a terminal: the first variable that is set decides (POSIX.1-2017, 8.2)."""
    return spoken(next((environment[name] for name in _VARIABLES if environment.get(name)), None))


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence for a person, in every language that the hub speaks.

    It must be safe to show: it may name the fault, a field, an address that its reader gave us,
    never what a message says about a patient.
    """

    en: str
    fr: str

    def in_language(self, tag: str | None) -> str:
        """Return the sentence in the language that `tag` asks for; see `spoken`."""
        return self.fr if spoken(tag) == "fr" else self.en


class HubError(Exception):
    """Base of all. `code` is stable and documented; `words` are for people; `fields` go to the log."""

    def __init__(self, code: str, words: Words, **fields: object) -> None:
        super().__init__(f"{code}: {words.en}")
        self.code = code
        self.words = words
        self.fields = fields


class InputError(HubError):
    """What came in can't be taken as it is. `field` in `fields` says where, when it is known."""


class MalformedError(InputError):
    """The bytes are not what they claim to be."""


class LimitError(InputError):
    """Something is larger, longer, deeper or more numerous than the configured limit."""


class ConflictError(InputError):
    """An idempotency key or a protocol id came again with other content."""


class TrustError(HubError):
    """The sender may not do this, or a signature does not hold."""


class PeerError(HubError):
    """The far side failed or could not be reached."""


class StoreError(HubError):
    """Our own store failed: nothing was taken, the peer may try again."""


class ConfigError(HubError):
    """The configuration can't be used as it is."""
