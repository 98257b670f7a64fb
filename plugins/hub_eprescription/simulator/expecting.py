"""What must hold before the E-Rezept service does something; else it refuses, in its own words."""

from __future__ import annotations

import base64
from hmac import compare_digest

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.asking import Asking
from hub_eprescription.simulator.fhir import Resource
from hub_eprescription.simulator.outcomes import DeclinedError, forbidden, gone, invalid
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.tasks import Held, State


def signed(body: Resource) -> bytes:
    """Return what is to be activated. Raises DeclinedError."""
    for one in body.get("parameter") or ():
        if fhir.text(one, "name") == "ePrescription":
            resource = fhir.pick(one, "resource")
            if fhir.text(resource, "contentType") != "application/pkcs7-mime":
                raise invalid("FHIR-Validation error", "Binary.contentType is not application/pkcs7-mime")
            try:
                return base64.b64decode(fhir.text(resource, "data"), validate=True)
            except ValueError as error:
                raise invalid("FHIR-Validation error", "Binary.data is no base64") from error
    raise invalid("FHIR-Validation error", "no parameter ePrescription in the request")


def expect_role(access: Access, *roles: Role) -> None:
    """Raise DeclinedError for who may not use an operation."""
    if access.role not in roles:
        raise forbidden_endpoint(access)


def forbidden_endpoint(access: Access) -> DeclinedError:
    """Make the refusal of an operation that is not for this role."""
    return forbidden(f"endpoint is forbidden for professionOID {access.role.value}")


def expect_there(held: Held, words: str) -> None:
    """Raise DeclinedError for what was deleted."""
    if held.state is State.CANCELLED:
        raise gone(words)


def expect_draft(held: Held) -> None:
    """Raise DeclinedError for what is no draft: of what is ready these words say that it counts."""
    if held.state is not State.DRAFT:
        raise forbidden(f"Task not in status draft but in status {held.state.value}")


def expect_secret(held: Held, asking: Asking, words: str) -> None:
    """Raise DeclinedError for who is not the pharmacy that holds it."""
    given = asking.value("secret") or ""
    if held.secret is None or not compare_digest(held.secret.encode(), given.encode()):
        raise forbidden(words)


def expect_access_code(held: Held, asking: Asking) -> None:
    """Raise DeclinedError for who does not know the code: in `X-AccessCode`, or `ac` of the query."""
    given = asking.headers.get("x-accesscode") or asking.value("ac") or ""
    if not compare_digest(held.access_code.encode(), given.encode()):
        raise forbidden("AccessCode mismatch")
