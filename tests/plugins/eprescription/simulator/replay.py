"""Plays a recorded scenario against a simulation: the recorded bytes where there are, else what a step says.

The simulation is given the recorded numbers, access codes and secrets to draw, and the recorded day, so that
every recorded request and every recorded signature can be sent as it is.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hub_eprescription.simulator import fhir, systems
from hub_eprescription.simulator.fhir import Form, Resource
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.simulation import Simulation
from tests.plugins.eprescription.scenarios import Exchange, Recorded, Scenario, What
from tests.plugins.eprescription.simulator.facts import Played, parsed, recorded, target, told
from tests.plugins.eprescription.simulator.stage import Caller, Heard

DOCTOR = Access(token="doctor", role=Role.PRESCRIBER, identifier="1-HBA-Testkarte-883110000095767")
FLUGHAFEN = Access(token="flughafen", role=Role.PHARMACY, identifier="3-SMC-B-Testkarte--883110000163973")
WALDESRAND = Access(token="waldesrand", role=Role.PHARMACY, identifier="3-SMC-B-Testkarte--883110000163974")
NOBODY = Access(token="nobody", role=Role.PATIENT, identifier="X000000000")
_REMARKS = re.compile(r"check the return code|performable predicate|^answeredBy|verify receipt signature")
_NUMBER = re.compile(r"\d{3}(?:\.\d{3}){4}\.\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request without a body. `code` goes into the header `X-AccessCode`."""

    who: Access
    method: str
    path: str
    code: str | None = None


def getting(who: Access, path: str, code: str | None = None) -> Asked:
    """Ask for something."""
    return Asked(who=who, method="GET", path=path, code=code)


def posting(who: Access, path: str, code: str | None = None) -> Asked:
    """Ask for something to be done."""
    return Asked(who=who, method="POST", path=path, code=code)


