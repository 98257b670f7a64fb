"""Whether a call was made by the operator: all that `verify` names must hold, and something must be named.

What needs no body is checked before a byte of it is read. A secret's file may have several lines: while a
secret is being changed, each of them will do. Why a proof failed is for the log, never for the caller.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hub.domain.ids import OperatorName
from hub.errors import HubError
from hub.plugin.door import proofs
from hub.ports.intake import Intake, Peer
from hub_http.description.inbound import Hmac, Verification
from hub_http.description.picking import Pick
from hub_http.door import faults
from hub_http.fetching.came import scope_of
from hub_http.mapping import picking, templates
from hub_http.mapping.answered import Answered
from hub_http.sending.operator import Operator

TOLERANCE: Final = timedelta(minutes=5)
"""How far a call's time may be from ours when the description names a time and no tolerance."""
_BODY: Final = re.compile(r"\{\{ *body *\}\}")


def before_body(
    verify: Verification,
    operator: Operator,
    headers: Mapping[str, str],
    certificate: bytes | None,
    intake: Intake,
) -> Peer:
    """Check what needs no body, and return the peer that the call speaks for. Raises UnprovedError."""
    if not (verify.client_certificate or verify.hmac or verify.bearer or verify.basic):
        raise faults.unproved("nothing")
    peer = intake.standing_for(OperatorName(operator.name))
    if verify.client_certificate:
        peer = None if certificate is None else intake.identify(certificate)
        if peer is None or peer.operator != operator.name:
            raise faults.unproved("certificate")
    if peer is None:
        raise faults.unproved("operator")
    authorization = headers.get("authorization", "")
    if verify.bearer is not None and not proofs.bears(authorization, _secrets(operator, verify.bearer)):
        raise faults.unproved("bearer")
    if verify.basic is not None:
        user = templates.text(verify.basic.user, scope_of(operator)) or ""
        pairs = [user.encode() + b":" + one for one in _secrets(operator, verify.basic.password)]
        scheme, _, said = authorization.partition(" ")
        if scheme.lower() != "basic" or not proofs.among(_decoded(said.strip()), pairs):
            raise faults.unproved("basic")
    return peer


def with_body(verify: Verification, operator: Operator, call: Answered, signatures: Sequence[str]) -> str:
    """Check what is in the call or digested from it; return its own time as it says it, or nothing.

    `signatures` are the values of the header that holds the digest. Raises UnprovedError.
    """
    if verify.hmac is not None:
        _check_digest(verify.hmac, operator, call, signatures)
    if verify.timestamp is None:
        return ""
    return _check_time(verify.timestamp, verify.tolerance or TOLERANCE, operator, call)


def _check_digest(how: Hmac, operator: Operator, call: Answered, signatures: Sequence[str]) -> None:
    message = _message(how, operator, call)
    algorithm = hashlib.sha256 if how.algorithm == "sha256" else hashlib.sha512
    right = [hmac.new(key, message, algorithm).digest() for key in _secrets(operator, how.key)]
    decoded = proofs.unhexed if how.encoding == "hex" else _decoded
    if not proofs.signed(signatures, right, prefix=how.prefix, decoded=decoded):
        raise faults.unproved("hmac")


def _message(how: Hmac, operator: Operator, call: Answered) -> bytes:
    """Return what is digested; the body stands in it exactly as it came, whatever its bytes are."""
    scope = {**scope_of(operator, call), "body": call.body.decode("utf-8", "replace")}
    try:
        around = [proofs.raw(templates.text(one, scope) or "") for one in _BODY.split(how.message)]
    except HubError:
        raise faults.unproved("hmac") from None
    return call.body.join(around)


def _check_time(pick: Pick, tolerance: timedelta, operator: Operator, call: Answered) -> str:
    found: Any = picking.pick(pick, call, scope_of(operator, call))
    said = str(found)
    try:
        at = _moment(said)
    except (ValueError, OverflowError, OSError):
        raise faults.unproved("timestamp") from None
    if abs(operator.host.clock.now() - at) > tolerance:
        raise faults.unproved("timestamp")
    return said


def _moment(said: str) -> datetime:
    """Read seconds since 1970, or a date of RFC 3339. Raises ValueError, OverflowError."""
    if said.isascii() and said.replace(".", "", 1).isdigit():
        return datetime.fromtimestamp(float(said), UTC)
    at = datetime.fromisoformat(said)
    if at.tzinfo is None:
        raise ValueError(said)
    return at


def _secrets(operator: Operator, name: str) -> list[bytes]:
    """Return a secret's lines; none when it is optional and not configured, and then nothing holds."""
    return [one.strip().encode() for one in operator.secrets.get(name, "").splitlines() if one.strip()]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
