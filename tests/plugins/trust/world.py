"""A small space of trust: authorities and signers made by openssl, lists in both forms, a space that runs."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509

from hub.domain.address import Address
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog
from hub_trust import certificates, reading, signing
from hub_trust.authorities import Authorities
from hub_trust.faults import Place
from hub_trust.reading import Files
from hub_trust.settings import Settings
from tests.counterparts import program

NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
"""When the tests take place: a little after openssl has made certificates, which are valid from then on."""
DIGEST = "ab" * 32
SIGNER_EXTENSIONS = ("keyUsage=critical,digitalSignature", "subjectAltName=DNS:liste.mssante.example")
AUTHORITY_EXTENSIONS = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")


def run(*command: str, given: bytes = b"") -> bytes:
    """Run a program and return what it printed."""
    return subprocess.run(command, input=given, check=True, capture_output=True).stdout


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A key and its chain, the certificate first, as files."""

    key: Path
    certificate: Path
    chain: Path

    @property
    def x509(self) -> x509.Certificate:
        """Return the certificate."""
        return certificates.load([self.certificate])[0]


@dataclass
class Papers:
    """What openssl has made in one folder."""

    folder: Path
    openssl: str = field(default_factory=lambda: program("openssl"))

    def key(self, name: str, kind: str) -> Path:
        """Make a private key."""
        options = {"rsa": ("RSA", "rsa_keygen_bits:2048"), "short": ("RSA", "rsa_keygen_bits:1024")}
        path = self.folder / f"{name}.key"
        algorithm, option = options.get(kind, ("EC", "ec_paramgen_curve:P-256"))
        more = () if kind == "ed25519" else ("-pkeyopt", option)
        wanted = "ED25519" if kind == "ed25519" else algorithm
        run(self.openssl, "genpkey", "-algorithm", wanted, *more, "-out", str(path))
        return path

    def authority(self, name: str, *, by: Paper | None = None, kind: str = "ec") -> Paper:
        """Make an authority, or one under another."""
        return self.issue(name, by=by, kind=kind, extensions=AUTHORITY_EXTENSIONS)

    def issue(
        self,
        name: str,
        *,
        by: Paper | None,
        kind: str = "ec",
        extensions: tuple[str, ...] = SIGNER_EXTENSIONS,
        days: int = 400,
    ) -> Paper:
        """Make a certificate; without an authority it signs itself."""
        key = self.key(name, kind)
        certificate, chain = self.folder / f"{name}.pem", self.folder / f"{name}-chain.pem"
        command = [self.openssl, "req", "-x509", "-key", str(key), "-subj", f"/CN={name}"]
        command += ["-days", str(days), "-out", str(certificate)]
        for one in extensions:
            command += ["-addext", one]
        if by is None:
            run(*command)
            chain.write_bytes(certificate.read_bytes())
            return Paper(key=key, certificate=certificate, chain=chain)
        request, config = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        run(self.openssl, "req", "-new", "-key", str(key), "-subj", f"/CN={name}", "-out", str(request))
        config.write_text("\n".join(extensions) + "\n")
        run(
            self.openssl, "x509", "-req", "-in", str(request), "-CA", str(by.certificate),
            "-CAkey", str(by.key), "-CAcreateserial", "-days", str(days), "-extfile", str(config),
            "-out", str(certificate),
        )  # fmt: skip
        chain.write_bytes(certificate.read_bytes() + by.chain.read_bytes())
        return Paper(key=key, certificate=certificate, chain=chain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Everybody in these tests."""

    papers: Papers
    authority: Paper
    signers: dict[str, Paper]
    stranger: Paper
    """A signer of another authority, of the same name."""
    tls: Paper
    """An operator's TLS certificate, of the right authority."""


def cast_in(folder: Path) -> Cast:
    """Make them."""
    papers = Papers(folder)
    authority = papers.authority("authority")
    middle = papers.authority("middle", by=authority, kind="rsa")
    other = papers.authority("other-authority")
    return Cast(
        papers=papers,
        authority=authority,
        signers={
            "ec": papers.issue("signer-ec", by=authority),
            "rsa": papers.issue("signer-rsa", by=middle, kind="rsa"),
        },
        stranger=papers.issue("signer-of-others", by=other),
        tls=papers.issue(
            "mx.valbrume.example",
            by=authority,
            extensions=(
                "keyUsage=critical,digitalSignature,keyEncipherment",
                "extendedKeyUsage=serverAuth,clientAuth",
            ),
        ),
    )


OPERATORS: list[dict[str, Any]] = [
    {
        "name": "Valbrume Santé",
        "pins": [f"sha256:{DIGEST}", "dns:mx.valbrume.example"],
        "domains": [("valbrume.mssante.example", None), ("chu.valbrume.example", None)],
    },
    {"name": "Hautmont", "pins": [], "domains": [("hautmont.mssante.example", None)]},
]


def moment(at: datetime) -> str:
    """Write a moment."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A list to be written down. Domains are names, each with the moment of its withdrawal or None."""

    sequence: int = 7
    name: str = "mssante.example"
    issued: datetime = NOW - timedelta(hours=1)
    next_update: datetime = NOW + timedelta(days=7)
    operators: list[dict[str, Any]] = field(default_factory=lambda: OPERATORS)
    admitted: datetime = NOW - timedelta(days=300)

    def xml(self) -> bytes:
        """Write it as XML, unsigned."""
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            (
                f'<trustList xmlns="urn:caducee:trust-list:1" list="{self.name}" sequence="{self.sequence}"'
                f' issued="{moment(self.issued)}" nextUpdate="{moment(self.next_update)}">'
            ),
        ]
        for one in self.operators:
            lines.append(f'  <operator name="{one["name"]}" admitted="{moment(self.admitted)}">')
            for domain, withdrawn in one["domains"]:
                until = f' withdrawn="{moment(withdrawn)}"' if withdrawn else ""
                lines.append(f'    <domain name="{domain}"{until}/>')
            lines += [f"    <pin>{pin}</pin>" for pin in one["pins"]]
            lines.append("  </operator>")
        return "\n".join([*lines, "</trustList>", ""]).encode()

    def toml(self) -> bytes:
        """Write it as TOML."""
        lines = [
            'format = "caducee-trust-list-1"',
            f'list = "{self.name}"',
            f"sequence = {self.sequence}",
            f"issued = {moment(self.issued)}",
            f"next_update = {moment(self.next_update)}",
        ]
        for one in self.operators:
            lines += ["", "[[operators]]", f'name = "{one["name"]}"', f"admitted = {moment(self.admitted)}"]
            lines.append("domains = [")
            for domain, withdrawn in one["domains"]:
                table = f'{{ name = "{domain}", withdrawn = {moment(withdrawn)} }}' if withdrawn else ""
                lines.append(f"  {table or chr(34) + domain + chr(34)},")
            lines.append("]")
            lines.append("pins = [" + ", ".join(f'"{pin}"' for pin in one["pins"]) + "]")
        return "\n".join([*lines, ""]).encode()

    def written(self, form: str) -> bytes:
        """Write it in one of the forms."""
        return self.xml() if form == "xml" else self.toml()

    def files(self, form: str) -> Files:
        """Return it as if read from a file."""
        return Files(data=self.written(form), place=Place(f"list.{form}"))

    def signed(self, form: str, by: Paper) -> Files:
        """Return it with its signature."""
        made = signing.sign(
            self.files(form), signing.Changes(), certificates.load_key(by.key), certificates.load([by.chain])
        )
        return Files(data=made.data, jws=made.jws, place=Place(f"list.{form}"))

    def without(self, domain: str) -> Draft:
        """Return the next list, in which a domain does not stand any more."""
        return replace(
            self,
            sequence=self.sequence + 1,
            operators=[
                {
                    **one,
                    "domains": [pair for pair in one["domains"] if pair[0] != domain]
                    or [("kept.example", None)],
                }
                for one in self.operators
            ],
        )


