"""An outgoing mail's SMTP envelope, fitted to what a server offers: command lines, or why it can't be."""

from __future__ import annotations

from collections.abc import Mapping

from hub.domain.outcome import Refused
from hub.errors import Words
from hub.ports.connector import Addressee
from hub_smtp.commands import encode_xtext
from hub_smtp.wire import Outgoing

Offers = Mapping[str, str]
"""EHLO keywords in upper case, with their parameters."""


def size_limit(offers: Offers) -> int | None:
    """Return the largest mail that the server takes (RFC 1870), when it says."""
    text = offers.get("SIZE", "")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None


def mail_line(mail: Outgoing, offers: Offers) -> str:
    """Write MAIL, with the parameters that the server knows."""
    line = f"MAIL FROM:<{mail.mail_from or ''}>"
    if "SIZE" in offers:
        line += f" SIZE={mail.size}"
    if mail.eight_bit:
        line += " BODY=8BITMIME"
    if mail.smtputf8:
        line += " SMTPUTF8"
    if "DSN" in offers:
        line += f" RET=HDRS ENVID={encode_xtext(mail.envid)}"
    return line


def rcpt_line(mail: Outgoing, one: Addressee, offers: Offers) -> str:
    """Write RCPT, with the parameters that the server knows."""
    address = str(one.party.address)
    line = f"RCPT TO:<{address}>"
    if "DSN" in offers:
        if mail.notify:
            line += f" NOTIFY={','.join(mail.notify)}"
        if address.isascii():
            line += f" ORCPT=rfc822;{encode_xtext(address)}"
    return line


def unfit(mail: Outgoing, offers: Offers, most: int, host: str) -> Refused | None:
    """Say why this server can't take this mail, whatever is tried; `most` is our own limit in bytes."""
    limit = min(size_limit(offers) or most, most)
    if mail.size > limit:
        return Refused(
            code="smtp.5.3.4",
            reason=Words(
                en=f"The mail has {mail.size} bytes; {host} takes at most {limit}.",
                fr=f"Le message fait {mail.size} octets ; {host} en accepte au plus {limit}.",
            ),
        )
    if mail.smtputf8 and "SMTPUTF8" not in offers:
        return Refused(
            code="smtp.5.6.7",
            reason=Words(
                en=f"{host} does not carry addresses beyond ASCII (SMTPUTF8, RFC 6531).",
                fr=f"{host} n'achemine pas les adresses hors ASCII (SMTPUTF8, RFC 6531).",
            ),
        )
    if mail.eight_bit and "8BITMIME" not in offers:
        return Refused(
            code="smtp.5.6.3",
            reason=Words(
                en=f"{host} does not carry eight-bit mail (8BITMIME), and a signed one can't be recoded.",
                fr=f"{host} n'achemine pas le 8 bits (8BITMIME) ; un message signé ne se recode pas.",
            ),
        )
    return None
