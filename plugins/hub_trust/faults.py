"""Everything that can be wrong with a trust list, in words. They name file and line.

What is public in such a list (domains, names of operators) may stand in the words; nothing else is in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hub.errors import LimitError, MalformedError, TrustError, Words
from hub.ports.trust import TrustUnavailableError


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file."""

    file: str
    line: int | None = None

    def at(self, line: int | None) -> Place:
        """Return the same file, at a line."""
        return replace(self, line=line)

    def malformed(self, code: str, en: str, fr: str) -> MalformedError:
        """Make the error for content that is not what it should be."""
        return MalformedError(f"trust.{code}", self._words(en, fr), file=self.file, line=self.line)

    def limit(self, code: str, en: str, fr: str) -> LimitError:
        """Make the error for what is too large."""
        return LimitError(f"trust.{code}", self._words(en, fr), file=self.file, line=self.line)

    def untrusted(self, code: str, en: str, fr: str) -> TrustError:
        """Make the error for a signature, a signer or a list that does not count."""
        return TrustError(f"trust.{code}", self._words(en, fr), file=self.file, line=self.line)

    def _words(self, en: str, fr: str) -> Words:
        line_en = f", line {self.line}" if self.line else ""
        line_fr = f", ligne {self.line}" if self.line else ""
        return Words(en=f"{self.file}{line_en}: {en}.", fr=f"{self.file}{line_fr} : {fr}.")


def nothing_held(name: str, why: Words | None) -> TrustUnavailableError:
    """Say that no list was ever taken, and what is wrong with the one that is there."""
    en, fr = (f" {why.en}", f" {why.fr}") if why is not None else ("", "")
    return TrustUnavailableError(
        "trust.none_held",
        Words(
            en=f"The space of trust {name} has no list that counts yet.{en}",
            fr=f"L'espace de confiance {name} n'a encore aucune liste valable.{fr}",
        ),
    )


def ended(version: str, end: str, why: Words | None) -> TrustUnavailableError:
    """Say that the list is too old to be believed, and what is wrong with the next."""
    en, fr = (f" {why.en}", f" {why.fr}") if why is not None else ("", "")
    return TrustUnavailableError(
        "trust.held_ended",
        Words(
            en=f"The list {version} should have been replaced by {end}, and none that counts has come.{en}",
            fr=f"La liste {version} devait être remplacée avant le {end} ; aucune valable n'est venue.{fr}",
        ),
    )


def early(version: str, issued: str) -> TrustUnavailableError:
    """Say that the hub's clock stands before the list was made, so that no date in it can be judged."""
    return TrustUnavailableError(
        "trust.held_early",
        Words(
            en=f"The list {version} is of {issued}, which is yet to come by the hub's clock: set the clock.",
            fr=f"La liste {version} est du {issued}, dans l'avenir selon l'horloge du hub : réglez-la.",
        ),
    )
