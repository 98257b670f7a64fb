"""A prescription's number and 2D code, as they stand in the document.

The number (EPU) is computed by a rule that is not public, and so is what the code says: both are taken as
they are. A prescription that was not announced to the tele-service has neither.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from hub.errors import HubError, InputError, Words
from hub.ports.prescription import Code2D
from hub_eprescription.cda import faults, markup
from hub_eprescription.cda.markup import Element

EPU: Final = "1.2.250.1.215.500.1.1"
"""Root of the numbers that the French tele-service gives."""
CODE_SECTION: Final = "57723-9"
"""LOINC: unique bar code number."""
_NUMBER: Final = re.compile(r"[0-9A-Za-z]{1,64}")
_MOST_IMAGE: Final = 1 << 20
_FORMATS: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def epu(event: Element) -> str | None:
    """Return the number in a prescription's serviceEvent; None when it has none. Raises MalformedError."""
    found = [str(one.get("extension", "")) for one in markup.each(event, "id") if one.get("root") == EPU]
    if not found:
        return None
    if len(found) > 1 or not _NUMBER.fullmatch(found[0]):
        raise faults.malformed(
            "the number of the prescription (EPU) is not one number of letters and digits",
            "le numéro de l'ordonnance (EPU) n'est pas un seul numéro fait de lettres et de chiffres",
        )
    return found[0]


def code(root: Element) -> Code2D | None:
    """Return the image of the 2D code; None when there is none. Raises InputError for one that is broken.

    The type is that of the bytes: documents are known that call a PNG a JPEG.
    """
    for section in root.iter(f"{markup.HL7}section"):
        if markup.attribute(section, "code", "code") != CODE_SECTION:
            continue
        for value in markup.each(section, "entry/observationMedia/value"):
            return _image(value)
    return None


def _image(value: Element) -> Code2D:
    try:
        if value.get("representation") != "B64":
            raise ValueError
        image = base64.b64decode("".join((value.text or "").split()), validate=True)
        kind = next(name for magic, name in _FORMATS.items() if image.startswith(magic))
        if len(image) > _MOST_IMAGE:
            raise ValueError
        _check(image)
    except (binascii.Error, ValueError, StopIteration, HubError):
        raise InputError(
            "prescription.code_image",
            Words(
                en="The image of the 2D code in the document is not a whole PNG or JPEG in base64, of at "
                "most 1 MiB and 16 million pixels.",
                fr="L'image du code 2D dans le document n'est pas un PNG ou un JPEG complet en base64, d'au "
                "plus 1 Mio et 16 millions de pixels.",
            ),
            field="prescription",
        ) from None
    return Code2D(image=image, image_type=kind)


def _check(image: bytes) -> None:
    from hub_eprescription.codes import reading  # noqa: PLC0415 -- heavy: Pillow

    reading.picture(image)
