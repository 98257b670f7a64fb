"""Debian's OpenLDAP server as a private process, filled with an LDIF of MSSanté mailboxes."""

from __future__ import annotations

import base64
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import trustme

from tests.counterparts import absent, program

BASE: Final = "ou=bal,dc=annuaire,dc=example"
READER: Final = "cn=hub,dc=annuaire,dc=example"
PASSWORD: Final = "le-mot-de-passe-du-hub"
SCHEMAS: Final = Path("/etc/ldap/schema")

_SCHEMA: Final = """
attributetype ( 2.999.7.1.1 NAME 'mssEtat' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 2.999.7.1.2 NAME 'mssDepuis' SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
attributetype ( 2.999.7.1.3 NAME 'mssJusqua' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 2.999.7.1.4 NAME 'mssListeRouge' SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )
attributetype ( 2.999.7.1.5 NAME 'mssRang' SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 2.999.7.2.1 NAME 'mssBal' SUP inetOrgPerson STRUCTURAL
  MAY ( mssEtat $ mssDepuis $ mssJusqua $ mssListeRouge $ mssRang ) )
"""

_CONF: Final = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
include {folder}/mss.schema
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
TLSVerifyClient {verify}
authz-regexp "^cn=hub\\.example(,.*)?$" "{reader}"
{limits}
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="{base}" by dn.exact="{reader}" read by * none
access to * by * read
database mdb
maxsize 33554432
suffix "dc=annuaire,dc=example"
directory {folder}/data
index objectClass,mail,employeeNumber,departmentNumber eq
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server. `process` may be killed."""

    port: int
    tls_port: int
    process: subprocess.Popen[bytes]

    @property
    def ldap(self) -> str:
        """The URL in clear, or for StartTLS."""
        return f"ldap://localhost:{self.port}"

    @property
    def ldaps(self) -> str:
        """The URL under TLS."""
        return f"ldaps://localhost:{self.tls_port}"

    def kill(self) -> None:
        """Kill it and wait until it is gone."""
        self.process.kill()
        self.process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An authority of certificates that tests believe. `pem` is its file."""

    made: trustme.CA
    pem: Path


def authority(folder: Path) -> Authority:
    """Make an authority."""
    made = trustme.CA()
    folder.mkdir(parents=True, exist_ok=True)
    pem = folder / "ca.pem"
    made.cert_pem.write_to_path(str(pem))
    return Authority(made=made, pem=pem)


def issue(by: Authority, folder: Path, name: str, *hosts: str) -> tuple[Path, Path]:
    """Issue a certificate for host names; return its files, certificate and key."""
    leaf = by.made.issue_cert(*hosts, common_name=hosts[0])
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(b"".join(one.bytes() for one in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(str(key))
    return certificate, key


def record(dn: str, **attributes: str | bytes | Sequence[str | bytes]) -> str:
    """Write one entry as LDIF (RFC 2849). `certificate` stands for `userCertificate;binary`."""
    lines = [f"dn:: {_b64(dn)}"]
    for key, given in attributes.items():
        name = "userCertificate;binary" if key == "certificate" else key
        values = [given] if isinstance(given, str | bytes) else given
        lines += [f"{name}:: {_b64(value)}" for value in values]
    return "\n".join(lines) + "\n\n"


def mailbox(address: str, **attributes: str | bytes | Sequence[str | bytes]) -> str:
    """Write a mailbox as LDIF."""
    held = {"cn": address, "sn": address, "mail": address} | attributes
    first = held["cn"] if isinstance(held["cn"], str) else held["cn"][0]
    unique = attributes.get("uid", address)
    return record(f"uid={unique},{BASE}", objectClass="mssBal", **{"uid": unique} | held | {"cn": first})


@contextmanager
def running(
    folder: Path,
    by: Authority,
    records: Sequence[str],
    *,
    verify: str = "try",
    limits: str = "",
) -> Iterator[Server]:
    """Run a server with these records until the end of the block."""
    slapd = program("slapd")
    if not SCHEMAS.is_dir():
        absent("the schemas of slapd are not installed (make packages)")
    (folder / "data").mkdir(parents=True)
    (folder / "mss.schema").write_text(_SCHEMA)
    (folder / "ca.pem").write_bytes(by.pem.read_bytes())
    issue(by, folder, "server", "localhost", "127.0.0.1")
    conf = folder / "slapd.conf"
    conf.write_text(
        _CONF.format(schemas=SCHEMAS, folder=folder, verify=verify, reader=READER, base=BASE, limits=limits)
    )
    ldif = folder / "content.ldif"
    ldif.write_text("".join((*_frame(), *records)))
    subprocess.run([program("slapadd"), "-f", conf, "-l", ldif], check=True, capture_output=True, timeout=60)
    port, tls_port = free_port(), free_port()
    process = subprocess.Popen(
        [slapd, "-f", conf, "-d", "none", "-h", f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stderr is not None
    try:
        _await_start(process.stderr)
        for one in (port, tls_port):
            _await_listening(one)
        yield Server(port=port, tls_port=tls_port, process=process)
        process.terminate()
        process.wait(30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stderr.close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await_listening(port: int) -> None:
    # it says that it starts a moment before it listens
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.005)
    raise AssertionError("slapd does not listen")


def _await_start(stream: IO[bytes]) -> None:
    said = []
    for line in iter(stream.readline, b""):
        said.append(line)
        if b"slapd starting" in line:
            return
    raise AssertionError(b"".join(said).decode())


def _frame() -> Sequence[str]:
    return (
        record(
            "dc=annuaire,dc=example", objectClass=["dcObject", "organization"], dc="annuaire", o="Annuaire"
        ),
        record(
            READER,
            objectClass=["organizationalRole", "simpleSecurityObject"],
            cn="hub",
            userPassword=PASSWORD,
        ),
        record(BASE, objectClass="organizationalUnit", ou="bal"),
    )


def _b64(value: str | bytes) -> str:
    return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()
