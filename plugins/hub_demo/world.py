"""The stage of the demonstration: a folder with certificates, configuration and directory, and processes."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from hub_demo.authority import Authority, Issued
from hub_demo.courrier import Courrier
from hub_demo.members import Member, trust_list
from hub_demo.processes import PATIENCE, end, failed, until
from hub_demo.rezept import Rezept

HOSPITAL: Final = "compte-rendus@ch-hautmont.mssante.example"
PRACTICE: Final = "dr.camille.lilas@cabinet-lilas.mssante.example"
HUB: Final = "hub.mssante.example"
SIGNER: Final = "liste@mssante.example"
"""Who signs the list of those who are admitted to exchange."""

_CONFIGURATION: Final = (files("hub_demo") / "data" / "hub.toml").read_text("utf-8")


@dataclass(slots=True)
class Operator:
    """One operator's server, as a process that can be stopped and started again."""

    name: str
    host: str
    port: int
    mailboxes: Path
    tls: Path
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "hub_demo.operator", self.host, str(self.port)]
        self.process = subprocess.Popen(  # noqa: S603 -- our own module, our own arguments
            [*command, str(self.mailboxes), str(self.tls)], stdout=subprocess.PIPE, text=True
        )
        if self.process.stdout is None or self.process.stdout.readline() != "ready\n":
            raise failed(
                f"the operator {self.name} did not start", f"l'opérateur {self.name} n'a pas démarré"
            )

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def mails(self, mailbox: str) -> list[Path]:
        """Return what lies in a mailbox, the oldest first."""
        return sorted((self.mailboxes / mailbox).glob("*.eml"))


