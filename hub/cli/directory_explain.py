"""`hub directory explain`: which directory was asked what, what it answered, and what comes of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import typer

from hub.cli import entries, exit_codes, screen
from hub.cli.given import given
from hub.cli.language import told
from hub.cli.options import Json, Who
from hub.cli.screen import Cell
from hub.domain.target import Description
from hub.errors import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.core.explain import Answer, Explanation
    from hub.domain.target import Target


def explain(
    ctx: typer.Context,
    *,
    who: Who,
    json: Json = False,
) -> None:
    """Show how the hub decides about a recipient: each directory, the trust space, the operator.

    Exit code 0 when a message would be accepted, 4 when it would be refused, 6 when what must be asked
    can't answer.
    """
    from hub.app import lookup as asking  # noqa: PLC0415 -- heavy: every plugin

    settings = given(ctx).load().settings
    explanation = asyncio.run(asking.explain(settings, who))
    if json:
        screen.as_json(_data(explanation))
    else:
        _show(explanation)
    raise typer.Exit(_code(explanation))


def _code(one: Explanation) -> int:
    if one.reachable:
        return exit_codes.FINE
    # None that can't answer is passed over; for a description every directory is needed.
    several = isinstance(one.target, Description)
    said = [each for each in one.answers if each.error or (each.entries and not several)]
    silent = any(each.error for each in (said if several else said[:1]))
    failed = silent or one.admission_error is not None
    return exit_codes.TEMPORARY if failed else exit_codes.REFUSED


def _show(one: Explanation) -> None:
    screen.line(entries.spelt(one.target))
    screen.line()
    screen.table(_COLUMNS, [row for each in one.answers for row in _rows(each, one.target)])
    screen.line()
    rows = [(_TRUST, _admitted(one)), (_OPERATOR, one.operator or told(_NONE))]
    if one.suggestions:
        rows.append((_MEANT, ", ".join(map(str, one.suggestions))))
    screen.rows([[Cell(told(name)), Cell(value)] for name, value in rows])
    screen.line()
    screen.mark("✓" if one.reachable else "✗", told(one.verdict))


def _rows(one: Answer, target: Target) -> Iterator[list[Cell]]:
    """Yield a line for what a directory said, one for each mailbox when it is a list."""
    first, *others = _said(one, target)
    spent = f"{one.spent * 1000:.1f} ms" if one.asked else ""
    yield [Cell(one.directory, "bold"), Cell(first), Cell(one.version or ""), Cell(spent, "dim")]
    for each in others:
        yield [Cell(""), Cell(each), Cell(""), Cell("")]


def _said(one: Answer, target: Target) -> list[str]:
    if not one.asked:
        return [told(_BY_NUMBER if isinstance(target, Description) else _KNOWN)]
    if one.error is not None:
        return [told(one.error)]
    if not one.entries:
        return [told(Words(en="not listed", fr="ne le connaît pas"))]
    return [
        f"{each.address} – {each.name} ({entries.mailbox(each)}, {told(entries.standing(each.standing))})"
        for each in one.entries
    ]


def _admitted(one: Explanation) -> str:
    if one.admission is not None:
        return f"{one.admission.domain} – {one.admission.member} ({one.admission.source})"
    if one.admission_error is not None:
        return told(one.admission_error)
    if one.admission_asked:
        return told(Words(en="not admitted", fr="non admis"))
    return told(Words(en="not asked", fr="pas interrogé"))


_KNOWN: Final = Words(en="not asked: an earlier one knew", fr="pas interrogé : un précédent savait")
_BY_NUMBER: Final = Words(en="can't be asked for a description", fr="ne peut être interrogé par description")
_TRUST: Final = Words(en="trust space", fr="espace de confiance")
_OPERATOR: Final = Words(en="operator", fr="opérateur")
_MEANT: Final = Words(en="did you mean", fr="serait-ce")
_NONE: Final = Words(en="none", fr="aucun")
_COLUMNS: Final = (
    Words(en="directory", fr="annuaire"),
    Words(en="answer", fr="réponse"),
    Words(en="version", fr="version"),
    Words(en="time", fr="temps"),
)


def _data(one: Explanation) -> dict[str, Any]:
    from hub.adapters.http.entries import as_json  # noqa: PLC0415 -- only for programs

    admission = one.admission
    return {
        "target": entries.spelt(one.target),
        "reachable": one.reachable,
        "verdict": _words(one.verdict),
        "directories": [
            {
                "name": each.directory,
                "version": each.version,
                "asked": each.asked,
                "seconds": round(each.spent, 6),
                "entries": [as_json(entry) for entry in each.entries],
                "error": _words(each.error),
            }
            for each in one.answers
        ],
        "trust": {
            "asked": one.admission_asked,
            "admitted": admission is not None,
            "domain": admission and admission.domain,
            "member": admission and admission.member,
            "source": admission and admission.source,
            "error": _words(one.admission_error),
        },
        "operator": one.operator,
        "suggestions": [str(each) for each in one.suggestions],
    }


def _words(words: Words | None) -> dict[str, str] | None:
    return {"en": words.en, "fr": words.fr} if words else None
