"""Real PKCS#11 tokens: SoftHSM's, behind OpenSC's spy, which counts what a module was asked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hub.domain.address import Address
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog
from tests.counterparts import absent, program
from tests.plugins.eprescription.prescribers import NOW, Holder

PIN = "48210733"
_PLACES = ("/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")


def library(name: str) -> Path:
    """Return the path of a native library, or end the test."""
    for place in _PLACES:
        for folder in (place, f"{place}/softhsm", f"{place}/pkcs11"):
            if (path := Path(folder, name)).exists():
                return path
    absent(f"the library {name} is not installed (make packages)")
    raise AssertionError(name)


@dataclass(frozen=True, slots=True)
class Reader:
    """A module of a test's own, with its tokens in a folder. `module` is the spy before it."""

    folder: Path
    module: Path
    softhsm: Path

    def insert(self, label: str, holder: Holder, *, certificate: bool = True, pin: str = PIN) -> None:
        """Make a token with a key called `sig` (id 01), and its certificate."""
        key, _ = holder.write(self.folder)
        der = self.folder / "certificate.der"
        der.write_bytes(holder.certificate.public_bytes(Encoding.DER))
        tool = program("softhsm2-util")
        _run(tool, "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", pin)
        _run(tool, "--import", key, "--token", label, "--label", "sig", "--id", "01", "--pin", pin)
        if certificate:
            _run(
                *(program("pkcs11-tool"), "--module", self.softhsm, "--token-label", label, "--login"),
                *("--pin", pin, "--write-object", der, "--type", "cert", "--id", "01", "--label", "sig"),
            )

    def logins(self) -> int:
        """Return how often the module was asked to log somebody in."""
        path = self.folder / "spy.log"
        return len(re.findall(r"^\d+: C_Login$", path.read_text(errors="replace"), re.MULTILINE))

    def pin(self, text: str = PIN) -> Path:
        """Write a PIN into its file."""
        path = self.folder / "pin"
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path


def make_reader(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Set up a module with no tokens yet.

    The libraries are copied: each copy is a module of its own, which reads the environment when it is
    first asked, as in a process that has just begun.
    """
    (folder / "tokens").mkdir()
    softhsm = Path(shutil.copy(library("libsofthsm2.so"), folder / "softhsm.so"))
    spy = Path(shutil.copy(library("pkcs11-spy.so"), folder / "spy.so"))
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    monkeypatch.setenv("PKCS11SPY", str(softhsm))
    monkeypatch.setenv("PKCS11SPY_OUTPUT", str(folder / "spy.log"))
    return Reader(folder, spy, softhsm)


@dataclass(frozen=True, slots=True)
class Lent:
    """What the hub lends to a part, with a ledger that outlives it."""

    ledger: EphemeralLedger = field(default_factory=EphemeralLedger)

    def host(self, folder: Path) -> Host:
        """Return it."""
        return Host(
            name="erezept",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=FixedClock(NOW),
            chance=FixedChance(),
            log=RecordingLog(),
            data=folder,
            ledger=self.ledger,
        )


def _run(*arguments: str | Path) -> None:
    ran = subprocess.run(arguments, capture_output=True, check=False, env=os.environ)
    assert ran.returncode == 0, (ran.stdout, ran.stderr)
