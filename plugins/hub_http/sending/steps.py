"""Runs the steps of a send for one call: requests in order, what they give kept, until one decides.

1. A step whose `if` is false is left out; one with `each` is done for every member of its list.
2. Before a request leaves, the ledger has what must be known if its answer is lost.
3. The answer decides whether the send goes on. What a good one gives is there for the next request.
4. A large body goes in chunks: one before the last makes no message, whatever the step does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.domain.outcome import Deferred, Outcome, Refused
from hub.errors import HubError, MalformedError
from hub_http import hooks
from hub_http.body.making import Body, body_of
from hub_http.description.picking import Meaning, Pick
from hub_http.description.requests import Send, Step
from hub_http.mapping import picking, templates
from hub_http.sending import making, outcomes, recipients, requests
from hub_http.sending.call import Call
from hub_http.sending.classify import Effect
from hub_http.sending.memory import Memory
from hub_http.sending.operator import Operator
from hub_http.sending.outcomes import Rules, Taken
from hub_http.sending.recipients import SomeRefusedError
from hub_http.sending.requests import Asked
from hub_http.wire.exchange import Bytes, Request
from hub_http.wire.faults import AuthenticationFault, WireFault

_GONE: Final = frozenset({Meaning.REFUSED, Meaning.CONFLICT, Meaning.GONE})
"""What an operator may say of a draft of an earlier attempt that it has no more, or has used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a run ended. `outcome` is None when every step was done; `meaning` None when no answer came.

    `step` is the one that decided, `scope` what templates saw at the end, `last` the last answer.
    """

    outcome: Outcome | Taken | None = None
    meaning: Meaning | None = None
    step: Step | None = field(default=None, repr=False)
    scope: Mapping[str, Any] = field(default_factory=dict, repr=False)
    last: Asked | None = field(default=None, repr=False)


class _Stopped(Exception):  # noqa: N818 - it carries what a step decided out of the loops
    def __init__(self, outcome: Outcome | Taken, meaning: Meaning | None) -> None:
        super().__init__()
        self.outcome = outcome
        self.meaning = meaning


@dataclass(slots=True, kw_only=True)
class Run:
    """One pass through the steps, at one base URL. Used once."""

    operator: Operator
    send: Send
    rules: Rules
    memory: Memory
    call: Call
    scope: dict[str, Any]
    base: str
    _last: Asked | None = None
    _made: bool = False

    async def run(self) -> End:
        """Do the steps. Raises nothing but cancellation."""
        outcome: Outcome | Taken | None = None
        meaning: Meaning | None = None
        left = self._to_do()
        for number, step in enumerate(left):
            try:
                await self._step(step)
            except _Stopped as stopped:
                outcome, meaning = stopped.outcome, stopped.meaning
            except HubError as error:
                outcome = self._of_error(error)
            if outcome is not None:
                outcome = self._after_a_message(outcome, left[number:])
                return End(outcome=outcome, meaning=meaning, step=step, scope=self.scope, last=self._last)
        return End(scope=self.scope, last=self._last)

    def _to_do(self) -> Sequence[Step]:
        """Return the steps to do: those from the first message on, when drafts are used again."""
        if not self.call.resumed:
            return self.send.steps
        first = next(n for n, one in enumerate(self.send.steps) if one.effect == "message")
        return self.send.steps[first:]

    async def _step(self, step: Step) -> None:
        scope = self.scope
        if step.if_ is not None and not templates.value(step.if_, scope):
            return
        if step.each is None:
            await self._one(step)
            return
        gathered: dict[str, list[Any]] = {name: [] for name in step.take}
        for member in templates.value(step.each, scope) or ():
            scope["item"] = member
            taken = await self._one(step)
            for name, values in gathered.items():
                values.append(taken.get(name))
        scope.pop("item", None)
        self.call.taken.update(gathered)

    async def _one(self, step: Step) -> Mapping[str, Any]:
        """Do a step once, in chunks when it has to be. Returns what it took."""
        hook = None if step.hook is None else hooks.named(step.hook, object)
        # 2. In the ledger before a document is opened: from then on it may have left, for all the hub knows.
        if step.chunks is None:
            await self._before(step.effect)
        body: Body | Bytes | None
        if hook is not None and isinstance(hook, hooks.MakesBody):
            media_type, data = await hook.body(self.operator, self.call.parcel, self.scope)
            body = Bytes(data=data, media_type=media_type)
        else:
            body = await body_of(step, self.scope, limits=self.operator.description.limits)
            if step.chunks is not None and body is not None and (body.length or 0) > step.chunks.size:
                return await self._in_chunks(step, body)
        await self._before(step.effect)
        request = making.request_of(
            step, self.scope, base=self.base, body=body, repeatable=self.rules.repeatable
        )
        asked = await self._ask(step, request, step.effect)
        if hook is not None and isinstance(hook, hooks.ReadsAnswer):
            said = await hook.read(self.operator, self.call.parcel, asked.answered)
            self.call.told.update((one, said[one]) for one in self.call.deliveries if one in said)
        return asked.taken

    async def _in_chunks(self, step: Step, body: Body) -> Mapping[str, Any]:
        chunks, total = step.chunks, body.length
        assert chunks is not None  # noqa: S101 - asked by who has seen both
        assert total is not None  # noqa: S101 - the same
        taken: dict[str, Any] = {}
        for chunk in _ranges(total, chunks.size):
            self.scope["chunk"] = chunk
            further, last = chunk["number"] > 1, chunk["number"] == chunk["count"]
            # One before the last makes no message: without the last there is none.
            effect: Effect = step.effect if last else "draft"
            await self._before(effect)
            request = making.request_of(
                step,
                self.scope,
                base=self.base,
                body=body.stretch(chunk["first"], chunk["last"] + 1),
                method=chunks.method if further else None,
                path=chunks.path if further else None,
                headers=chunks.headers,
                repeatable=self.rules.repeatable,
            )
            taken |= (await self._ask(step, request, effect, needs=())).taken
        del self.scope["chunk"]
        for name in step.needs:
            if name not in taken:
                fault = requests.unreadable(request.url.host or "", f"take.{name}")
                raise _Stopped(self.rules.of_fault(fault, effect=step.effect), None)
        return taken

    async def _ask(
        self, step: Step, request: Request, effect: Effect, *, needs: Sequence[str] | None = None
    ) -> Asked:
        """Ask once; what a good answer gives is known afterwards. Raises _Stopped for any other."""
        call = self.call
        first = self._last is None
        call.airborne = effect == "message"
        if call.airborne:
            call.opened()
        try:
            asked = await requests.exchanged(
                self.operator,
                step,
                request,
                self.scope,
                effect=self.rules.effect(effect),
                addressees=call.addressees,
                needs=step.needs if needs is None else needs,
            )
        except WireFault as fault:
            if isinstance(fault, AuthenticationFault):
                self.operator.host.log.warning(
                    "http.authentication", operator=self.operator.name, part=step.name, code=fault.code
                )
            raise _Stopped(self.rules.of_fault(fault, effect=effect), None) from fault
        call.airborne = False
        self._last = asked
        meaning = asked.judgement.meaning
        outcome = self.rules.of_answer(asked.judgement, effect=effect, attempt=call.attempt)
        if outcome is None and effect == "message":
            # From here on nothing that can't be read of the answer makes it a message that was not made.
            self._made = call.airborne = True
        self._each_recipient(step, asked, outcome)
        if outcome is not None:
            if first and call.resumed and meaning in _GONE:
                raise StaleDraftError
            raise _Stopped(outcome, meaning)
        self._learn(step, asked, request.url.host or "")
        return asked

    def _each_recipient(self, step: Step, asked: Asked, outcome: Outcome | Taken | None) -> None:
        """Keep what the answer says of each recipient.

        Raises SomeRefusedError when it leaves some out of what is not made yet: it is made anew for the rest.
        """
        per = self.send.per_recipient
        if per is None or step.name != (per.step or self.send.steps[-1].name):
            return
        told = recipients.of_each(per, asked, self.call, self.rules, self.scope)
        if not told:
            return
        if outcome is None and self._made:
            self.call.told.update(told)
        elif not self._made and (outcome is None or isinstance(outcome, Refused)):
            raise SomeRefusedError(told)

    def _learn(self, step: Step, asked: Asked, host: str) -> None:
        call, scope = self.call, self.scope
        if step.remote is not None and call.remote is None:
            remote = self._remote(step.remote, step, asked, host)
            call.remote = scope["remote"] = str(remote)
            call.dirty = True
        if asked.taken:
            call.taken.update(asked.taken)
            call.dirty = True

    def _remote(self, pick: Pick, step: Step, asked: Asked, host: str) -> Any:
        try:
            remote = picking.pick(pick, asked.answered, self.scope)
        except MalformedError as error:
            fault = requests.unread(error, host)
        else:
            if remote is not picking.ABSENT:
                return remote
            fault = requests.unreadable(host, "remote")
        raise _Stopped(self.rules.of_fault(fault, effect=step.effect), None)

    async def _before(self, effect: Effect) -> None:
        await self.memory.before_request(self.call, message=effect == "message")

    def _of_error(self, error: HubError) -> Outcome:
        """Return what it means that a request could not be made, or its document not be read to its end.

        Nothing whole has left then: a request that breaks off is none (RFC 9112, 8).
        """
        if isinstance(error, templates.TemplateError):
            self.operator.host.log.warning("http.template", operator=self.operator.name, code=error.code)
            if error.missing == "remote" or any(error.missing in one.take for one in self.send.steps):
                # What an earlier answer should have given: the message is not to blame.
                return Deferred(code=error.code, reason=error.words, operator_failed=True)
            return Refused(code=error.code, reason=error.words)
        return outcomes.unmade(error)

    def _after_a_message(self, outcome: Outcome | Taken, left: Sequence[Step]) -> Outcome | Taken:
        """Weigh what comes after a request that has made something for the recipient."""
        weighed = self.rules.weigh(outcome, made=self._made, left=left)
        if isinstance(weighed, Taken) and isinstance(outcome, Deferred | Refused):
            self.operator.host.log.warning(
                "http.step_failed", operator=self.operator.name, part=left[0].name, code=outcome.code
            )
        return weighed


class StaleDraftError(Exception):
    """The operator does not take a draft of an earlier attempt again."""


def _ranges(total: int, size: int) -> Iterator[dict[str, int]]:
    """Yield what templates see of each chunk; `last` is the last byte of it, as range headers count."""
    count = -(-total // size)
    for number in range(1, count + 1):
        first = (number - 1) * size
        yield {
            "number": number,
            "count": count,
            "first": first,
            "last": min(first + size, total) - 1,
            "total": total,
        }
