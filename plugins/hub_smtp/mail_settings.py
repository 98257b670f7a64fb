"""The `[….mail]` tables: how mail that comes in is judged, and how mail that goes out is made.

`[receivers.<name>.mail]`, by what each key means and its default:

    anchors             authorities of senders' S/MIME certificates, PEM files; none: no signature is valid.
    decryption          list of { certificate, key } that senders may encrypt to, PEM files; none.
    invalid_signature   "refuse" a mail whose signature does not hold, or "record" it as invalid; refuse.
    harvest             folder in which the encryption certificates of validly signed mail are kept; none.
    harvest_most        mailboxes in it at the most: beyond, no new one is added; 10000.
    revocation, revocation_from.…   whether signers' certificates are revoked: see `revocation.settings`.
    limits.depth              how deep parts may be nested; 10.
    limits.parts              parts at all depths; 500.
    limits.header_bytes       header of the mail and of each part; 64KiB.
    limits.header_fields      fields in each header; 300.
    limits.near_boundaries    lines that begin like a boundary and are none; 1000.
    limits.hops               servers that a mail has passed (Received); 30.
    limits.addresses          addresses in To and in Cc; 2000.
    limits.references         ids kept of References; 100.
    limits.cms_layers         signatures and encryptions around each other; 3.
    xdm.entries         files and folders in an IHE_XDM.ZIP; 200.
    xdm.entry_bytes     one file, unpacked; 50MiB.
    xdm.total_bytes     all files, unpacked; 100MiB.
    xdm.ratio           how many times its packed size a file over 1 MiB may be; 100.
    xdm.metadata_bytes  METADATA.XML; 1MiB.

`[operators.<name>.mail]`:

    format                documents travel in an IHE_XDM.ZIP ("xdm") or as attachments ("plain"); xdm.
    signing_certificates  the organisation's certificate, then those that lead to its authority; unsigned.
    signing_key           its private key.
    encrypt               "always", "never", or "when-possible": when the directory holds a certificate.
    cipher                "gcm" or "cbc", for certificates that don't state what they read; gcm.
    key_transport         how keys travel to RSA certificates, "pkcs1" or "oaep"; pkcs1.
    anchors               authorities of recipients' certificates; none: the directory's word stands.
    certificates          folders of recipients' certificates, a file <address>.pem for each mailbox; none.
    directory_certificates   whether the directory's own come "first" or "last"; first.
    revocation, revocation_from.…   whether recipients' certificates are revoked: see `revocation.settings`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from hub.plugin import Table
from hub_smtp.cms.encrypt import Cipher, Transport
from hub_smtp.mime.limits import Limits
from hub_smtp.revocation import settings as revocation
from hub_smtp.revocation.settings import RevocationSettings
from hub_smtp.xdm.limits import XdmLimits


class OnInvalid(StrEnum):
    """What becomes of a mail whose signature does not hold."""

    REFUSE = "refuse"
    RECORD = "record"


class Format(StrEnum):
    """How documents travel to an operator."""

    XDM = "xdm"
    PLAIN = "plain"


class Encrypt(StrEnum):
    """Whether mail is encrypted to its recipient's certificate."""

    ALWAYS = "always"
    """A recipient without a certificate is refused."""
    WHEN_POSSIBLE = "when-possible"
    """A recipient without a certificate gets it unencrypted; one with an unfit certificate, nothing."""
    NEVER = "never"


