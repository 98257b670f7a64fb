"""What is sent in the demonstration: a report as the hospital's software packs it, a letter as a PDF."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from importlib.resources import files
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from hub_demo.authority import Issued

_DATA: Final = files("hub_demo") / "data"


def report_package() -> bytes:
    """Return an `IHE_XDM.ZIP` (IHE ITI TF-2, 3.32) that holds one CDA R2 report."""
    report = (_DATA / "report.xml").read_bytes()
    sha1 = hashlib.sha1(report, usedforsecurity=False).hexdigest()
    metadata = (_DATA / "metadata.xml").read_text("utf-8").format(sha1=sha1, size=len(report))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.TXT", "Centre hospitalier de Hautmont\r\n")
        archive.writestr(
            "INDEX.HTM", '<html><body><a href="IHE_XDM/SUBSET01/DOC0001.XML">CR</a></body></html>'
        )
        archive.writestr("IHE_XDM/SUBSET01/METADATA.XML", metadata)
        archive.writestr("IHE_XDM/SUBSET01/DOC0001.XML", report)
    return packed.getvalue()


def report_mail(signer: Issued, sender: str, recipients: Sequence[str], subject: str, number: int) -> bytes:
    """Return the hospital's mail: a text and the package, signed by the hospital itself (RFC 8551)."""
    mail = EmailMessage(SMTP)
    mail.set_content("Bonjour,\n\nVeuillez trouver le compte rendu ci-joint.\n", cte="quoted-printable")
    mail.add_attachment(report_package(), maintype="application", subtype="zip", filename="IHE_XDM.ZIP")
    signed = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(mail.as_bytes())
        .add_signer(signer.certificate, signer.key, hashes.SHA256())
        .sign(Encoding.SMIME, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])
    )
    outer = EmailMessage(SMTP)
    outer["From"] = sender
    outer["To"] = ", ".join(recipients)
    outer["Subject"] = subject
    outer["Message-ID"] = f"<cr-{number}@{sender.rpartition('@')[2]}>"
    outer["Date"] = "Mon, 02 Nov 2026 10:35:00 +0100"
    return outer.as_bytes().rstrip(b"\r\n") + b"\r\n" + signed.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def letter(lines: Sequence[str]) -> bytes:
    """Return a one-page PDF (ISO 32000-1) with these lines of text."""
    shown = "\n".join(f"({_escape(line)}) Tj T*" for line in lines)
    page = f"BT /F1 12 Tf 16 TL 72 760 Td\n{shown}\nET".encode("cp1252")
    fonts = b"<< /Font << /F1 4 0 R >> >>"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources %b >>" % fonts,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(page), page),
    )
    written = bytearray(b"%PDF-1.4\n")
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    start = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % place for place in places)
    written += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(written)


def _escape(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
