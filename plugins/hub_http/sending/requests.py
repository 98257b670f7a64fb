"""The one place where a described request is made, proved, sent, limited, answered and judged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from hub.errors import HubError, MalformedError, PeerError, Words
from hub.ports.connector import Addressee
from hub.ports.trust import Admission
from hub_http.body.making import body_of
from hub_http.description.picking import Meaning
from hub_http.description.requests import Request, Step
from hub_http.mapping import picking, templates
from hub_http.mapping.answered import Answered
from hub_http.sending import making, wording
from hub_http.sending.classify import Effect, Judgement, judge
from hub_http.sending.operator import Operator
from hub_http.wire import exchange
from hub_http.wire.exchange import Answer, Body, Download
from hub_http.wire.faults import WireFault

_UNAUTHORISED: Final = 401
_OVERLOADED: Final = 503
_PAUSE: Final = timedelta(seconds=10)
"""How long a rate-limited operator is left alone when neither it nor its description says so."""


class AnswerError(PeerError):
    """An answer that does not do what the request was for; `judgement` says what it means."""

    def __init__(self, operator: str, judgement: Judgement) -> None:
        words = wording.answered(operator, judgement)
        super().__init__(f"http.{judgement.meaning.value}", words, status=judgement.status)
        self.judgement = judgement


class PausedError(WireFault):
    """The operator wants no requests now; `retry_after` says for how long. Nothing left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An answer and what it means. `taken` holds what `take` found, when the answer is good."""

    operator: str
    answered: Answered = field(repr=False)
    judgement: Judgement
    taken: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def expect(self) -> Answered:
        """Return the answer if it is good. Raises AnswerError."""
        if not self.judgement.good:
            raise AnswerError(self.operator, self.judgement)
        return self.answered


async def ask(
    operator: Operator,
    request: Request,
    scope: Mapping[str, Any],
    *,
    effect: Effect = "none",
    base: str | None = None,
    addressees: Sequence[Addressee] = (),
    admission: Admission | None = None,
) -> Asked:
    """Make one request and return its answer, whatever it means. A 401 is met by one renewal.

    Raises WireFault (whose `stage` says whether something of the request may have left; a good answer that
    can't be read is one too), TemplateError, ConfigError, and StoreError when a document can't be read.
    """
    check_held(operator)
    scope = {"codes": operator.description.codes, **scope}
    ready = making.request_of(
        request,
        scope,
        base=base or operator.bases[0],
        body=await body_of(request, scope, limits=operator.description.limits),
        repeatable=effect != "message",
    )
    return await exchanged(
        operator, request, ready, scope, effect=effect, addressees=addressees, admission=admission
    )


async def exchanged(
    operator: Operator,
    request: Request,
    ready: exchange.Request,
    scope: Mapping[str, Any],
    *,
    effect: Effect,
    addressees: Sequence[Addressee] = (),
    admission: Admission | None = None,
    needs: Sequence[str] | None = None,
) -> Asked:
    """Send a request that is ready but unproved, and judge its answer. Raises as `ask`.

    `needs` takes the place of the described one.
    """
    proved = await operator.authority.authorise(ready, scope) if request.auth else ready
    answer = await operator.exchange.ask(proved, addressees=addressees, admission=admission)
    if answer.status == _UNAUTHORISED and request.auth and await operator.authority.renew(proved):
        proved = await operator.authority.authorise(ready, scope)
        answer = await operator.exchange.ask(proved, addressees=addressees, admission=admission)
    answered, host = answered_of(answer), ready.url.host or ""
    taken: Mapping[str, Any] = {}
    try:
        judgement = judged(operator, request, answered, scope, effect=effect)
        if judgement.good and request.take:
            taken = take(request, answered, scope, request.needs if needs is None else needs, host)
    except (MalformedError, templates.TemplateError) as error:
        # a row's `value` that can't be filled in is no fault of the request: that has arrived
        raise unread(error, host) from error
    return Asked(operator=operator.name, answered=answered, judgement=judgement, taken=taken)


@asynccontextmanager
async def stream(
    operator: Operator,
    request: Request,
    scope: Mapping[str, Any],
    *,
    base: str | None = None,
    path: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Download]:
    """Make one request and yield its good answer as it comes, of at most `limits.max_download` bytes.

    `path` takes the place of the described one, `headers` are added: both are templates. Raises what `ask`
    does, and AnswerError for an answer that is not good.
    """
    check_held(operator)
    scope = {"codes": operator.description.codes, **scope}
    ready = making.request_of(
        request,
        scope,
        base=base or operator.bases[0],
        body=await body_of(request, scope, limits=operator.description.limits),
        path=path,
        headers=headers,
        repeatable=True,
    )
    for again in (False, True):
        proved = await operator.authority.authorise(ready, scope) if request.auth else ready
        async with operator.exchange.stream(proved) as coming:
            refused = coming.status == _UNAUTHORISED and request.auth and not again
            if refused and await operator.authority.renew(proved):
                continue
            # Rows may look into the body: only an answer that no row has to look into is streamed.
            head = Answered(status=coming.status, headers=_lower(coming.headers), body=b"")
            judgement = judged(operator, request, head, scope, effect="none")
            if not judgement.good:
                answered = answered_of(await coming.whole())
                raise AnswerError(operator.name, judged(operator, request, answered, scope, effect="none"))
            yield coming
            return


def judged(
    operator: Operator, request: Request, answered: Answered, scope: Mapping[str, Any], *, effect: Effect
) -> Judgement:
    """Judge an answer; one that asks for patience holds the whole operator, not only this request."""
    description = operator.description
    judgement = judge(
        request.answers,
        description.answers,
        answered,
        scope,
        now=operator.host.clock.now(),
        effect=effect,
    )
    if operator.watch is not None:
        operator.watch(request.name if isinstance(request, Step) else request.path or "url", judgement)
    limited = judgement.meaning is Meaning.RATE_LIMITED
    if limited or (judgement.status == _OVERLOADED and judgement.retry_after is not None):
        rule = description.classes.get(judgement.meaning)
        least = (rule.pause if rule else None) or (_PAUSE if limited else timedelta(0))
        operator.hold(max(judgement.retry_after or timedelta(0), least))
    return judgement


def take(
    request: Request, answered: Answered, scope: Mapping[str, Any], needs: Sequence[str], host: str
) -> dict[str, Any]:
    """Return what `take` finds in a good answer. Raises WireFault when something of `needs` is not there."""
    found = {name: picking.pick(one, answered, scope) for name, one in request.take.items()}
    taken = {name: value for name, value in found.items() if value is not picking.ABSENT}
    for name in needs:
        if name not in taken:
            raise unreadable(host, f"take.{name}")
    return taken


def unread(error: HubError, host: str) -> WireFault:
    """Turn what can't be read of an answer into a WireFault: by then the request has arrived."""
    return WireFault(error.code, error.words, stage="sent", host=host)


def unreadable(host: str, key: str) -> WireFault:
    """Make the error for a good answer that lacks what it must have."""
    return WireFault(
        "http.answer_lacks",
        Words(
            en=f"{host} answered well, but `{key}` of the description finds nothing in the answer.",
            fr=f"{host} a bien répondu, mais `{key}` de la description ne trouve rien dans la réponse.",
        ),
        stage="sent",
        host=host,
    )


def check_held(operator: Operator) -> None:
    """Raise PausedError while the operator wants no requests, ConfigError when it is badly described."""
    operator.sound()
    if operator.held.now:
        left = operator.held.left
        seconds = f"{left.total_seconds():.0f} s"
        raise PausedError(
            "http.paused",
            Words(
                en=f"Operator {operator.name} asked the hub to wait; {seconds} are left.",
                fr=f"L'opérateur {operator.name} a demandé d'attendre ; il reste {seconds}.",
            ),
            stage="unsent",
            host=operator.name,
            retry_after=left,
        )


def answered_of(answer: Answer) -> Answered:
    """Return an answer as picks look at it."""
    return Answered(status=answer.status, headers=_lower(answer.headers), body=answer.body)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


__all__ = ["AnswerError", "Asked", "Body", "PausedError", "ask", "exchanged", "judged", "stream", "take"]
