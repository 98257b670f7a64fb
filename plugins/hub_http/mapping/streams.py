"""A document on its way into a body: which one, and how its bytes are written there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from hub.ports.content import Content

Writing = Literal["base64", "base64url", "base64url-bare", "hex", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """What `document | base64` gives: the document is read when the body is sent, in pieces."""

    content: Content = field(repr=False)
    writing: Writing


@dataclass(frozen=True, slots=True)
class Mixed:
    """A text with documents in it, in pieces: `data:application/pdf;base64,{{ document | base64 }}`."""

    parts: tuple[str | Streamed, ...]


def content_of(value: Any) -> Content | None:
    """Return the content of a document as templates see it; None for anything else."""
    if isinstance(value, Streamed):
        return None
    content: Content | None = getattr(value, "content", value)
    return content if hasattr(content, "pieces") and hasattr(content, "read") else None
