"""How a prescription stands, and what pharmacies have handed out: asked of the service, where it tells.

Today's service tells neither to prescribers (403). It is then asked no more while the hub runs, and what is
known goes on: issued, cancelled, expired.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from hub.domain.prescription import PrescriptionState
from hub.errors import ConfigError, MalformedError, PeerError, Words
from hub.ports.host import Host
from hub.ports.prescription import Dispensing, News, Record
from hub_eprescription.gematik import asking, fhir, task
from hub_eprescription.gematik.asking import Asking, Reply
from hub_eprescription.gematik.fhir import JSON, Node
from hub_eprescription.gematik.settings import Settings
from hub_eprescription.wire.table import Kind

PAGE: Final = 50
LOOK_BACK: Final = timedelta(days=7)
"""Pharmacies may say days later what they handed out: so far back is looked each time."""
MOST_SEEN: Final = 5000
_KIND: Final = "MedicationDispense"
_S = PrescriptionState
_OPEN: Final = frozenset({_S.ACTIVE, _S.CLAIMED, _S.PARTLY_DISPENSED, _S.UNKNOWN})
_NUMBER: Final = re.compile(r"[0-9]{3}(?:\.[0-9]{3}){4}\.[0-9]{2}")
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
_FORBIDDEN: Final = 403
_GONE: Final = 410


class Tracking:
    """Follows prescriptions."""

    def __init__(self, settings: Settings, asking: Asking, host: Host) -> None:
        self._settings = settings
        self._asking = asking
        self._host = host
        self._forbidden: set[str] = set()

    async def status(self, record: Record) -> Record:
        """Return the record as it is to be. Raises PeerError."""
        if record.number is None or record.state not in _OPEN:
            return record
        reply = await self._ask(_Q.TASK, f"Task/{record.number}", access_code=record.secret)
        if reply is None:
            return self._by_date(record)
        if reply.status == _GONE:
            gone = self._by_date(record)
            return gone if gone.state is _S.EXPIRED else replace(record, state=_S.CANCELLED)
        node = reply.resource() if reply.judgement.good else None
        found = task.of(node) if node is not None else None
        if found is None or found.number != record.number:
            raise PeerError("prescription.service_failed", reply.words, status=reply.status)
        expires = found.expires_at(self._settings.time_zone) or record.expires_at
        return self._by_date(replace(record, state=found.state, expires_at=expires))

    async def events(self, cursor: str | None) -> News:
        """Return what was handed out since a cursor; None is now. Raises PeerError."""
        today = self._host.clock.now().astimezone(self._settings.time_zone).date()
        if cursor is None:
            return News(events=(), cursor=_spelled(today, [], None))
        since, seen, page = _read(cursor)
        first = max(since, today - LOOK_BACK)
        query = page or urlencode(
            {"whenhandedover": f"ge{first.isoformat()}", "_sort": "whenhandedover", "_count": PAGE}, safe=":"
        )
        reply = await self._ask(_Q.DISPENSINGS, f"{_KIND}?{query}", accept=JSON)
        if reply is None:
            return News(events=(), cursor=cursor)
        node = reply.resource() if reply.judgement.good else None
        if node is None or node.kind != "Bundle":
            raise PeerError("prescription.service_failed", reply.words, status=reply.status)
        found = self._readable(reply.answer.body)
        new = [one for one in found if one.id not in seen]
        # What is older than what is asked for is not told again: it need not be remembered.
        lately = [one for one in (*seen, *(each.id for each in new)) if _day_of(one) >= first.isoformat()]
        seen = lately[-MOST_SEEN:]
        following = _next(node, query)
        return News(
            events=new,
            cursor=_spelled(since, seen, following),
            more=following is not None,
        )

    def read(self, content: bytes) -> Sequence[Dispensing]:
        """Read FHIR JSON: a MedicationDispense, or a Bundle of them. Raises InputError."""
        resources = _resources(content)
        beside = _medications(resources)
        return [self._read(one, beside) for one in resources if one.get("resourceType") == _KIND]

    def _readable(self, content: bytes) -> Sequence[Dispensing]:
        """Read a page of them: one that can't be read keeps nobody from hearing of the others."""
        resources = _resources(content)
        beside, found = _medications(resources), list[Dispensing]()
        for one in resources:
            if one.get("resourceType") != _KIND:
                continue
            try:
                found.append(self._read(one, beside))
            except MalformedError as error:
                self._host.log.warning(
                    "prescription.event_unreadable", operator=self._host.name, code=error.code
                )
        return found

    def _read(self, said: Mapping[str, Any], beside: Mapping[str, Any]) -> Dispensing:
        try:
            return self._dispensing(said, beside)
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            IndexError,
            StopIteration,
            OverflowError,
        ):
            raise MalformedError(
                "prescription.malformed",
                Words(
                    en="What a pharmacy handed out can't be read: number or date are missing.",
                    fr="Ce qu'une pharmacie a délivré ne peut être lu : le numéro ou la date manquent.",
                ),
            ) from None

    def _dispensing(self, said: Mapping[str, Any], beside: Mapping[str, Any]) -> Dispensing:
        number = next(one["value"] for one in said["identifier"] if one.get("system") == fhir.NUMBER)
        when = str(said["whenHandedOver"])
        if not _NUMBER.fullmatch(number) or not _ID.fullmatch(said["id"]):
            raise ValueError("no number, or no id")
        # In UTC too, as it will be told: the first and the last day that there are have no such moment.
        at = self._moment(when).astimezone(UTC)
        day = (at if _is_day(when) else at.astimezone(self._settings.time_zone)).date().isoformat()
        wanted = str(said.get("medicationReference", {}).get("reference", "")).rpartition("/")[2]
        medication = beside.get(wanted.removeprefix("urn:uuid:"))
        entries = [{"resource": one} for one in (said, medication) if one is not None]
        document = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        return Dispensing(
            id=f"{number}/{said['id']}/{when}",
            number=str(number),
            # What is handed out may still be taken back: that all is over, the Task alone says.
            state=_S.PARTLY_DISPENSED,
            at=at,
            text=Words(
                en=f"A pharmacy handed out what prescription {number} says, on {day}; the document says "
                "what.",
                fr=f"Une pharmacie a délivré au titre de l'ordonnance {number}, le {day} ; le document joint "
                "dit quoi.",
            ),
            document=json.dumps(document).encode("ascii"),
            media_type=JSON,
            document_name="dispensing.json",
        )

    def _moment(self, text: str) -> datetime:
        moment = datetime.fromisoformat(text)
        if _is_day(text):
            # Midnight of UTC stands for a day whose hour nobody said: so it stays the same day to all.
            return datetime.combine(moment.date(), time(), UTC)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=self._settings.time_zone)

    def _by_date(self, record: Record) -> Record:
        over = record.expires_at is not None and self._host.clock.now() >= record.expires_at
        return replace(record, state=_S.EXPIRED) if over and record.state is _S.ACTIVE else record

    async def _ask(
        self, what: str, path: str, *, access_code: str | None = None, accept: str = fhir.XML
    ) -> Reply | None:
        """Ask; None when prescribers may not. Raises PeerError."""
        if what in self._forbidden or not self._settings.follow:
            return None
        try:
            reply = await self._asking.ask("GET", path, access_code=access_code, accept=accept)
        except ConfigError as error:
            raise PeerError(error.code, error.words, **error.fields) from error
        if reply.judgement.kind is Kind.TOKEN:
            raise asking.token_refused()
        if reply.status == _FORBIDDEN and reply.said.says("endpoint is forbidden"):
            self._forbidden.add(what)
            self._host.log.info("prescription.untold", operator=self._host.name, part=what)
            return None
        return reply


