"""Checks of what comes from an operator: inboxes, tracking, webhooks, and of its double."""

from __future__ import annotations

from collections.abc import Iterator

from hub_http.description.inbound import About, Documents, Inbox, Kind, Track, Verification, Webhook
from hub_http.description.mistakes import Mistake, Place, suggested, warning, wrong
from hub_http.description.model import Description
from hub_http.description.picking import Pick
from hub_http.description.simulation import INCOMING, Simulation
from hub_http.description.texts import Used


def check(description: Description, used: Used) -> Iterator[Mistake]:
    """Check all that comes in."""
    for key, inbox in (("inbox", description.inbox), ("receipts", description.receipts)):
        if inbox is not None:
            yield from _inbox((key,), inbox)
    if description.track is not None:
        yield from _track(("track",), description.track, used)
    for name, webhook in description.webhooks.items():
        yield from _webhook(("webhooks", name), webhook, used)
    if description.simulate is not None:
        yield from _simulation(("simulate",), description.simulate, description)


def _inbox(place: Place, inbox: Inbox) -> Iterator[Mistake]:
    if inbox.every < inbox.least:
        yield wrong((*place, "every"), "is less than `least`", "est inférieur à `least`")
    if inbox.longest is not None and inbox.longest < inbox.every:
        yield wrong((*place, "longest"), "is less than `every`", "est inférieur à `every`")
    yield from _list((*place, "items"), inbox.items)
    yield from _paging(place, inbox)
    if inbox.more is not None and inbox.download is None:
        yield wrong((*place, "more"), "is of no use without download", "ne sert à rien sans download")
    yield from _kinds((*place, "kinds"), inbox.kinds)
    if inbox.download is None:
        for number, kind in enumerate(inbox.kinds):
            for at, one in enumerate(kind.message.documents if kind.message else ()):
                if one.payload:
                    yield wrong(
                        (*place, "kinds", number, "message", "documents", at, "payload"),
                        "is of no use without download",
                        "ne sert à rien sans download",
                    )


def _paging(place: Place, inbox: Inbox) -> Iterator[Mistake]:
    paging = inbox.paging
    cursor = paging is not None and paging.kept
    if inbox.acknowledge is None and not cursor:
        yield warning(
            place,
            "has neither acknowledge nor a cursor that is kept: all of it is listed again each time",
            "n'a ni acknowledge ni curseur conservé : tout est relu à chaque fois",
        )
    if paging is None:
        return
    where = (*place, "paging")
    if paging.by in {"link", "token"} and paging.next is None:
        yield wrong((*where, "next"), f"is missing for {paging.by}", f"manque pour {paging.by}")
    if paging.by in {"token", "offset", "page"} and paging.parameter is None:
        yield wrong((*where, "parameter"), f"is missing for {paging.by}", f"manque pour {paging.by}")
    if paging.kept and paging.by != "token":
        yield wrong((*where, "kept"), "is for token only", "ne vaut que pour token")
    if paging.by == "repeat" and inbox.acknowledge is None:
        yield wrong(
            (*where, "by"),
            "is repeat, which needs acknowledge: else the same comes for ever",
            "vaut repeat, qui demande acknowledge : sinon la même page revient sans fin",
        )


def _list(place: Place, pick: Pick | None) -> Iterator[Mistake]:
    if pick is not None and not pick.many and pick.value is None:
        yield wrong(place, "is a list: it takes many = true", "est une liste : il faut many = true")


def _kinds(place: Place, kinds: tuple[Kind, ...], *, hooked: bool = False) -> Iterator[Mistake]:
    for number, kind in enumerate(kinds):
        here = (*place, number)
        if kind.is_ == "message" and kind.message is None and not hooked:
            yield wrong((*here, "message"), "is missing: how it is read", "manque : comment le lire")
        if kind.is_ != "message" and kind.message is not None:
            yield wrong((*here, "message"), "is for is = message", "ne vaut que pour is = message")
        if kind.is_ == "report" and kind.about is None:
            yield wrong(
                (*here, "about"), "is missing: which delivery it is about", "manque : de quel envoi il s'agit"
            )
        if kind.is_ == "report" and not kind.events and not hooked:
            yield wrong((*here, "events"), "is missing: what it tells", "manque : ce qu'il dit")
        if kind.about is not None:
            yield from _about((*here, "about"), kind.about)
        if kind.message is not None and kind.message.hook is None:
            for at, one in enumerate(kind.message.documents):
                yield from _document((*here, "message", "documents", at), one)


