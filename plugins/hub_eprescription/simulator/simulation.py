"""What is simulated: the services, who may use them, the faults to come, and what was asked so far."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub_eprescription.simulator.asking import Answer, Asking
from hub_eprescription.simulator.billing import Billing
from hub_eprescription.simulator.faults import Fault, Plan
from hub_eprescription.simulator.gematik import Workflow
from hub_eprescription.simulator.keeping import Kept
from hub_eprescription.simulator.messages import Messages
from hub_eprescription.simulator.parties import Access, Accesses
from hub_eprescription.simulator.pharmacy import Pharmacy
from hub_eprescription.simulator.routes import Route, bare, route
from hub_eprescription.simulator.spine import Spine
from hub_eprescription.simulator.spine_names import BASE
from hub_eprescription.simulator.spine_orders import Orders
from hub_eprescription.simulator.subscribing import Subscriptions

if TYPE_CHECKING:
    from hub_eprescription.signing.authorities import Authorities
    from hub_eprescription.signing.verdict import Verified

_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that came. `status` is None when it got no answer; `route` is None for no operation."""

    method: str
    route: str | None
    status: int | None
    fault: str | None = None


class Simulation:
    """Both services, and everything that can be done to them.

    `trust` are the authorities of prescribers' certificates: None takes every signature that holds, whoever
    made it. `folder` keeps the prescriptions across restarts. `now` is the clock; `advance` puts it forward.
    `algorithm` is what EPS wants to be signed with: `RS256`, or `RS1` (SHA-1).
    """

    def __init__(
        self,
        accesses: Iterable[Access] = (),
        *,
        folder: Path | None = None,
        trust: Authorities | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        prescribers_read: bool = True,
        algorithm: str = "RS256",
    ) -> None:
        """Open it. Raises StoreError for a folder that holds something else."""
        self.accesses = Accesses(accesses)
        self._clock = now
        self._ahead = timedelta()
        self._trust = trust
        self.gematik = Workflow(
            kept=Kept(folder and folder / "gematik", first=int(now().timestamp())),
            seal=self._seal,
            now=self.now,
            prescribers_read=prescribers_read,
        )
        self.messages = Messages(service=self.gematik)
        self.billing = Billing(service=self.gematik)
        self.subscriptions = Subscriptions(now=self.now)
        self.messages.arrived.append(self.subscriptions.arrived)
        self.gematik.changed.append(self.subscriptions.changed)
        self.eps = Spine(orders=Orders(folder and folder / "eps"), now=self.now, algorithm=algorithm)
        self.pharmacy = Pharmacy(self.gematik, self.eps)
        self.routes: Sequence[Route] = [
            *_gematik_routes(self.gematik),
            *_messages_routes(self.messages),
            *_billing_routes(self.billing),
            route("subscribe", "POST", "/Subscription", bare(self.subscriptions.subscribe)),
            *_eps_routes(self.eps),
        ]
        self.plan = Plan([one.name for one in self.routes])
        self.seen: deque[Seen] = deque(maxlen=_REMEMBERED)
        self.asked: Counter[str] = Counter()
        self.told: list[Callable[[Seen], None]] = []

    def now(self) -> datetime:
        """Return the time at the services."""
        return self._clock() + self._ahead

    def advance(self, by: timedelta) -> None:
        """Put the services' clock forward."""
        self._ahead += by

    def fault(self, route: str, kind: str, times: int = 1) -> None:
        """Ask for a fault (`hub_eprescription.simulator.faults`). Raises InputError."""
        self.plan.add(Fault.of(route, kind, times))

    def commit(self, text: str) -> None:
        """Ask for a fault that is written `OPERATION=KIND[:TIMES]`. Raises InputError."""
        self.plan.add(Fault.parse(text))

    def heal(self) -> None:
        """Commit no more faults."""
        self.plan.clear()

    def note(self, seen: Seen) -> None:
        """Remember a request."""
        self.seen.append(seen)
        if seen.route is not None:
            self.asked[seen.route] += 1
        for one in self.told:
            one(seen)

    async def _seal(self, signed: bytes, at: datetime) -> Verified:
        from hub_eprescription.signing import cades  # noqa: PLC0415 - heavy
        from hub_eprescription.signing.authorities import Authorities  # noqa: PLC0415 - heavy

        verified = await cades.verify(signed, self._trust or Authorities(), at)
        return verified if self._trust is None else verified.require()


def _gematik_routes(service: Workflow) -> list[Route]:
    return [
        route("create", "POST", "/Task/$create", bare(service.create)),
        route("activate", "POST", "/Task/{id}/$activate", service.activate),
        route("accept", "POST", "/Task/{id}/$accept", service.accept),
        route("reject", "POST", "/Task/{id}/$reject", service.reject),
        route("dispense", "POST", "/Task/{id}/$dispense", service.dispense),
        route("close", "POST", "/Task/{id}/$close", service.close),
        route("abort", "POST", "/Task/{id}/$abort", service.abort),
        route("task", "GET", "/Task/{id}", service.look),
        route("tasks", "GET", "/Task", bare(service.look_all)),
        route("dispensed", "GET", "/MedicationDispense", bare(service.dispensed)),
        route("metadata", "GET", "/metadata", bare(_metadata)),
    ]


def _messages_routes(messages: Messages) -> list[Route]:
    return [
        route("communicate", "POST", "/Communication", bare(messages.send)),
        route("communications", "GET", "/Communication", bare(messages.look_all)),
        route("communication", "GET", "/Communication/{id}", messages.look),
        route("communication-delete", "DELETE", "/Communication/{id}", messages.delete),
    ]


def _billing_routes(billing: Billing) -> list[Route]:
    return [
        route("consent", "POST", "/Consent", bare(billing.consent)),
        route("consents", "GET", "/Consent", bare(billing.consented)),
        route("consent-revoke", "DELETE", "/Consent", bare(billing.revoke)),
        route("charge", "POST", "/ChargeItem", bare(billing.charge)),
        route("charge-item", "GET", "/ChargeItem/{id}", billing.look),
        route("charge-change", "PUT", "/ChargeItem/{id}", billing.change),
        route("charge-mark", "PATCH", "/ChargeItem/{id}", billing.mark),
        route("charge-delete", "DELETE", "/ChargeItem/{id}", billing.delete),
    ]


def _eps_routes(service: Spine) -> list[Route]:
    return [
        route("prepare", "POST", f"{BASE}/$prepare", bare(service.prepare)),
        route("process-message", "POST", f"{BASE}/$process-message", bare(service.process)),
        route("tracker", "GET", f"{BASE}/Task", bare(service.look)),
        route("eps-metadata", "GET", f"{BASE}/metadata", bare(_metadata)),
    ]


def _metadata(_: Asking, __: Access) -> Answer:
    return Answer(
        resource={
            "resourceType": "CapabilityStatement",
            "status": "active",
            "kind": "instance",
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+xml", "application/fhir+json"],
        }
    )
