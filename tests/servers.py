"""Real HTTP operators that tests speak to, each a process of its own on the loopback address.

They live in the environment that `make counterparts` fills. Each is ready when it is handed over: somebody
answers on its port. What they write to their terminals lies in their folder.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme

from tests.counterparts import APART, apart

PATIENCE: Final = 60.0
"""Seconds that a server may take until somebody answers on its port."""
HOST: Final = "localhost"
SHARED_KEY: Final = "the-key-of-the-environment"
"""The key that MESH gives to every user of one environment, here the sandbox's."""
MAILBOX_PASSWORD: Final = "password"
"""Of each of the sandbox's mailboxes: X26ABC1, X26ABC2 and X26ABC3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """One side of a mutual TLS link, as files."""

    certificate: Path
    key: Path
    authority: Path

    def server(self, *, client: bool = False) -> ssl.SSLContext:
        """Make the server's context; with `client` it wants a certificate of the authority."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.authority))
        context.load_cert_chain(self.certificate, self.key)
        context.verify_mode = ssl.CERT_REQUIRED if client else ssl.CERT_NONE
        return context

    def client(self) -> ssl.SSLContext:
        """Make the client's context."""
        context = ssl.create_default_context(cafile=str(self.authority))
        context.load_cert_chain(self.certificate, self.key)
        return context


class Papers:
    """An authority for one test, and what it issues, as files of one folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self.authority = folder / "authority.pem"
        self.ca.cert_pem.write_to_path(str(self.authority))

    def issue(self, name: str = HOST) -> Tls:
        """Issue for a host name."""
        made = self.ca.issue_cert(name, key_type=trustme.KeyType.ECDSA)
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        key.touch(mode=0o600)
        key.write_bytes(made.private_key_pem.bytes())
        return Tls(certificate=certificate, key=key, authority=self.authority)


@contextmanager
def mesh_sandbox(folder: Path, tls: Tls) -> Iterator[str]:
    """Run NHS MESH's own sandbox under mutual TLS, its mailboxes in memory; yields its base URL."""
    port = free_port()
    command = [
        *(apart("python"), "-m", "uvicorn", "mesh_sandbox.api:app"),
        *("--host", "127.0.0.1", "--port", str(port), "--no-access-log"),
        *("--ssl-certfile", str(tls.certificate), "--ssl-keyfile", str(tls.key)),
        *("--ssl-ca-certs", str(tls.authority), "--ssl-cert-reqs", str(int(ssl.CERT_REQUIRED))),
    ]
    settings = {"ENV": "test", "AUTH_MODE": "full", "STORE_MODE": "memory", "SHARED_KEY": SHARED_KEY}
    with running(command, port, folder / "mesh-sandbox.log", settings):
        yield f"https://{HOST}:{port}"


@contextmanager
def token_server(folder: Path, tls: Tls) -> Iterator[str]:
    """Run an OAuth 2.0 server under TLS that gives a token to every client; yields its base URL."""
    port = free_port()
    command = [apart("node"), apart("oauth2-mock-server"), "-a", "127.0.0.1", "-p", str(port)]
    command += ["-c", str(tls.certificate), "-k", str(tls.key)]
    with running(command, port, folder / "oauth2-mock-server.log"):
        yield f"https://{HOST}:{port}"


@contextmanager
def prism(folder: Path, document: Path) -> Iterator[str]:
    """Run an operator made from an OpenAPI document; yields its base URL, http: put a `Front` before it."""
    port = free_port()
    command = [apart("node"), apart("prism"), "mock", "--host", "127.0.0.1", "--port", str(port)]
    with running([*command, str(document)], port, folder / "prism.log"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running(
    command: Sequence[str], port: int, log: Path, settings: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the end of the block; it listens on `port` when this yields."""
    path = f"{APART / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path, **(settings or {})}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, cwd=log.parent
        )
    try:
        _await(port, process, log)
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        ended = process.poll() is not None
        assert not ended, f"{process.args!r} ended: {log.read_text(errors='replace')[-2000:]}"
        assert time.monotonic() < end, f"nobody answers on {port}: {log.read_text(errors='replace')[-2000:]}"
        time.sleep(0.05)
