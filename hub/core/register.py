"""Who is who, and who reaches whom: what senders and recipients are held against."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.core.choosing import Preference
from hub.core.operators import Operators
from hub.core.trust import Trust
from hub.ports.directory import Directory
from hub.ports.filling import Dated


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The directories, the operators and the space of trust, as the core asks them."""

    directory: Directory
    operators: Operators
    trust: Trust = field(default_factory=Trust)
    preference: Preference = field(default_factory=Preference)

    def version(self) -> str | None:
        """Say from which version the directory answers, for the evidence of a 'not listed'."""
        return self.directory.held().version if isinstance(self.directory, Dated) else None