class Replay:
    """One scenario that is being played. `passed_over` counts answers that nobody knows the question of."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.codes: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.bills: set[str] = set()
        self.patients: dict[str, Access] = {}
        self.number = ""
        self.sentence = ""
        self.message = ""
        self.passed_over = 0
        numbers, drawn, begun = self._scan()
        self.simulation = Simulation(
            [DOCTOR, FLUGHAFEN, WALDESRAND, *self.patients.values()], now=lambda: begun
        )
        workflow = self.simulation.gematik
        workflow.kept.next_number = lambda _: numbers.popleft()  # type: ignore[method-assign]
        workflow.draw = lambda what: drawn[what].popleft() if drawn[what] else "0" * 64

    def _scan(self) -> tuple[deque[str], dict[str, deque[str]], datetime]:
        numbers: deque[str] = deque()
        drawn: dict[str, deque[str]] = {"access-code": deque(), "secret": deque(), "charge-item": deque()}
        begun = datetime.fromisoformat("2025-03-28T08:00:00+00:00")
        for one in self.scenario.files:
            if one.what in {What.REQUEST, What.ANSWER}:
                for found in re.findall(rb'kvid-10"[^X]{1,60}(X\d{9})', one.content):
                    self._know(found.decode())
            if one.what is not What.ANSWER:
                continue
            body = parsed(one)
            if one.status == 201 and one.resource == "Task":
                numbers.append(body["id"])
                begun = datetime.fromisoformat(body["authoredOn"])
                code = self.codes[body["id"]] = fhir.identified(body["identifier"], systems.ACCESS_CODE) or ""
                drawn["access-code"].append(code)
            if target(body).endswith("/$accept/"):
                task = fhir.entries(body, "Task")[0]
                secret = fhir.identified(task["identifier"], systems.SECRET) or ""
                self.secrets[task["id"]] = secret
                drawn["secret"].append(secret)
            drawn["charge-item"].extend(self._bills(body))
        return numbers, drawn, begun

    def _bills(self, body: Resource) -> Iterator[str]:
        for item in fhir.entries(body, "ChargeItem"):
            code = fhir.identified(item["identifier"], systems.ACCESS_CODE)
            if code is not None and code not in self.bills:
                self.bills.add(code)
                yield code

    def _know(self, patient: str) -> None:
        self.patients.setdefault(
            patient, Access(token=f"kvnr-{patient}", role=Role.PATIENT, identifier=patient)
        )

    async def play(self, caller: Caller) -> list[Played]:
        """Play it from its first step to its last."""
        played = []
        for step in self.scenario.steps:
            self.hear(step.name)
            files = [one for one in step.files if one.what is What.CODE]
            for exchange in step.exchanges:
                if self.untold(exchange):
                    self.passed_over += 1
                    continue
                heard = await self._ask(caller, exchange)
                played.append(
                    Played(sentence=self.sentence, recorded=recorded(exchange.answer), heard=told(heard))
                )
            for one in files:
                assert one.access_code in {self.codes.get(one.number), *self.bills}
            if not _REMARKS.search(step.name):
                await self._do(caller)
        return played

    def hear(self, name: str) -> None:
        """Take a step's sentence; later steps that are mere remarks are about it."""
        if not _REMARKS.search(name):
            self.sentence = name.replace("\n", " ")

    def untold(self, exchange: Exchange) -> bool:
        """Whether nothing says what was asked: an empty search result, and no word of it in the step."""
        if exchange.request is not None:
            return False
        body = parsed(exchange.answer)
        named = "Dispensierinformation" in self.sentence or "Einwilligung" in self.sentence
        return body["resourceType"] == "Bundle" and not body.get("entry") and not target(body) and not named

    async def _ask(self, caller: Caller, exchange: Exchange) -> Heard:
        if exchange.request is not None:
            return await self._ask_recorded(caller, exchange.request, exchange.answer)
        asked = self._meant(exchange.answer)
        form = Form.JSON if exchange.answer.is_json else Form.XML
        return await caller.ask(asked.who, asked.method, asked.path, code=asked.code, accept=form)

    async def _ask_recorded(self, caller: Caller, request: Recorded, answer: Recorded) -> Heard:
        body = parsed(request)
        form = Form.JSON if request.is_json else Form.XML
        accept = Form.JSON if answer.is_json else Form.XML
        number = _NUMBER.search(request.target)
        if number is not None:
            self.number = number[0]
        access = self._who(request, body, form)
        code = self.codes.get(self.number) if request.target.endswith("$activate") else None
        if request.target == "/Task/$create" and answer.resource == "Task":
            self.number = parsed(answer)["id"]
        heard = await caller.ask(
            access, request.method, request.target, request.content, code=code, form=form, accept=accept
        )
        if answer.resource == "Communication" and heard.status == 201:
            self.message = heard.resource["id"]
        return heard

    def _who(self, request: Recorded, body: Resource, form: Form) -> Access:
        if request.target == "/Task/$create":
            return FLUGHAFEN if "Keine Arztpraxis" in self.sentence else DOCTOR
        if request.target.endswith("$activate"):
            return DOCTOR
        if request.target == "/Consent":
            return self.patients[fhir.text(body, "patient", "identifier", "value")]
        if form is Form.JSON:
            return self._patient()
        return FLUGHAFEN

    def _patient(self) -> Access:
        """Return the patient of the last prescription; before there is one, that of what will be signed."""
        held = self.simulation.gematik.kept.get(self.number)
        if held is not None and held.patient is not None:
            return self.patients[held.patient]
        signed = [one for one in self.scenario.files if one.what is What.TO_SIGN and one.card == "HBA"]
        named = (
            access
            for number, access in self.patients.items()
            if any(number.encode() in file.content for file in signed)
        )
        return next(named, NOBODY)

    def _other(self) -> Access:
        """Return the representative: whoever is not the patient."""
        mine = self._patient()
        return next((one for one in self.patients.values() if one != mine), mine)

    def _pharmacy(self) -> Access:
        return WALDESRAND if "Am Waldesrand" in self.sentence else FLUGHAFEN

    def _meant(self, answer: Recorded) -> Asked:
        """Return what was asked, by the answer that came."""
        body = parsed(answer)
        where, task = target(body), f"/Task/{self.number}"
        code, secret = self.codes.get(self.number, ""), self.secrets.get(self.number, "")
        if body["resourceType"] == "OperationOutcome":
            return self._refused()
        if body["resourceType"] == "Communication":
            return getting(self._other(), f"/Communication/{self.message}")
        if where.endswith("/$accept/"):
            self._consented(body)
            return posting(FLUGHAFEN, f"{task}/$accept?ac={code}")
        if where.startswith("/Task/"):
            closing = posting(FLUGHAFEN, f"{task}/$close?secret={secret}")
            return closing if where.endswith("/$close/") else self._looked(body, answer)
        if where.startswith("/Communication"):
            reader = self._patient() if answer.is_json else FLUGHAFEN
            return getting(self._other() if "Vertreter Günther" in self.sentence else reader, where)
        return self._searched(body, answer)

    def _looked(self, body: Resource, answer: Recorded) -> Asked:
        """Return how a Task was looked at."""
        task, code = f"/Task/{self.number}", self.codes.get(self.number, "")
        if answer.is_json:
            if "dem Vertreter" in self.sentence:
                return getting(self._other(), task, code)
            return getting(self._patient(), task)
        with_receipt = bool(fhir.entries(body, "Bundle"))
        proof = f"secret={self.secrets[self.number]}" if with_receipt else f"ac={code}"
        return getting(FLUGHAFEN, f"{task}?{proof}")

    def _searched(self, body: Resource, answer: Recorded) -> Asked:
        """Return what was asked when the answer has no link of its own."""
        if fhir.entries(body, "ChargeItem"):
            path = f"/ChargeItem/{self.number}"
            if answer.is_json:
                return getting(self._patient(), path)
            return getting(FLUGHAFEN, f"{path}?ac={self.simulation.billing._bills[self.number].code}")
        if fhir.entries(body, "Consent") or "Einwilligung" in self.sentence:
            self._consented(body)
            return getting(self._patient(), "/Consent")
        named = f"{systems.PRESCRIPTION_ID}%7C{self.number}"
        return getting(self._patient(), f"/MedicationDispense?identifier={named}")

    def _consented(self, body: Resource) -> None:
        """Note a consent that an earlier scenario had left at the service."""
        for one in fhir.entries(body, "Consent"):
            self.simulation.gematik.consents.setdefault(self._patient().identifier, one)

    def _refused(self) -> Asked:
        """Return what was refused: the step says so."""
        said, task, bill = self.sentence, f"/Task/{self.number}", f"/ChargeItem/{self.number}"
        code, secret = self.codes.get(self.number, ""), self.secrets.get(self.number, "")
        wrong = re.search(r"falschen (?:Secret|AccessCode) (\w+)", said)
        if "PKV-Abrechnungsinformationen" in said and wrong is not None:
            return getting(FLUGHAFEN, f"{bill}?ac={wrong[1]}")
        if wrong is not None:
            deed = "$reject" if "zurückgeben" in said else "$abort"
            return posting(FLUGHAFEN, f"{task}/{deed}?secret={wrong[1]}")
        table = (
            ("PKV-Abrechnungsinformationen", getting(self._patient(), bill)),
            ("nicht beim Fachdienst akzeptieren", posting(self._pharmacy(), f"{task}/$accept?ac={code}")),
            ("nicht beim Fachdienst abrufen", getting(self._pharmacy(), f"{task}?ac={code}")),
            ("Dispensierinformationen", getting(FLUGHAFEN, "/MedicationDispense")),
            ("Workflow nicht abschliessen", posting(FLUGHAFEN, f"{task}/$close?secret={secret}")),
            ("nicht mehr angezeigt", getting(self._patient(), task)),
            ("ohne zu akzeptieren nicht löschen", posting(FLUGHAFEN, f"{task}/$abort")),
            ("Ärztin", posting(DOCTOR, f"{task}/$abort", code)),
        )
        usual = posting(self._other() if "Vertreter" in said else self._patient(), f"{task}/$abort")
        return next((asked for words, asked in table if words in said), usual)

    async def _do(self, caller: Caller) -> None:
        """Do what a step says that left no file: an answer without a body."""
        asked = self._done()
        if asked is None:
            return
        heard = await caller.ask(asked.who, asked.method, asked.path, code=asked.code)
        # a consent that is withdrawn may never have been there
        assert heard.status == 204 or (asked.path.startswith("/Consent") and heard.status == 404)

    def _done(self) -> Asked | None:
        said, task = self.sentence, f"/Task/{self.number}"
        code, secret = self.codes.get(self.number, ""), self.secrets.get(self.number, "")
        deletes = re.search(r"löscht\.?$", said) is not None
        table = (
            ("nicht " in said.replace("nicht mehr", ""), None),
            (
                "Abrechnungsinformationen löscht" in said,
                Asked(who=self._patient(), method="DELETE", path=f"/ChargeItem/{self.number}"),
            ),
            (
                "widerruf" in said,
                Asked(who=self._patient(), method="DELETE", path="/Consent?category=CHARGCONS"),
            ),
            ("zurückweist" in said, posting(FLUGHAFEN, f"{task}/$reject?secret={secret}")),
            ("mit AccessCode löschen" in said, posting(self._other(), f"{task}/$abort", code)),
            (deletes and "Ärztin" in said, posting(DOCTOR, f"{task}/$abort", code)),
            (deletes and "Apotheke" in said, posting(FLUGHAFEN, f"{task}/$abort?secret={secret}")),
            (deletes, posting(self._patient(), f"{task}/$abort")),
        )
        return next((asked for holds, asked in table if holds), None)