def _about(place: Place, about: About) -> Iterator[Mistake]:
    if about.delivery is None and about.remote is None:
        yield wrong(place, "needs delivery or remote", "demande delivery ou remote")


def _document(place: Place, one: Documents) -> Iterator[Mistake]:
    named = [
        key for key, given in (("data", one.data), ("fetch", one.fetch), ("payload", one.payload)) if given
    ]
    if len(named) != 1:
        said = ", ".join(named) or "–"
        yield wrong(
            place,
            f"takes one of data, fetch, payload; it has: {said}",
            f"demande l'un de data, fetch, payload ; il a : {said}",
        )
    if one.payload and one.each is not None:
        yield wrong(
            (*place, "payload"),
            "is one document: each does not go with it",
            "est un seul document : sans each",
        )
    yield from _list((*place, "each"), one.each)


def _track(place: Place, track: Track, used: Used) -> Iterator[Mistake]:
    asked = used.below(*place, "request")
    if not any(one.split(".")[0] in {"remote", "delivery", "taken"} for one in asked):
        yield wrong(
            (*place, "request"),
            "asks neither by {{ remote }} nor by {{ delivery.id }}, nor by what was taken",
            "n'utilise ni {{ remote }}, ni {{ delivery.id }}, ni ce qui a été pris",
        )
    if track.until <= track.every:
        yield wrong((*place, "until"), "is not more than `every`", "n'est pas supérieur à `every`")
    yield from _list((*place, "each"), track.each)
    if track.recipient is not None and track.each is None:
        yield wrong((*place, "recipient"), "needs each", "demande each")


def _webhook(place: Place, webhook: Webhook, used: Used) -> Iterator[Mistake]:
    verify = webhook.verify
    if not any((verify.client_certificate, verify.hmac, verify.bearer, verify.basic)):
        yield wrong(
            (*place, "verify"),
            "proves nothing: name client_certificate, hmac, bearer or basic",
            "ne prouve rien : nommez client_certificate, hmac, bearer ou basic",
        )
    yield from _verification((*place, "verify"), verify, used)
    if webhook.id is None and webhook.hook is None and verify.timestamp is None:
        yield warning(
            place,
            "has neither id nor verify.timestamp: a call that is made again can't be told",
            "n'a ni id ni verify.timestamp : un appel rejoué ne se voit pas",
        )
    yield from _list((*place, "each"), webhook.each)
    yield from _kinds((*place, "kinds"), webhook.kinds, hooked=webhook.hook is not None)


def _verification(place: Place, verify: Verification, used: Used) -> Iterator[Mistake]:
    if verify.tolerance is not None and verify.timestamp is None:
        yield wrong((*place, "tolerance"), "needs timestamp", "demande timestamp")
    if verify.timestamp is not None and verify.tolerance is None:
        yield wrong((*place, "tolerance"), "is missing beside timestamp", "manque à côté de timestamp")
    header = None if verify.timestamp is None else verify.timestamp.header
    if verify.hmac is not None and header is not None:
        signed = {one.lower() for one in used.below(*place, "hmac", "message")}
        if f"headers.{header.lower()}" not in signed and "headers" not in signed:
            yield warning(
                (*place, "timestamp"),
                f"is the header {header}, which hmac.message does not cover: anybody can change it",
                f"est l'en-tête {header}, que hmac.message ne couvre pas : chacun peut le changer",
            )


def _simulation(place: Place, simulate: Simulation, description: Description) -> Iterator[Mistake]:
    names = [route.name for route in simulate.routes]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield wrong(
                (*place, "routes", number, "name"), "is another route's, too", "est déjà celui d'une route"
            )
    for number, call in enumerate(simulate.calls):
        for key, known in (("webhook", list(description.webhooks)), ("after", [*names, INCOMING])):
            if (named := getattr(call, key)) not in known:
                listed = ", ".join(known) or "–"
                fault = wrong(
                    (*place, "calls", number, key), f"names none of: {listed}", f"n'en nomme aucun : {listed}"
                )
                yield Mistake(place=fault.place, words=suggested(fault.words, named, known))
