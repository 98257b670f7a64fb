"""Judgements and faults → sentences for people. They may repeat what the operator said, nothing else."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import Final

from hub.errors import Words
from hub_http.description.picking import Meaning
from hub_http.sending.classify import Judgement

_MEANT: Final = {
    Meaning.OK: Words(en="it took it", fr="il l'a pris"),
    Meaning.WARNING: Words(en="it took it with a warning", fr="il l'a pris avec un avertissement"),
    Meaning.REFUSED: Words(en="it refused", fr="il a refusé"),
    Meaning.CONFLICT: Words(en="it already knows this id", fr="il connaît déjà cet identifiant"),
    Meaning.GONE: Words(en="it is not there any more", fr="cela n'existe plus chez lui"),
    Meaning.AUTHENTICATION: Words(
        en="it does not accept the hub's credentials: who configures the operator must look at them",
        fr="il n'accepte pas les identifiants du hub : à vérifier dans la configuration de l'opérateur",
    ),
    Meaning.RATE_LIMITED: Words(en="it asks for fewer requests", fr="il demande moins de requêtes"),
    Meaning.TRANSIENT: Words(en="it can't now", fr="il ne peut pas pour l'instant"),
    Meaning.UNCERTAIN: Words(
        en="it failed, perhaps after taking it", fr="il a échoué, peut-être après l'avoir pris"
    ),
    Meaning.CONFIGURATION: Words(
        en="the hub does not ask it as it wants to be asked: who configures the operator must look at it",
        fr="le hub ne l'interroge pas comme il le veut : à vérifier dans la configuration de l'opérateur",
    ),
}


def answered(operator: str, judgement: Judgement) -> Words:
    """Say what an operator answered and what the hub makes of it."""
    status = status_line(judgement.status)
    own = " ".join(one for one in (judgement.code and f"[{judgement.code}]", judgement.reason) if one)
    meant = _MEANT[judgement.meaning]
    return Words(
        en=f"Operator {operator} answered {status}: {meant.en}." + (f" It says: {own}" if own else ""),
        fr=f"L'opérateur {operator} a répondu {status} : {meant.fr}." + (f" Il dit : {own}" if own else ""),
    )


def lost(operator: str, words: Words) -> Words:
    """Say that a message may have left, and that nobody knows."""
    return Words(
        en=f"The message may have reached operator {operator}, and no clear answer came. {words.en}",
        fr=f"Le message a pu atteindre l'opérateur {operator}, sans réponse claire. {words.fr}",
    )


@lru_cache(1000)
def status_line(status: int) -> str:
    """Return a status code with its usual phrase."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
