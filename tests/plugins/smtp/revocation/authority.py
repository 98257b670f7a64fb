"""An authority run by OpenSSL: it issues, revokes, writes lists, and answers by OCSP, as a real process."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.counterparts import program
from tests.plugins.smtp.cms.made import Pair, make_key

NOW = datetime.now(UTC).replace(microsecond=0)
DOCTOR = "dr.martin@cabinet.example"
_CONFIGURATION = """
[ca]
default_ca = here
[here]
dir = {folder}
database = $dir/index.txt
new_certs_dir = $dir
certificate = $dir/authority.pem
private_key = $dir/authority.key
default_md = sha256
default_days = 30
default_crl_days = 7
policy = any
unique_subject = no
rand_serial = yes
crl_extensions = crl
[any]
commonName = supplied
[crl]
authorityKeyIdentifier = keyid:always
[req]
distinguished_name = dn
prompt = no
[dn]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
_PERSON = """
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment, keyAgreement
extendedKeyUsage = emailProtection
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = email:{address}
"""
_RESPONDER = """
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = {usage}
"""


def openssl(*arguments: str | Path) -> None:
    """Run OpenSSL; fail when it does."""
    ran = subprocess.run([program("openssl"), *arguments], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()


def stamp(moment: datetime) -> str:
    """Write a moment as `openssl ca` reads it."""
    return f"{moment:%Y%m%d%H%M%SZ}"


@dataclass(frozen=True, slots=True)
class Issued(Pair):
    """A certificate, its key and their files."""

    file: Path
    key_file: Path


class OpensslAuthority:
    """One authority in a folder of its own."""

    def __init__(self, folder: Path, name: str = "Autorité d'essai") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.file = folder / "authority.pem"
        self._config = folder / "ca.cnf"
        self._config.write_text(_CONFIGURATION.format(folder=folder, name=name))
        (folder / "index.txt").touch()
        key = folder / "authority.key"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        openssl(
            *("req", "-new", "-x509", "-utf8", "-config", self._config, "-extensions", "authority"),
            *("-days", "365", "-key", key, "-out", self.file),
        )
        self.certificate = x509.load_pem_x509_certificate(self.file.read_bytes())
        self._count = 0

    def issue(
        self,
        *more: str,
        kind: str = "p256",
        address: str = DOCTOR,
        name: str = "Dr Martin",
        end: datetime | None = None,
    ) -> Issued:
        """Issue a certificate for a mailbox; `more` are lines such as `authorityInfoAccess = …`."""
        return self._issue("\n".join((_PERSON.format(address=address), *more)), kind, name, end)

    def responder(self, usage: str = "OCSPSigning", *more: str, name: str = "Répondeur") -> Issued:
        """Issue a certificate to answer by OCSP with."""
        return self._issue("\n".join((_RESPONDER.format(usage=usage), *more)), "p256", name, None)

    def revoke(self, what: Issued, reason: str = "keyCompromise") -> None:
        """Revoke a certificate."""
        openssl(
            *("ca", "-batch", "-config", self._config, "-revoke", what.file),
            *("-crl_reason", reason),
        )

    def revocation_list(
        self, since: datetime = NOW - timedelta(minutes=1), until: datetime = NOW + timedelta(days=7)
    ) -> bytes:
        """Write a list and return it, in PEM."""
        out = self.folder / "list.pem"
        openssl(
            *("ca", "-config", self._config, "-gencrl", "-out", out),
            *("-crl_lastupdate", stamp(since), "-crl_nextupdate", stamp(until)),
        )
        return out.read_bytes()

    @contextmanager
    def answering(
        self, port: int, signer: Issued | None = None, *options: str, requests: int | None = None
    ) -> Iterator[None]:
        """Run `openssl ocsp` as a responder on a port of the loopback."""
        with_key = (
            ("-rsigner", self.file, "-rkey", self.folder / "authority.key")
            if signer is None
            else ("-rsigner", signer.file, "-rkey", signer.key_file)
        )
        limit = () if requests is None else ("-nrequest", str(requests))
        command = [
            *(program("openssl"), "ocsp", "-port", str(port), "-index", self.folder / "index.txt"),
            *("-CA", self.file, *with_key, *limit, *(options or ("-nmin", "60"))),
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            assert process.stdout is not None
            try:
                # It says when it listens; connecting to see would count as a client, and hold it up.
                said = process.stdout.readline()
                assert b"ACCEPT" in said, said
                yield
            finally:
                process.kill()
                process.wait(10)

    def _issue(self, extensions: str, kind: str, name: str, end: datetime | None) -> Issued:
        self._count += 1
        key = make_key(kind)
        key_file = self.folder / f"{self._count}.key"
        key_file.write_bytes(Pair(self.certificate, key).key_pem)
        request, asked = self.folder / f"{self._count}.csr", self.folder / f"{self._count}.ext"
        asked.write_text(extensions)
        out = self.folder / f"{self._count}.pem"
        openssl(
            *("req", "-new", "-utf8", "-config", self._config, "-subj", f"/CN={name}"),
            *("-key", key_file, "-out", request),
        )
        openssl(
            *("ca", "-batch", "-notext", "-utf8", "-config", self._config),
            *("-extfile", asked, "-in", request, "-out", out),
            *("-startdate", stamp(NOW - timedelta(days=20))),
            *("-enddate", stamp(end or NOW + timedelta(days=30))),
        )
        return Issued(x509.load_pem_x509_certificate(out.read_bytes()), key, out, key_file)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def der(certificate: x509.Certificate) -> bytes:
    """Return a certificate in DER."""
    return certificate.public_bytes(Encoding.DER)


def places(port: int, *, ocsp: bool = True, lists: Sequence[str] = ()) -> list[str]:
    """Return the lines of a certificate that names a responder and lists on the loopback."""
    lines = []
    if ocsp:
        lines.append(f"authorityInfoAccess = OCSP;URI:http://127.0.0.1:{port}/")
    if lists:
        points = ",".join(f"URI:http://127.0.0.1:{port}/{name}" for name in lists)
        lines.append(f"crlDistributionPoints = {points}")
    return lines
