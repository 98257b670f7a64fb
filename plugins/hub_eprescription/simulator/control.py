"""What a person or a test says to the simulator beside the services' own interfaces, only from loopback.

| below `/_simulator/` | what it does |
| --- | --- |
| `GET counts` | prescriptions by state, `issued` (all that were activated), requests by operation |
| `GET prescriptions` | number, state, workflow, digest of what was signed; never a code |
| `POST prescriptions/<number>/<deed>` | a pharmacy does it (`_DEEDS`) |
| `GET prescriptions/<number>/notification` | of EPS: what the pharmacy reports of it, to hand on to the hub |
| `POST faults` | `{"operation": "activate", "kind": "lost", "times": 1}` |
| `DELETE faults` | commits no more faults |
| `POST clock` | `{"forward": 86400}`: puts the services' clock forward, so many seconds |

No proof is asked for: whoever can run programs on this machine may do it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Final

from aiohttp import web

from hub.errors import HubError
from hub_eprescription.simulator import asking as reading
from hub_eprescription.simulator import fhir, spine_notifying
from hub_eprescription.simulator.asking import Asking
from hub_eprescription.simulator.fhir import Form
from hub_eprescription.simulator.outcomes import DeclinedError
from hub_eprescription.simulator.pharmacy import Pharmacy
from hub_eprescription.simulator.simulation import Simulation
from hub_eprescription.simulator.tasks import State

PATH: Final = "/_simulator/"
_DEEDS: Final = {
    "claim": Pharmacy.claim,
    "reject": Pharmacy.reject,
    "dispense": Pharmacy.dispense,
    "close": Pharmacy.close,
    "abort": Pharmacy.abort,
}


async def handle(simulation: Simulation, request: web.BaseRequest) -> web.Response:
    """Do what is said."""
    if not _is_near(request.remote):
        return _said(403, {"error": "only from loopback"})
    try:
        return _do(simulation, await reading.read(request))
    except HubError as error:
        return _said(422, {"error": error.words.en})
    except DeclinedError as error:
        return _said(409, {"error": error.issues[0].text, "status": error.status})
    except KeyError as error:
        return _said(404, {"error": f"there is no {error}"})
    except (reading.TooLargeError, ValueError, TypeError, OverflowError):
        return _said(400, {"error": "this can't be read"})


def _do(simulation: Simulation, said: Asking) -> web.Response:
    what = said.path.removeprefix(PATH)
    match said.method, what:
        case "GET", "counts":
            return _said(200, counts(simulation))
        case "GET", "prescriptions":
            return _said(200, {"prescriptions": _listed(simulation)})
        case "GET", _ if what.startswith("prescriptions/") and what.endswith("/notification"):
            return _notification(simulation, what.split("/")[1])
        case "POST", "faults":
            asked = json.loads(said.body)
            simulation.fault(str(asked["operation"]), str(asked["kind"]), int(asked.get("times", 1)))
        case "DELETE", "faults":
            simulation.heal()
        case "POST", "clock":
            simulation.advance(timedelta(seconds=float(json.loads(said.body)["forward"])))
        case "POST", _ if what.startswith("prescriptions/"):
            _, number, deed = what.split("/")
            _DEEDS[deed](simulation.pharmacy, number)
        case _:
            return _said(404, {"error": "there is no such thing here"})
    return _said(200, {})


def _notification(simulation: Simulation, number: str) -> web.Response:
    order = simulation.eps.orders.get(number)
    if order is None:
        raise KeyError(number)
    body = fhir.write(spine_notifying.notification(order, simulation.now()), Form.JSON)
    return web.Response(body=body, content_type=Form.JSON.value)


def counts(simulation: Simulation) -> Mapping[str, Any]:
    """Return how many prescriptions there are, by state, and how often each operation was asked for."""
    states = simulation.gematik.kept.counts()
    cancelled_drafts = sum(
        one.state is State.CANCELLED and one.accept_by is None for one in simulation.gematik.kept
    )
    issued = sum(states.values()) - states[State.DRAFT.value] - cancelled_drafts
    eps = simulation.eps.orders.counts()
    return {
        "states": states,
        "issued": issued,
        "eps": {"states": eps, "issued": sum(eps.values())},
        "asked": dict(simulation.asked),
    }


def _listed(simulation: Simulation) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "workflow": one.flow,
            "state": one.state.value,
            "signed_sha256": None if one.signed is None else hashlib.sha256(one.signed).hexdigest(),
        }
        for one in simulation.gematik.kept
    ] + [
        {"number": one.number, "workflow": "eps", "state": one.status.value, "signed_sha256": one.seal}
        for one in simulation.eps.orders
    ]


def _is_near(remote: str | None) -> bool:
    try:
        return remote is not None and ip_address(remote).is_loopback
    except ValueError:
        return False


def _said(status: int, body: Mapping[str, Any]) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(body, indent=1).encode() + b"\n", content_type="application/json"
    )