class DirectoryCertificates(StrEnum):
    """When the directory's certificates are looked at."""

    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFiles:
    """A certificate (with those that lead to its authority) and its private key, in PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReading:
    """How mail that comes in is judged."""

    anchors: tuple[Path, ...] = ()
    decryption: tuple[KeyFiles, ...] = ()
    invalid_signature: OnInvalid = OnInvalid.REFUSE
    limits: Limits = field(default_factory=Limits)
    xdm: XdmLimits = field(default_factory=XdmLimits)
    harvest: Path | None = None
    harvest_most: int = 10_000
    revocation: RevocationSettings = field(default_factory=RevocationSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWriting:
    """How mail that goes out is made. Without `signing` it goes unsigned.

    `anchors` are the authorities of recipients' certificates; without any, a certificate from the
    directory or a folder is taken on its word, its dates, its usage and its address excepted.
    """

    format: Format = Format.XDM
    signing: KeyFiles | None = None
    encrypt: Encrypt = Encrypt.WHEN_POSSIBLE
    cipher: Cipher = Cipher.GCM
    transport: Transport = Transport.PKCS1
    anchors: tuple[Path, ...] = ()
    certificates: tuple[Path, ...] = ()
    directory_certificates: DirectoryCertificates = DirectoryCertificates.FIRST
    revocation: RevocationSettings = field(default_factory=RevocationSettings)


def parse_reading(table: Table) -> MailReading:
    """Read `[receivers.<name>.mail]`. Raises ConfigError."""
    named, anchors = table.names(), table.files("anchors", ())
    settings = MailReading(
        anchors=anchors,
        decryption=tuple(_key_files(one) for one in table.listed("decryption")),
        invalid_signature=OnInvalid(table.choice("invalid_signature", tuple(OnInvalid), OnInvalid.REFUSE)),
        limits=_limits(table.table("limits")),
        xdm=_xdm(table.table("xdm")),
        harvest=table.file("harvest") if "harvest" in named else None,
        harvest_most=table.integer("harvest_most", 10_000, least=1, most=1_000_000),
        revocation=revocation.parse(table, anchored=bool(anchors)),
    )
    table.finish()
    return settings


def parse_mail(table: Table) -> MailWriting:
    """Read `[operators.<name>.mail]`. Raises ConfigError."""
    named, anchors = table.names(), table.files("anchors", ())
    signing = None
    if "signing_certificates" in named or "signing_key" in named:
        signing = KeyFiles(certificate=table.file("signing_certificates"), key=table.file("signing_key"))
    settings = MailWriting(
        format=Format(table.choice("format", tuple(Format), Format.XDM)),
        signing=signing,
        encrypt=Encrypt(table.choice("encrypt", tuple(Encrypt), Encrypt.WHEN_POSSIBLE)),
        cipher=Cipher(table.choice("cipher", tuple(Cipher), Cipher.GCM)),
        transport=Transport(table.choice("key_transport", tuple(Transport), Transport.PKCS1)),
        anchors=anchors,
        certificates=table.files("certificates", ()),
        directory_certificates=DirectoryCertificates(
            table.choice("directory_certificates", tuple(DirectoryCertificates), DirectoryCertificates.FIRST)
        ),
        revocation=revocation.parse(table, anchored=bool(anchors)),
    )
    table.finish()
    return settings


def _key_files(table: Table) -> KeyFiles:
    files = KeyFiles(certificate=table.file("certificate"), key=table.file("key"))
    table.finish()
    return files


def _limits(table: Table) -> Limits:
    default = Limits()
    limits = Limits(
        depth=table.integer("depth", default.depth, least=1, most=100),
        parts=table.integer("parts", default.parts, least=1, most=100_000),
        header_bytes=table.size("header_bytes", f"{default.header_bytes}B"),
        header_fields=table.integer("header_fields", default.header_fields, least=10, most=10_000),
        near_boundaries=table.integer("near_boundaries", default.near_boundaries),
        hops=table.integer("hops", default.hops, least=1, most=100),
        addresses=table.integer("addresses", default.addresses, least=1, most=100_000),
        references=table.integer("references", default.references, most=1000),
        cms_layers=table.integer("cms_layers", default.cms_layers, least=1, most=10),
    )
    table.finish()
    return limits


def _xdm(table: Table) -> XdmLimits:
    default = XdmLimits()
    limits = XdmLimits(
        entries=table.integer("entries", default.entries, least=1, most=10_000),
        entry_bytes=table.size("entry_bytes", f"{default.entry_bytes}B"),
        total_bytes=table.size("total_bytes", f"{default.total_bytes}B"),
        ratio=table.integer("ratio", default.ratio, least=2, most=1032),
        metadata_bytes=table.size("metadata_bytes", f"{default.metadata_bytes}B"),
    )
    table.finish()
    return limits
