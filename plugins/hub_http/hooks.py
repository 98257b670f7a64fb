"""The way out of descriptions: named Python hooks, for what an operator does that can't be described.

A hook is an object or a module that is offered as an entry point of the group `hub_http.hooks`, by any
installed package; a description names it. Each ability is a Protocol of its own, and one hook may have
several. What a hook raises or leaves out counts as for a connector: see `hub.ports.connector.Delivers`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol, TypeVar, cast, runtime_checkable

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Outcome
from hub.errors import ConfigError, Words
from hub.ports.connector import Parcel
from hub.ports.content import Content
from hub.ports.host import Host
from hub.ports.intake import Intake, Peer, Stage, Submission

GROUP: Final = "hub_http.hooks"
"""The group of entry points."""

A = TypeVar("A")


class Operator(Protocol):
    """What a hook sees of the operator that it works for."""

    @property
    def name(self) -> str:
        """The name of its table in the configuration."""
        ...

    @property
    def host(self) -> Host:
        """The hub: its clock, its log, this operator's ledger."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The values of `[operators.<name>.parameters]`, with the description's defaults."""
        ...

    @property
    def secrets(self) -> Mapping[str, str]:
        """The secrets, by name."""
        ...


class Answer(Protocol):
    """An answer, or the call of a webhook, read whole within the description's limits."""

    @property
    def status(self) -> int:
        """The status code; 0 for what is no answer."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names in lower case."""
        ...

    @property
    def body(self) -> bytes:
        """The bytes of the body."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call at the hub's door that has proved to come from the operator, by all that `verify` names.

    `peer` is that operator. Header names are in lower case. `pieces` yields the body as it comes, once;
    it raises LimitError beyond the door's limit, and InputError when it comes too slowly.
    """

    webhook: str
    peer: Peer
    headers: Mapping[str, str]
    certificate: bytes | None = field(repr=False)
    pieces: AsyncIterator[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a call is answered with."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class SendsWhole(Protocol):
    """`[send] hook`: does the whole send in the place of the described steps."""

    async def send(self, operator: Operator, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Try once, as `hub.ports.connector.Delivers.deliver`."""
        ...


@runtime_checkable
class RecoversWhole(Protocol):
    """A hook for a whole send that can also ask what became of it: `idempotency = "recover"`."""

    async def recover(self, operator: Operator, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Ask, as `hub.ports.connector.Recovers.recover`."""
        ...


@runtime_checkable
class MakesBody(Protocol):
    """`[[send.steps]] hook`: makes the body of one request."""

    async def body(self, operator: Operator, parcel: Parcel, scope: Mapping[str, Any]) -> tuple[str, bytes]:
        """Return the media type and the bytes. `scope` is what the step's templates see."""
        ...


@runtime_checkable
class ReadsAnswer(Protocol):
    """`[[send.steps]] hook`: reads an answer that the tables call good."""

    async def read(self, operator: Operator, parcel: Parcel, answer: Answer) -> Mapping[DeliveryId, Outcome]:
        """Return outcomes for deliveries of the parcel; who is left out gets what the tables say."""
        ...


@runtime_checkable
class TakesCall(Protocol):
    """`[webhooks.<name>] hook`: takes a call whole, once it is verified."""

    async def take(self, operator: Operator, call: Call, intake: Intake) -> Reply:
        """Answer when all that the call brings is durable.

        What it raises as a HubError becomes a problem (RFC 9457): InputError 4xx, StoreError and PeerError
        503, so that the call is made again.
        """
        ...


@runtime_checkable
class ReadsArriving(Protocol):
    """`message.hook` of an inbox or a webhook: reads what came as a message."""

    async def arriving(
        self, operator: Operator, peer: Peer, answer: Answer, payload: Content | None, stage: Stage
    ) -> Submission:
        """Return the submission, its contents written to `stage`. Raises InputError when it is none.

        `payload` is the download when it was streamed; the answer's body is empty then.
        """
        ...


def named(name: str, ability: Callable[..., A]) -> A:
    """Return the hook of that name, loaded; `ability` is one of the Protocols of this module.

    Raises ConfigError when there is none, or it can't do that.
    """
    kind = cast("type[A]", ability)  # a Protocol is a type, but no concrete one as `type[A]` asks for
    found = _offered().get(name)
    if found is None:
        known = ", ".join(sorted(_offered())) or "–"
        raise _wrong(
            f"there is no hook named {name!r} in the entry points {GROUP}; there are: {known}",
            f"aucun hook nommé {name!r} parmi les points d'entrée {GROUP} ; il y a : {known}",
        )
    try:
        hook = found.load()
    except Exception as error:
        raise _wrong(
            f"hook {name!r} ({found.value}) can't be loaded: {type(error).__name__}",
            f"le hook {name!r} ({found.value}) ne peut être chargé : {type(error).__name__}",
        ) from error
    if not isinstance(hook, kind):
        raise _wrong(
            f"hook {name!r} ({found.value}) is no {kind.__name__}: it can't be used in this place",
            f"le hook {name!r} ({found.value}) n'est pas un {kind.__name__} : impossible ici",
        )
    return hook


@cache
def _offered() -> Mapping[str, EntryPoint]:
    """Return what is installed; it does not change while a process runs."""
    return {one.name: one for one in entry_points(group=GROUP)}


def _wrong(en: str, fr: str) -> ConfigError:
    return ConfigError(
        "http.hook", Words(en=f"The description can't be used: {en}.", fr=f"Description inutilisable : {fr}.")
    )