@dataclass(slots=True)
class World:
    """Everything on one machine, on loopback ports that were free."""

    folder: Path
    authority: Authority
    hospital: Issued
    doctor: Issued
    hautmont: Operator
    valbrume: Operator
    courrier: Courrier
    rezept: Rezept
    smtp_port: int
    api_port: int
    hub: subprocess.Popen[bytes] | None = field(default=None)

    @classmethod
    def create(cls, folder: Path, doctor: str, *, language: str) -> World:
        """Make the folder's contents; `doctor` is the one whose certificate the directory holds."""
        run("init", str(folder), "--name", HUB, "--address", f"hub@{HUB}", language=language)
        authority = Authority(folder / "tls", "Autorité de démonstration")
        ports = _free_ports(6)
        world = cls(
            folder=folder,
            authority=authority,
            hospital=authority.mailbox(HOSPITAL, "Centre hospitalier de Hautmont"),
            doctor=authority.mailbox(doctor, "Médecin de ville"),
            hautmont=_operator("hautmont", "mx.ch-hautmont.mssante.example", ports[0], folder),
            valbrume=_operator("valbrume", "mx.valbrume.mssante.example", ports[1], folder),
            courrier=Courrier(folder / "courrier", ports[4]),
            rezept=Rezept(folder / "rezept", ports[5], authority.file),
            smtp_port=ports[2],
            api_port=ports[3],
        )
        for host in (HUB, world.hautmont.host, world.valbrume.host):
            authority.host(host)
        authority.mailbox(f"hub@{HUB}", "Caducée (démonstration)")
        authority.mailbox(PRACTICE, "Camille Lilas")
        (folder / "certificates").mkdir(exist_ok=True)
        shutil.copy(world.doctor.certificate_file, folder / "certificates" / f"{doctor}.pem")
        token = secrets.token_urlsafe(32)
        (folder / "token").touch(mode=0o600)
        (folder / "token").write_text(token + "\n")
        (folder / "hub.toml").write_text(
            _CONFIGURATION.format(
                hub=HUB,
                language=language,
                practice=PRACTICE,
                hautmont_host=world.hautmont.host,
                hautmont_port=world.hautmont.port,
                valbrume_host=world.valbrume.host,
                valbrume_port=world.valbrume.port,
                courrier_url=world.courrier.url,
                rezept_url=world.rezept.url,
                signer=SIGNER,
                smtp_port=world.smtp_port,
                api_port=world.api_port,
                token_sha256=hashlib.sha256(token.encode()).hexdigest(),
            )
        )
        authority.mailbox(SIGNER, "Espace de confiance (démonstration)")
        (folder / "trust").mkdir()
        world.admit(1, language=language)
        return world

    def admit(self, sequence: int, *, withdrawn: Sequence[str] = (), language: str) -> None:
        """Sign a list of who may exchange, and put it in its place: everybody here but the `withdrawn`."""
        members = (
            Member(name="Hautmont", domain="ch-hautmont.mssante.example", host=self.hautmont.host),
            Member(name="Valbrume", domain="valbrume.mssante.example", host=self.valbrume.host),
            Member(name="Cabinet des Lilas", domain="cabinet-lilas.mssante.example"),
        )
        draft, signed = self.folder / "trust" / "draft.xml", self.folder / "trust" / "signed.xml"
        draft.write_text(trust_list(sequence, (one for one in members if one.domain not in withdrawn)))
        tls = self.folder / "tls"
        run(
            *("trust-list", "sign", str(draft), "--out", str(signed)),
            *("--key", str(tls / f"{SIGNER}.key"), "--certificates", str(tls / f"{SIGNER}.pem")),
            language=language,
        )
        signed.rename(self.folder / "trust" / "list.xml")

    @property
    def api(self) -> str:
        """The base URL of the hub's API."""
        return f"http://127.0.0.1:{self.api_port}"

    def start_hub(self) -> None:
        """Start `hub serve`, its log into `hub.log`, and wait until it is ready."""
        with (self.folder / "hub.log").open("ab") as log:
            self.hub = subprocess.Popen(self._command("serve"), stderr=log, stdout=log)  # noqa: S603 -- our own
        until(
            self._ready, "the hub did not become ready: see hub.log", "le hub n'est pas prêt : voir hub.log"
        )

    def close(self) -> None:
        """Stop every process."""
        for one in (self.hautmont, self.valbrume, self.courrier, self.rezept):
            one.stop()
        if self.hub is not None:
            end(self.hub)
            self.hub = None

    def run(self, *arguments: str, language: str, may_fail: bool = False) -> str:
        """Run a `hub` command on this configuration and return what it prints."""
        return run(
            "--config", str(self.folder / "hub.toml"), *arguments, language=language, may_fail=may_fail
        )

    def json(self, *arguments: str, language: str) -> Any:
        """Run a `hub` command with `--json` and return what it says."""
        return json.loads(self.run(*arguments, "--json", language=language))

    def ask(self, path: str, *, status: int = 200) -> Any:
        """Ask the hub's API as the practice, and return what it answers with `status`."""
        request = urllib.request.Request(  # noqa: S310 -- http to ourselves
            f"{self.api}{path}", headers={"Authorization": f"Bearer {self.token()}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 -- the same
                got, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            got, body = error.code, error.read()
        if got != status:
            raise failed(f"the API answered {got}", f"l'API a répondu {got}")
        return json.loads(body)

    def token(self) -> str:
        """Return the practice's token for the API."""
        return (self.folder / "token").read_text().strip()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "hub", "--config", str(self.folder / "hub.toml"), *arguments]

    def _ready(self) -> bool:
        if self.hub is not None and self.hub.poll() is not None:
            raise failed("the hub stopped: see hub.log", "le hub s'est arrêté : voir hub.log")
        try:
            with urllib.request.urlopen(f"{self.api}/readyz", timeout=2) as answer:  # noqa: S310 -- http to ourselves
                ready: bool = answer.status == 200  # noqa: PLR2004 -- OK
                return ready
        except (urllib.error.URLError, OSError):
            return False


def run(*arguments: str, language: str, may_fail: bool = False) -> str:
    """Run a `hub` command and return what it prints. Raises PeerError with its words when it fails."""
    environment = {**os.environ, "LC_ALL": "fr_FR.UTF-8" if language == "fr" else "C.UTF-8", "NO_COLOR": "1"}
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-m", "hub", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=environment,
    )
    if done.returncode and not may_fail:
        said = done.stderr.strip() or done.stdout.strip()
        raise failed(f"`hub {' '.join(arguments)}`: {said}", f"`hub {' '.join(arguments)}` : {said}")
    return done.stdout


def _operator(name: str, host: str, port: int, folder: Path) -> Operator:
    return Operator(name, host, port, folder / "operators" / name, folder / "tls")


def _free_ports(count: int) -> Sequence[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
