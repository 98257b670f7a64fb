"""Opens a double: it listens when it is there, and what was asked of it is at hand."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from aiohttp import web

from hub.errors import ConfigError, Words
from hub.plugin import reasons
from hub.plugin.double.papers import server as context_of
from hub_http.description.authentication import OAuth2
from hub_http.description.model import Description
from hub_http.description.simulation import Route
from hub_http.description.values import Scalar
from hub_http.double import calls as calling
from hub_http.double import papers
from hub_http.double.calls import LATE, Called, Calls, Hook
from hub_http.double.faults import Fault, Plan
from hub_http.double.listening import Port
from hub_http.double.proofs import Proofs
from hub_http.double.serving import Desk, Seen
from hub_http.double.store import Held

HOST: Final = "localhost"
ADDRESS: Final = "127.0.0.1"
_DRAIN: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Files of the server. `clients`: authorities of the certificates that callers must show; else none."""

    certificate: Path
    key: Path
    anchors: Path
    clients: Path | None = None


class Double:
    """A double that listens.

    `url` is its base URL, `anchors` the file with the authority to trust; `parameters` and `secrets` are
    those to be configured at the hub.
    """

    def __init__(
        self,
        desk: Desk,
        url: str,
        anchors: Path,
        parameters: Mapping[str, Scalar],
        secrets: Mapping[str, str],
    ) -> None:
        self.url = url
        self.anchors = anchors
        self.parameters = parameters
        self.secrets = secrets
        self._desk = desk

    @property
    def messages(self) -> Sequence[Held]:
        """What recipients got of the hub, whole messages only, in order."""
        return [one for one in self.held if not one.incoming and one.state in {"accepted", "acknowledged"}]

    @property
    def held(self) -> Sequence[Held]:
        """Everything: drafts, messages, and what others sent."""
        return list(self._desk.store.messages())

    @property
    def receipts(self) -> Sequence[Held]:
        """The receipts that the hub has not taken."""
        return self._desk.store.receipts(None)

    @property
    def seen(self) -> Sequence[Seen]:
        """What was asked of it, in order."""
        return list(self._desk.seen)

    @property
    def called(self) -> Sequence[Called]:
        """The calls that it made."""
        return [] if self._desk.calls is None else list(self._desk.calls.made)

    def fault(self, route: str, kind: str, times: int = 1) -> None:
        """Ask for a fault (`hub_http.double.faults`). Raises InputError."""
        self.commit(Fault.of(route, kind, times))

    def commit(self, fault: Fault) -> None:
        """Ask for a fault that was read."""
        self._desk.commit(fault)

    async def heal(self) -> None:
        """Commit no more faults."""
        await self._desk.heal()

    async def incoming(self, body: bytes, headers: Mapping[str, str]) -> Held:
        """Let another user send the hub a message."""
        return await self._desk.incoming(body, headers)

    async def settled(self) -> None:
        """Wait until all calls of webhooks have come to their end."""
        if self._desk.calls is not None:
            await self._desk.calls.settled()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """How a double is opened, beside its description.

    What is missing of `parameters` and `secrets` is made up. `port` 0 lets the system choose one. `webhook`
    is the URL of this operator at the hub's door, `webhook_anchors` whom to believe there, `late` by how much
    a late call is late. `told` hears of each request.
    """

    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: Tls | None = None
    address: str = ADDRESS
    port: int = 0
    unknown: Collection[str] = ()
    webhook: str | None = None
    webhook_anchors: Path | None = None
    late: timedelta = LATE
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    told: Callable[[Seen], None] | None = None