def verify(files: Files, *anchors: Paper, at: datetime = NOW, signer: str | None = None) -> reading.Opened:
    """Read files as the hub would."""
    authorities = Authorities([one.x509 for one in anchors], signer)
    return reading.verify(files, authorities, at)


@dataclass
class Scene:
    """A hub's part for a space of trust: its files, its clock, its log."""

    cast: Cast
    folder: Path
    form: str = "xml"
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    log: RecordingLog = field(default_factory=RecordingLog)

    @property
    def file(self) -> Path:
        """Return where the list stands."""
        return self.folder / "config" / "list"

    @property
    def host(self) -> Host:
        """Return what the hub lends."""
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        return Host(
            name="mssante",
            hub_name="hub.valbrume.example",
            address=Address.parse("hub@hub.valbrume.example"),
            clock=self.clock,
            chance=FixedChance(),
            log=self.log,
            data=data,
            ledger=EphemeralLedger(),
        )

    def settings(self, **more: Any) -> Settings:
        """Return what the configuration says."""
        return Settings(file=self.file, anchors=(self.cast.authority.certificate,), **more)

    def put(self, draft: Draft, by: Paper | None = None) -> None:
        """Publish a list."""
        self.put_files(draft.signed(self.form, by or self.cast.signers["ec"]))

    def put_files(self, files: Files) -> None:
        """Publish bytes, each file at once."""
        self.file.parent.mkdir(exist_ok=True)
        for path, data in (
            (self.file.with_name("list.jws"), files.jws),
            (self.file, files.data),
        ):
            if data is not None:
                new = path.with_name(f"{path.name}.new")
                new.write_bytes(data)
                new.replace(path)

    def later(self, **by: float) -> None:
        """Let time pass: a second, unless told."""
        self.clock.advance(timedelta(**by) if by else timedelta(seconds=1))

    def codes(self) -> list[object]:
        """Return the codes of what was refused."""
        return [fields["code"] for _, event, fields in self.log.lines if event == "trust.refused"]
