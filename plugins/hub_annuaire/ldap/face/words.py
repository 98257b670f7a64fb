"""What the door says with its result codes, in the language that is configured for it."""

from __future__ import annotations

from typing import Final

from hub.errors import Words

READ_ONLY: Final = Words(en="This directory is read-only.", fr="Cet annuaire est en lecture seule.")
LOG_IN: Final = Words(
    en="Log in with an account of this hub to search.",
    fr="Pour chercher, connectez-vous avec un compte de ce hub.",
)
WRONG: Final = Words(en="The name or the password is wrong.", fr="Le nom ou le mot de passe est faux.")
NO_PASSWORD: Final = Words(
    en="A name without a password logs nobody in.", fr="Un nom sans mot de passe ne connecte personne."
)
TLS_FIRST: Final = Words(
    en="Begin TLS first (StartTLS or ldaps): passwords are not taken in clear.",
    fr="Commencez par TLS (StartTLS ou ldaps) : aucun mot de passe n'est pris en clair.",
)
NO_SASL: Final = Words(
    en="Only simple bind is known here, with a name and a password.",
    fr="Seule l'authentification simple est connue ici, par nom et mot de passe.",
)
VERSION: Final = Words(
    en="Only version 3 of LDAP is spoken here.", fr="Seule la version 3 de LDAP est parlée ici."
)
TLS_ALREADY: Final = Words(en="TLS has begun already.", fr="TLS a déjà commencé.")
TLS_PENDING: Final = Words(
    en="TLS can't begin while searches are under way.",
    fr="TLS ne peut pas commencer pendant des recherches.",
)
NO_TLS: Final = Words(en="TLS is not configured here.", fr="TLS n'est pas configuré ici.")
UNKNOWN_OPERATION: Final = Words(
    en="This operation is not known here.", fr="Cette opération est inconnue ici."
)
CONTROL: Final = Words(
    en="A control that the client calls critical is not known here.",
    fr="Un contrôle que le client dit critique est inconnu ici.",
)
BUSY: Final = Words(
    en="Too many searches at once on this connection.", fr="Trop de recherches à la fois sur cette connexion."
)
CROWDED: Final = Words(
    en="Too many connections; try again later.", fr="Trop de connexions ; réessayez plus tard."
)
IDLE: Final = Words(en="Nothing was asked for too long.", fr="Rien n'a été demandé depuis trop longtemps.")
LEAVING: Final = Words(en="The hub is stopping.", fr="Le hub s'arrête.")
MALFORMED: Final = Words(
    en="This is not LDAP, or too large.", fr="Ceci n'est pas du LDAP, ou est trop grand."
)
UNAVAILABLE: Final = Words(
    en="The directory can't answer now; try again later.",
    fr="L'annuaire ne peut pas répondre maintenant ; réessayez plus tard.",
)
FAILED: Final = Words(
    en="The search failed; try again later.", fr="La recherche a échoué ; réessayez plus tard."
)
NO_NAME: Final = Words(en="This is not a name (RFC 4514).", fr="Ceci n'est pas un nom (RFC 4514).")
NO_OBJECT: Final = Words(en="There is nothing of this name.", fr="Il n'y a rien de ce nom.")
SAY_MORE: Final = Words(
    en="This fits too many: look for the beginning of a name, in two letters or more.",
    fr="Trop d'entrées conviennent : cherchez le début d'un nom, en deux lettres au moins.",
)
CUT: Final = Words(en="There are more than these.", fr="Il y en a d'autres.")
LATE: Final = Words(en="The time for this search is over.", fr="Le temps de cette recherche est écoulé.")
COMPLEX: Final = Words(
    en="This filter is too deep, or has too many parts.",
    fr="Ce filtre est trop profond, ou a trop de parties.",
)
COOKIE: Final = Words(
    en="These pages are gone: search again.", fr="Ces pages n'existent plus : refaites la recherche."
)
