"""The page that says what of gematik's recorded scenarios is replayed against the adapter, and what is not.

`python -m tests.build_scenarios` writes it, from the recordings alone; it needs all 84 of them.
"""

# ruff: noqa: E501 -- sentences and rows of a page stand on one line each
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.plugins.eprescription import scenarios
from tests.plugins.eprescription.gematik import recorded
from tests.plugins.eprescription.gematik.recorded import Cancel, Issue
from tests.plugins.eprescription.scenarios import Scenario, What

PAGE: Final = Path("docs/reference/erezept-scenarios.md")
_HEAD: Final = """\
# gematik's recorded scenarios, and which of them the connector passes

<!-- Made by `python -m tests.build_scenarios` from the recordings. -->

gematik publishes what its reference environment was asked and answered in {count} test scenarios, {negative} of them about refusals ([eRezept-Examples](https://github.com/gematik/eRezept-Examples), `Test-Scenarios/2025-01-15`, Apache-2.0).
In every one of them a prescriber does something.
**That part of each is replayed against the connector, and passes**: {issues} prescriptions, {refused} of them refused, and {cancels} deletions.

A server on loopback answers, over TLS, with the recorded bytes.
The test holds the connector to this:

- each request is the recorded one: method, path, access code, and a body that says the same FHIR;
- what is signed is byte for byte what was signed then; the recorded signature goes out byte for byte, and is verified first;
- the prescriber gets the recorded number, access code and last day, and a 2D code that says what the recorded picture says;
- a refusal reaches the prescriber with the service's own words, and its OperationOutcome beside them.

What pharmacies said they had handed out is read too, wherever a recorded answer holds it.

The simulator (`hub prescription simulate`) is held to the same recordings from the other side, with everybody's steps.

## What is not replayed, and why

| whose steps | why they don't apply to the prescriber's connector |
| --- | --- |
| a pharmacy's: `$accept`, `$reject`, `$dispense`, `$close`, `$abort` with a secret, `GET /Task` with one | a hub of prescribers has no pharmacy's token; the service would refuse it |
| a pharmacy's: `ChargeItem` (what a private insurance pays back) | the same, and it comes after the prescription is over |
| a patient's: `GET /Task`, `GET /MedicationDispense`, `$abort`, `Communication`, `Consent`, `ChargeItem` | they are done with the patient's own card or app |
| a pharmacy's signatures (`SMC-B`) | they are over receipts and charges, not over prescriptions |
| a deletion without a recorded request | the recordings leave out requests without a body; the replay asks what the API demands, and answers 204 |

The last two columns count recorded answers to others in that scenario.

## Scenario by scenario

| scenario | what the prescriber does | pharmacies | patients |
| --- | --- | --- | --- |
"""
_ACTORS: Final = {
    "prescriber": r"Ärztin|\bArzt\b|[Ss]chraßer",
    "pharmacy": r"Apotheke|Am flughafen|Am waldesrand|Stadtapotheke",
    "patient": r"Versicherte|hüllmann|angermänn|hütter|bäcker|Versicherten",
}


def page() -> str:
    """Return the page."""
    every = list(scenarios.scenarios())
    steps = [step for one in every for step in recorded.part(one)]
    issues = [one for one in steps if isinstance(one, Issue)]
    head = _HEAD.format(
        count=len(every),
        negative=sum(one.negative for one in every),
        issues=len(issues),
        refused=sum(one.answer.status >= 400 for one in issues),
        cancels=len(steps) - len(issues),
    )
    return head + "".join(_row(one) for one in every)


def _row(scenario: Scenario) -> str:
    counted = Counter(_others(scenario))
    told = ", ".join(f"{count} × {what}" if count > 1 else what for what, count in _told(scenario).items())
    name = " ".join(scenario.title.split()).replace("|", "/")
    return f"| {name} | {told} | {counted['pharmacy'] or ''} | {counted['patient'] or ''} |\n"


def _told(scenario: Scenario) -> Counter[str]:
    told: Counter[str] = Counter()
    for one in recorded.part(scenario):
        match one:
            case Cancel(answer=None):
                told["deletes it"] += 1
            case Cancel():
                told["may not delete it: a pharmacy holds it"] += 1
            case Issue():
                told[_issued(one)] += 1
    return told


def _issued(issue: Issue) -> str:
    flow = re.search(rb'code value="(\d{3})"', issue.create.content)
    kind = flow[1].decode() if flow else "?"
    if issue.answer.status < 400:
        return f"issues ({kind})"
    texts = re.findall(rb'<text value="([^"]*)"', issue.answer.content)
    said = " / ".join(one.decode().replace("&quot;", '"') for one in texts)
    where = "number" if issue.activate is None else "issue"
    return f"is refused the {where} ({kind}, {issue.answer.status}: “{said}”)"


def _others(scenario: Scenario) -> Iterator[str]:
    own = [one.answer for one in recorded.part(scenario)]
    own += [one.created for one in recorded.part(scenario) if isinstance(one, Issue)]
    for step in scenario.steps:
        for one in step.files:
            if one.what is What.ANSWER and one not in own:
                yield _actor(step.name)


def _actor(sentence: str) -> str:
    """Return who acts in a step: whoever is named first."""
    found = {
        name: place.start()
        for name, signs in _ACTORS.items()
        if (place := re.search(signs, sentence)) is not None
    }
    return min(found, key=lambda one: found[one]) if found else "patient"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