def _is_day(text: str) -> bool:
    return len(text) <= len("2026-03-03")


def _resources(content: bytes) -> Sequence[Mapping[str, Any]]:
    """Return what a MedicationDispense, or a Bundle, holds. Raises InputError."""
    kind, held = fhir.read(content, JSON).kind, json.loads(content)
    if kind == _KIND:
        return [held]
    entries = held.get("entry") if kind == "Bundle" else None
    every = [one.get("resource") for one in entries or () if isinstance(one, dict)]
    return [one for one in every if isinstance(one, dict)]


def _medications(resources: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {f"{one.get('id')}": one for one in resources if one.get("resourceType") == "Medication"}


class _Q:
    TASK: Final = "Task"
    DISPENSINGS: Final = _KIND


def _day_of(event: str) -> str:
    """Return the day in an event's id."""
    return event.rpartition("/")[2][:10]


def _next(node: Node, query: str) -> str | None:
    """Return the query of the next page: never more than that, whatever host the link names."""
    for link in node.all("link"):
        if link.text("relation") == "next":
            found = urlsplit(link.text("url")).query
            return found if found and found != query and found.isascii() else None
    return None


def _spelled(since: date, seen: Sequence[str], page: str | None) -> str:
    return json.dumps({"since": since.isoformat(), "seen": list(seen), "page": page})


def _read(cursor: str) -> tuple[date, list[str], str | None]:
    held = json.loads(cursor)
    return date.fromisoformat(held["since"]), list(held["seen"]), held.get("page")
