"""The errors of reading mail: what is wrong, and in which part."""

from __future__ import annotations

from hub.errors import LimitError, MalformedError, Words


def malformed(en: str, fr: str, part: str = "", code: str = "mail.malformed") -> MalformedError:
    """Return the error for bytes that are not the mail that they claim to be.

    `part` is a part's number as IMAP counts them (`1.2`); empty for the mail as a whole.
    """
    in_en, in_fr = _place(part)
    return MalformedError(
        code,
        Words(en=f"The mail can't be read{in_en}: {en}.", fr=f"Le courrier est illisible{in_fr} : {fr}."),
        field=part or "mail",
    )


def too_much(en: str, fr: str, limit: int, part: str = "") -> LimitError:
    """Return the error for a limit that was passed."""
    in_en, in_fr = _place(part)
    return LimitError(
        "mail.too_much",
        Words(
            en=f"The mail can't be taken{in_en}: {en} (the limit is {limit}).",
            fr=f"Le courrier ne peut être pris{in_fr} : {fr} (la limite est {limit}).",
        ),
        field=part or "mail",
        limit=limit,
    )


def _place(part: str) -> tuple[str, str]:
    return (f", in part {part}", f", dans la partie {part}") if part else ("", "")