@asynccontextmanager
async def open_double(
    description: Description, folder: Path, plans: Plans | None = None
) -> AsyncIterator[Double]:
    """Yield a double that listens. Files that it makes go to `folder`, which is there.

    Raises ConfigError when the description has no `[simulate]`, an address is taken, or a file is unusable.
    """
    plans = plans or Plans()
    simulation = description.simulate
    if simulation is None:
        raise _unplayable()
    tls = plans.tls or _issued(folder)
    try:
        context = context_of(tls.certificate, tls.key, tls.clients)
        port = Port(plans.address, plans.port, context, papers.strange)
    except (OSError, ssl.SSLError) as error:
        raise _no_port(error, plans) from error
    url = f"https://{HOST}:{port.number}"
    parameters = _parameters(description, plans.parameters, url)
    secrets = {**papers.drawn(description), **plans.secrets}
    lent = {
        "hub": "hub",
        "operator": "double",
        "parameters": parameters,
        "codes": description.codes,
        "request": {"base": url},
    }
    plan = Plan()
    desk = Desk(
        simulation=simulation,
        proofs=Proofs(description, simulation, secrets, lent),
        plan=plan,
        port=port,
        now=plans.now,
        lent=lent,
        unknown=frozenset(one.lower() for one in plans.unknown),
        told=plans.told,
    )
    server = desk.server = web.Server(
        desk.handle, handler_cancellation=True, auto_decompress=False, access_log=None
    )
    async with calling.open_session() as session:
        if plans.webhook is not None:
            hook = Hook(url=plans.webhook, context=_trusting(plans.webhook_anchors, tls))
            desk.calls = Calls(
                description=description,
                hook=hook,
                secrets=secrets,
                scope=lent,
                plan=plan,
                now=plans.now,
                session=session,
                late=plans.late,
            )
        await port.open(server)
        try:
            yield Double(desk, url, tls.anchors, parameters, secrets)
        finally:
            desk.closing.set()
            await port.close()
            await server.shutdown(_DRAIN)
            if desk.calls is not None:
                await desk.calls.close()


def _issued(folder: Path) -> Tls:
    made = papers.issue(folder)
    return Tls(certificate=made.certificate, key=made.key, anchors=made.anchors)


def _trusting(anchors: Path | None, tls: Tls) -> ssl.SSLContext:
    """Return the context of calls; the double shows its own certificate to doors that ask for one."""
    try:
        context = ssl.create_default_context(cafile=None if anchors is None else str(anchors))
        context.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:
        why = reasons.tls(error)
        raise ConfigError(
            "double.files",
            Words(
                en=f"The authorities of the hub's door can't be used ({anchors}): {why.en}.",
                fr=f"Les autorités de la porte du hub sont inutilisables ({anchors}) : {why.fr}.",
            ),
        ) from error
    return context


def _parameters(description: Description, given: Mapping[str, Scalar], url: str) -> dict[str, Scalar]:
    """Return a value for each parameter: the given one, the default, where tokens are, or its own name."""
    token = next((one.path for one in _routes(description) if one.does == "token"), None)
    asked = " ".join(one.token_url for one in description.auth if isinstance(one, OAuth2))
    values: dict[str, Scalar] = {}
    for name, one in description.parameters.items():
        if name in given:
            values[name] = given[name]
        elif one.default is not None:
            values[name] = one.default
        elif token is not None and f"parameters.{name}" in asked:
            values[name] = f"{url}{token}"
        else:
            values[name] = name.upper()
    return values


def _routes(description: Description) -> tuple[Route, ...]:
    return () if description.simulate is None else description.simulate.routes


def _unplayable() -> ConfigError:
    return ConfigError(
        "double.unplayable",
        Words(
            en="The description has no [simulate] table: it does not say how a double behaves.",
            fr="La description n'a pas de table [simulate] : elle ne dit pas comment joue une doublure.",
        ),
    )


def _no_port(error: OSError, plans: Plans) -> ConfigError:
    why = reasons.tls(error) if isinstance(error, ssl.SSLError) else reasons.why(error)
    where = f"{plans.address}:{plans.port}"
    return ConfigError(
        "double.listen",
        Words(
            en=f"The double can't listen on {where} with these files: {why.en}.",
            fr=f"La doublure ne peut pas écouter sur {where} avec ces fichiers : {why.fr}.",
        ),
    )
