"""The errors of reading an `IHE_XDM.ZIP`: one bad entry refuses the whole mail."""

from __future__ import annotations

from hub.errors import LimitError, MalformedError, Words


def malformed(code: str, en: str, fr: str) -> MalformedError:
    """Return the error for a zip that is not a sound IHE XDM."""
    return MalformedError(
        f"xdm.{code}",
        Words(en=f"IHE_XDM.ZIP can't be read: {en}.", fr=f"IHE_XDM.ZIP est illisible : {fr}."),
        field="IHE_XDM.ZIP",
    )


def too_much(en: str, fr: str, limit: int) -> LimitError:
    """Return the error for a limit that was passed."""
    return LimitError(
        "xdm.too_much",
        Words(
            en=f"IHE_XDM.ZIP can't be taken: {en} (the limit is {limit}).",
            fr=f"IHE_XDM.ZIP ne peut être pris : {fr} (la limite est {limit}).",
        ),
        field="IHE_XDM.ZIP",
        limit=limit,
    )
