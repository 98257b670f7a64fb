"""gematik's recorded test scenarios: who asked what of the service, and what it answered.

They come from gematik/eRezept-Examples, `Test-Scenarios/2025-01-15` (Apache-2.0): all 84 from the shared
test data where it is present, else the selection in `tests/assets/gematik-erezept`.

A recording holds the requests that have a body, and the answers that have one. So an `Exchange` may lack its
request (`GET`, `$accept`: the name of the step says what was asked), and `$abort` and `$reject`, which have
neither, are only told of by a step's name.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from tests.counterparts import SHARED, absent

ASSETS: Final = Path(__file__).parents[2] / "assets" / "gematik-erezept"
_WITHIN: Final = Path("Test-Scenarios") / "2025-01-15"
_ANSWER: Final = re.compile(r"Response (\d{3}): (\w+)(?: (.+))?")
_REQUEST: Final = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S*)")
_CODE: Final = re.compile(r"DMC for (\S+) with AccessCode ([0-9a-f]{64})")
_CARD: Final = re.compile(r"(Document to sign|Signed Document) with (HBA|SMC-B) (\S+) on .+")


class What(StrEnum):
    """What a recorded file is."""

    REQUEST = "request"
    ANSWER = "answer"
    TO_SIGN = "to-sign"
    SIGNED = "signed"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One recorded file.

    Of a request: `method` and `target`. Of an answer: `status` and `resource` (the type of what it holds).
    Of something signed: `card` (`HBA`: the professional's own, `SMC-B`: the institution's). Of a 2D code:
    `number` and `access_code`.
    """

    what: What
    operation: str
    path: Path
    method: str = ""
    target: str = ""
    status: int = 0
    resource: str = ""
    card: str = ""
    number: str = ""
    access_code: str = ""

    @property
    def is_json(self) -> bool:
        """Whether it is FHIR JSON; else FHIR XML, base64 of DER, or PNG."""
        return self.path.suffix == ".json"

    @property
    def content(self) -> bytes:
        """The bytes: of what was signed, the DER that its base64 holds."""
        held = self.path.read_bytes()
        return base64.b64decode(held) if self.what is What.SIGNED else held


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer, in the step that made it. `request` is None for one without a body."""

    step: str
    request: Recorded | None
    answer: Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One sentence of a scenario, and the files recorded while it ran."""

    name: str
    files: Sequence[Recorded]

    @property
    def table(self) -> Sequence[dict[str, str]]:
        """The table below the sentence, one mapping for each row."""
        rows = [
            [cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in self.name.splitlines()[1:]
        ]
        return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]] if rows else []

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """Its answers, each with the request before it."""
        found, request = [], None
        for one in self.files:
            if one.what is What.REQUEST:
                request = one
            elif one.what is What.ANSWER:
                found.append(Exchange(step=self.name, request=request, answer=one))
                request = None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scenario. `name` is its folder: `Arztpraxis/e_rezept_durch_verordnenden_löschen`."""

    name: str
    title: str
    description: str
    tags: Sequence[str]
    steps: Sequence[Step]

    @property
    def negative(self) -> bool:
        """Whether it shows that something is refused."""
        return "@TESTFALL:negativ" in self.tags

    @property
    def files(self) -> Sequence[Recorded]:
        """All recorded files, in order."""
        return [one for step in self.steps for one in step.files]

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """All exchanges, in order."""
        return [one for step in self.steps for one in step.exchanges]


def root() -> Path:
    """Return the folder of the recordings. Skips the test when there is none."""
    for folder in (SHARED / "gematik-erezept" / _WITHIN, ASSETS / _WITHIN):
        if folder.is_dir():
            return folder
    absent("gematik's recorded scenarios are not here")
    raise AssertionError


def present() -> Path | None:
    """Return the folder of the recordings, None when there is none: for lists of parameters."""
    folders = (SHARED / "gematik-erezept" / _WITHIN, ASSETS / _WITHIN)
    return next((one for one in folders if one.is_dir()), None)


def names() -> list[str]:
    """Return the names of all scenarios that are here, sorted; none when there are none."""
    folder = present()
    if folder is None:
        return []
    return sorted(str(one.parent.relative_to(folder)) for one in folder.glob("*/*/index.json"))


def scenario(name: str) -> Scenario:
    """Read one by the name of its folder. Skips the test when it is not here."""
    folder = root()
    if not (folder / name / "index.json").is_file():
        absent(f"the recorded scenario {name} is not here")
    held: dict[str, Any] = json.loads((folder / name / "index.json").read_text("utf-8"))
    return Scenario(
        name=name,
        title=held["name"],
        description=held.get("description", ""),
        tags=tuple(held["tags"]),
        steps=tuple(
            Step(name=one["name"], files=tuple(_recorded(folder, file) for file in one.get("dumps", ())))
            for one in held["steps"]
        ),
    )


def scenarios() -> Iterator[Scenario]:
    """Read all that are here."""
    return (scenario(one) for one in names())


def _recorded(folder: Path, held: dict[str, str]) -> Recorded:
    operation, path = held["operation"], folder / held["file"]
    if found := _REQUEST.fullmatch(operation):
        return Recorded(what=What.REQUEST, operation=operation, path=path, method=found[1], target=found[2])
    if found := _ANSWER.fullmatch(operation):
        return Recorded(
            what=What.ANSWER, operation=operation, path=path, status=int(found[1]), resource=found[2]
        )
    if found := _CODE.fullmatch(operation):
        return Recorded(what=What.CODE, operation=operation, path=path, number=found[1], access_code=found[2])
    if found := _CARD.fullmatch(operation):
        what = What.SIGNED if found[1].startswith("Signed") else What.TO_SIGN
        return Recorded(what=what, operation=operation, path=path, card=found[2])
    raise AssertionError(operation)
