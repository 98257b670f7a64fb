"""Read the 2D code in a picture: one DataMatrix or QR code, or a clear refusal.

Pictures come from outside. Their size in bytes and in pixels is checked before a pixel is unpacked, and only
a few plain formats are opened. What a code says is given as its bytes: to judge it is its codec's to do.
"""

# ruff: noqa: PLC0415 -- the libraries are imported when a picture is read, not when the hub starts
from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.errors import InputError, LimitError, MalformedError, Words
from hub_eprescription.codes.draw import Symbology

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = ("PNG", "JPEG", "GIF", "BMP")
MAX_BYTES: Final = 4 << 20
MAX_PIXELS: Final = 16_000_000
"""An A4 page at 400 dots per inch has 15.5 million."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a code says, as its bytes."""

    symbology: Symbology
    content: bytes = field(repr=False)


def picture(data: bytes) -> Image:
    """Return a picture in shades of grey, transparent parts white.

    Raises LimitError `prescription.picture_too_large`, MalformedError `prescription.picture_malformed`.
    """
    from PIL import Image

    if len(data) > MAX_BYTES:
        raise _too_large()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large()
            rgba = image.convert("RGBA")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_large() from error
    except (OSError, SyntaxError, ValueError) as error:
        raise MalformedError(
            "prescription.picture_malformed",
            Words(
                en=f"This picture can't be read: it must be a whole {', '.join(FORMATS)} file.",
                fr=f"Cette image est illisible : ce doit être un fichier {', '.join(FORMATS)} complet.",
            ),
        ) from error
    paper = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(paper, rgba).convert("L")


def read(data: bytes) -> Scanned:
    """Return what the one code in a picture says.

    Raises InputError `prescription.picture_code` for none or several, and what `picture` raises.
    """
    import zxingcpp

    kinds = {
        zxingcpp.BarcodeFormat.DataMatrix: Symbology.DATA_MATRIX,
        zxingcpp.BarcodeFormat.QRCode: Symbology.QR,
    }
    wanted = zxingcpp.BarcodeFormats(list(kinds))
    found = zxingcpp.read_barcodes(picture(data), formats=wanted)
    if len(found) != 1:
        raise InputError(
            "prescription.picture_code",
            Words(
                en=f"The picture must show one DataMatrix or QR code; {len(found)} were found.",
                fr=f"L'image doit montrer un seul code DataMatrix ou QR ; {len(found)} ont été trouvés.",
            ),
            found=len(found),
        )
    return Scanned(symbology=kinds[found[0].symbology], content=found[0].bytes)


def _too_large() -> LimitError:
    return LimitError(
        "prescription.picture_too_large",
        Words(
            en=f"The picture is too large: at most {MAX_BYTES >> 20} MB and "
            f"{MAX_PIXELS // 1_000_000} million pixels are read.",
            fr=f"L'image est trop grande : on lit au plus {MAX_BYTES >> 20} Mo et "
            f"{MAX_PIXELS // 1_000_000} millions de pixels.",
        ),
        limit=MAX_BYTES,
    )
