"""Prescriptions into the words of a sheet: what is said, and in what order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hub.domain.prescription import Medicine
from hub.errors import LimitError, Words
from hub_eprescription.sheet import naming, rows, words
from hub_eprescription.sheet.item import Item
from hub_eprescription.sheet.letters import Letters
from hub_eprescription.sheet.rows import Block, Group, Picture, Row, Script

MOST_CHARACTERS: Final = 50_000
"""How much text one sheet takes: some twenty pages."""


def compose(items: Sequence[Item], letters: Letters, *, language: str, title: str) -> Script:
    """Return the sheet of one patient's prescriptions by one prescriber.

    Raises InputError `prescription.unprintable`, LimitError `prescription.sheet_too_long`; ValueError for no
    prescriptions, or those of different people.
    """
    if sum(_length(item) for item in items) > MOST_CHARACTERS:
        raise LimitError(
            "prescription.sheet_too_long",
            Words(
                en=f"The sheet would be too long: at most {MOST_CHARACTERS} characters of text are printed. "
                "The prescription itself is not concerned.",
                fr=f"La feuille serait trop longue : on imprime au plus {MOST_CHARACTERS} caractères de "
                "texte. L'ordonnance elle-même n'est pas en cause.",
            ),
            limit=MOST_CHARACTERS,
        )
    people = {
        (item.view.patient, item.view.born, item.view.prescriber, item.view.organisation) for item in items
    }
    if len(people) != 1:
        raise ValueError("a sheet is of one patient's prescriptions by one prescriber")
    return _Composing(letters, language).script(items, title)


class _Composing:
    def __init__(self, letters: Letters, language: str) -> None:
        self._tidy = letters.tidy
        self._language = language

    def script(self, items: Sequence[Item], title: str) -> Script:
        view = items[0].view
        ours = self._say(words.TITLE)
        patient = self._one_line(view.patient)
        valid = [item for item in items if item.record.state not in words.ENDED]
        coded = any(item.code is not None for item in valid)
        kicker = self._one_line(title)
        return Script(
            title=" – ".join([ours, *dict.fromkeys(filter(None, map(self._number, items)))]),
            language=self._language,
            running=" · ".join(filter(None, [ours, patient])),
            top=(
                *((Row(text=kicker, style=rows.SMALL),) if kicker and kicker != ours else ()),
                Row(text=ours, style=rows.TITLE),
                *((Row(text=self._say(words.LEAD), style=rows.LEAD),) if valid else ()),
            ),
            left=tuple(self._patient(items[0], patient)),
            right=tuple(self._prescriber(items[0])),
            blocks=tuple(self._block(item) for item in items),
            advice=tuple(self._advice(coded=coded)) if valid else (),
            foot=self._say(words.SAFE) if coded else "",
            page=self._say(words.PAGE),
        )

    def _patient(self, item: Item, name: str) -> Iterator[Row]:
        yield Row(text=self._say(words.PATIENT), style=rows.SMALL)
        yield Row(text=name, style=rows.NAME)
        if item.view.born is not None:
            born = words.day(item.view.born, self._language)
            yield Row(text=self._say(words.BORN).format(born))
        for number in naming.of_person(item.view.patient_identifiers):
            yield Row(text=self._one_line(number))

    def _prescriber(self, item: Item) -> Iterator[Row]:
        yield Row(text=self._say(words.PRESCRIBER), style=rows.SMALL)
        yield Row(text=self._one_line(item.view.prescriber), style=rows.NAME)
        if item.view.organisation:
            yield Row(text=self._tidy(item.view.organisation))
        for number in naming.of_person(item.view.prescriber_identifiers):
            yield Row(text=self._one_line(number))

    def _block(self, item: Item) -> Block:
        number = self._number(item)
        medicines = item.view.medicines
        shown = number or self._say(words.NO_NUMBER)
        return Block(
            picture=self._picture(item),
            groups=(
                self._head(item, shown),
                *(
                    tuple(self._medicine(one, f"{place}. " if len(medicines) > 1 else ""))
                    for place, one in enumerate(medicines, 1)
                ),
            ),
            continued=self._say(words.CONTINUED).format(shown),
        )

    def _head(self, item: Item, number: str) -> Group:
        view, record = item.view, item.record
        until = view.valid_until or (record.expires_at.date() if record.expires_at else None)
        made = [Row(text=self._say(words.NUMBER), style=rows.SMALL), Row(text=number, style=rows.NUMBER)]
        if view.authored_on is not None:
            made.append(
                Row(text=self._say(words.PRESCRIBED).format(words.day(view.authored_on, self._language)))
            )
        if until is not None and record.state not in words.ENDED:
            said = self._say(words.VALID).format(words.day(until, self._language))
            made.append(Row(text=said, style=rows.STRONG))
        return tuple(made)

    def _picture(self, item: Item) -> Picture | None:
        ended = words.ENDED.get(item.record.state)
        if ended is not None:
            return Picture(instead=self._say(ended))
        if item.code is None:
            return None
        return Picture(
            text=item.code.text,
            symbology=item.code.symbology,
            image=item.code.image,
            caption=self._say(words.SCAN),
            described=self._say(words.DESCRIBED).format(self._number(item)).strip(),
        )

    def _medicine(self, one: Medicine, place: str) -> Iterator[Row]:
        yield Row(text=place + self._tidy(one.name), style=rows.MEDICINE, before=10)
        said = {None: "", True: self._say(words.ALLOWED), False: self._say(words.FORBIDDEN)}
        for label, text in (
            (words.DOSAGE, one.dosage),
            (words.QUANTITY, one.quantity),
            (words.FORM, one.form),
            (words.SUBSTITUTION, said[one.substitution]),
            (words.NOTE, one.note),
            (words.CODE, naming.of_medicine(one.system, one.code) if one.code else ""),
        ):
            if text.strip():
                style = rows.STRONG if label is words.DOSAGE else rows.TEXT
                yield Row(text=self._tidy(text.strip()), style=style, label=self._say(label), before=1)

    def _advice(self, *, coded: bool) -> Iterator[Row]:
        yield Row(text=self._say(words.STEPS_TITLE), style=rows.STRONG)
        steps = words.STEPS if coded else words.STEPS_WITHOUT_CODE
        for place, step in enumerate(steps, 1):
            yield Row(text=f"{place}. {self._say(step)}", before=1)

    def _number(self, item: Item) -> str:
        return self._one_line(item.number or "")

    def _one_line(self, text: str) -> str:
        return " ".join(self._tidy(text).split("\n")).strip()

    def _say(self, said: Words) -> str:
        return said.in_language(self._language)


def _length(item: Item) -> int:
    view = item.view
    numbers = (one.value for one in (*view.patient_identifiers, *view.prescriber_identifiers))
    texts = (
        text
        for one in view.medicines
        for text in (one.name, one.code or "", one.form, one.dosage, one.quantity, one.note)
    )
    own = (item.number or "", view.patient, view.prescriber, view.organisation)
    return sum(map(len, (*own, *numbers, *texts))) + 100 * len(view.medicines)
