"""What the server answers: a code, an enhanced code (RFC 3463) and words, on lines of RFC 5321, 4.5.3.1.5."""

from __future__ import annotations

import textwrap
import unicodedata
from dataclasses import dataclass
from typing import Final

from hub.errors import Words

_WIDTH: Final = 480
"""Letters of text on one line: a line has at most 512 octets with codes and CR LF."""
_WIDTH_UTF8: Final = 120
_MAX_LINES: Final = 20
_PLAIN: Final = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "…": "...", "–": "-", "—": "-", "œ": "oe"}
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `status` is the enhanced code, empty where RFC 2034 wants none."""

    code: int
    status: str
    words: Words

    def encode(self, language: str = "en", *, utf8: bool = False) -> bytes:
        """Return the lines to send; letters beyond ASCII only where SMTPUTF8 allows them."""
        text = " ".join(self.words.in_language(language).split())
        if not text.isprintable():
            text = "".join(letter for letter in text if letter.isprintable())
        if not utf8 and not text.isascii():
            text = unicodedata.normalize("NFKD", text.translate(_PLAIN))
            text = "".join(letter for letter in text if not unicodedata.combining(letter))
            text = text.encode("ascii", "replace").decode()
        status = f"{self.status} " if self.status else ""
        if len(text) <= _WIDTH_UTF8:
            return f"{self.code} {status}{text}\r\n".encode()
        lines = textwrap.wrap(text, _WIDTH_UTF8 if utf8 else _WIDTH)[:_MAX_LINES]
        last = len(lines) - 1
        return "".join(
            f"{self.code}{' ' if number == last else '-'}{status}{line}\r\n"
            for number, line in enumerate(lines)
        ).encode()


def _same(text: str) -> Words:
    return Words(en=text, fr=text)


SENDER_OK: Final = Reply(250, "2.1.0", _same("OK"))
RECIPIENT_OK: Final = Reply(250, "2.1.5", _same("OK"))
OK: Final = Reply(250, "2.0.0", _same("OK"))
BYE: Final = Reply(221, "2.0.0", Words(en="Goodbye", fr="Au revoir"))
GO_AHEAD: Final = Reply(354, "", Words(en="End with a dot on its own line", fr="Terminer par un point seul"))
READY_FOR_TLS: Final = Reply(220, "2.0.0", Words(en="Go ahead", fr="Allez-y"))
CANNOT_VERIFY: Final = Reply(
    252, "2.5.0", Words(en="Send the mail; RCPT says who is known.", fr="Envoyez ; RCPT dit qui est connu.")
)
HELP: Final = Reply(
    214,
    "2.0.0",
    Words(
        en="EHLO STARTTLS MAIL RCPT DATA RSET NOOP VRFY QUIT; RFC 5321, 3207, 3461, 6531.",
        fr="EHLO STARTTLS MAIL RCPT DATA RSET NOOP VRFY QUIT ; RFC 5321, 3207, 3461, 6531.",
    ),
)
STOPPING: Final = Reply(
    421, "4.3.2", Words(en="The hub is stopping, try again.", fr="Le hub s'arrête, réessayez.")
)
FAILED: Final = Reply(421, "4.3.0", Words(en="The hub failed, try again.", fr="Le hub a échoué, réessayez."))
TIMED_OUT: Final = Reply(
    421, "4.4.2", Words(en="Nothing came in time, goodbye.", fr="Rien n'est arrivé à temps, au revoir.")
)
TOO_SLOW: Final = Reply(421, "4.4.2", Words(en="The mail came too slowly.", fr="Message trop lent."))
TOO_MANY_CONNECTIONS: Final = Reply(
    421, "4.7.0", Words(en="Too many connections, try again.", fr="Trop de connexions, réessayez.")
)
TOO_MANY_ERRORS: Final = Reply(421, "4.7.0", Words(en="Too many errors.", fr="Trop d'erreurs."))
TOO_MANY_COMMANDS: Final = Reply(
    421, "4.7.0", Words(en="Too many commands without a mail.", fr="Trop de commandes sans message.")
)
LINE_ENDS: Final = Reply(
    500, "5.5.2", Words(en="A command line ends in CR LF.", fr="Une ligne de commande finit par CR LF.")
)
LINE_TOO_LONG: Final = Reply(
    421, "4.5.2", Words(en="The command line is too long.", fr="La ligne de commande est trop longue.")
)
UNKNOWN_COMMAND: Final = Reply(500, "5.5.1", Words(en="Unknown command.", fr="Commande inconnue."))
NOT_TEXT: Final = Reply(500, "5.5.2", Words(en="A command is text.", fr="Une commande est du texte."))
BAD_ARGUMENT: Final = Reply(
    501, "5.5.4", Words(en="The argument is not of its form.", fr="L'argument n'a pas la bonne forme.")
)
NO_ARGUMENT: Final = Reply(501, "5.5.4", Words(en="It takes no argument.", fr="Sans argument."))
BAD_SENDER: Final = Reply(
    501,
    "5.1.7",
    Words(en="MAIL is written MAIL FROM:<name@domain>.", fr="MAIL s'écrit MAIL FROM:<nom@domaine>."),
)
BAD_RECIPIENT: Final = Reply(
    501, "5.1.3", Words(en="RCPT is written RCPT TO:<name@domain>.", fr="RCPT s'écrit RCPT TO:<nom@domaine>.")
)
HELLO_FIRST: Final = Reply(503, "5.5.1", Words(en="Send EHLO first.", fr="Envoyez d'abord EHLO."))
MAIL_FIRST: Final = Reply(503, "5.5.1", Words(en="Send MAIL first.", fr="Envoyez d'abord MAIL."))
RCPT_FIRST: Final = Reply(
    503, "5.5.1", Words(en="No recipient was accepted.", fr="Aucun destinataire n'a été accepté.")
)
MAIL_TWICE: Final = Reply(
    503, "5.5.1", Words(en="A mail has begun already.", fr="Un message a déjà commencé.")
)
TLS_TWICE: Final = Reply(503, "5.5.1", Words(en="TLS is on already.", fr="TLS est déjà actif."))
TLS_PIPELINED: Final = Reply(
    503,
    "5.5.1",
    Words(
        en="Nothing may follow STARTTLS before the handshake (RFC 3207, 4.1).",
        fr="Rien ne doit suivre STARTTLS avant la négociation (RFC 3207, 4.1).",
    ),
)
TLS_FIRST: Final = Reply(
    530,
    "5.7.0",
    Words(en="Send STARTTLS first, with a certificate.", fr="Envoyez d'abord STARTTLS, avec certificat."),
)
UNKNOWN_PARAMETER: Final = Reply(
    555, "5.5.4", Words(en="A parameter is not known here.", fr="Un paramètre est inconnu ici.")
)
NEEDS_UTF8: Final = Reply(
    553,
    "5.6.7",
    Words(
        en="An address beyond ASCII needs SMTPUTF8 on MAIL (RFC 6531).",
        fr="Une adresse hors ASCII demande SMTPUTF8 sur MAIL (RFC 6531).",
    ),
)
UNKNOWN_PEER: Final = Reply(
    554,
    "5.7.1",
    Words(
        en="This certificate is valid but stands for no operator of this hub.",
        fr="Ce certificat est valide mais ne représente aucun opérateur de ce hub.",
    ),
)
NULL_SENDER: Final = Reply(
    550,
    "5.7.1",
    Words(
        en="Only receipts have no sender, and they go to the hub's own address.",
        fr="Seuls les accusés n'ont pas d'expéditeur, et ils vont à l'adresse du hub.",
    ),
)
SEPARATELY: Final = Reply(
    452,
    "4.5.3",
    Words(
        en="The hub's own address takes a mail alone: send this recipient another.",
        fr="L'adresse du hub se sert seule : envoyez un autre message à ce destinataire.",
    ),
)
RECEIPT_TAKEN: Final = Reply(250, "2.0.0", Words(en="Receipt taken", fr="Accusé reçu"))
BARE: Final = Reply(
    550,
    "5.6.0",
    Words(
        en="The mail holds a CR or LF alone; every line ends in CR LF (RFC 5321, 2.3.8).",
        fr="Le message contient un CR ou un LF isolé ; chaque ligne finit par CR LF (RFC 5321, 2.3.8).",
    ),
)
NUL: Final = Reply(
    550,
    "5.6.0",
    Words(en="The mail holds a NUL (RFC 5321, 4.5.2).", fr="Le message contient un NUL (RFC 5321, 4.5.2)."),
)


def not_yours(address: object) -> Reply:
    """Say that the peer may not send for this address."""
    return Reply(
        550,
        "5.7.1",
        Words(
            en=f"Your certificate does not speak for {address}.",
            fr=f"Votre certificat ne permet pas d'écrire au nom de {address}.",
        ),
    )


def too_large(limit: int) -> Reply:
    """Say how large a mail may be."""
    return Reply(
        552,
        "5.3.4",
        Words(
            en=f"The mail is larger than {limit} bytes.",
            fr=f"Le message dépasse {limit} octets.",
        ),
    )


def too_many_recipients(limit: int) -> Reply:
    """Say how many recipients a mail may have; the client sends the rest another time."""
    return Reply(
        452,
        "4.5.3",
        Words(
            en=f"A mail has at most {limit} recipients here; send the others another.",
            fr=f"Un message a ici au plus {limit} destinataires ; écrivez aux autres ensuite.",
        ),
    )


def long_line(limit: int) -> Reply:
    """Say how long a line may be."""
    return Reply(
        550,
        "5.6.0",
        Words(
            en=f"The mail has a line of more than {limit} octets (RFC 5321, 4.5.3.1.6).",
            fr=f"Le message a une ligne de plus de {limit} octets (RFC 5321, 4.5.3.1.6).",
        ),
    )


def accepted(envelopes: tuple[str, ...]) -> Reply:
    """Say under which ids the hub has taken the mail."""
    return Reply(250, "2.0.0", _same(f"OK {' '.join(envelopes)}"))
