"""The page on signing says what is so: its tables are read, and its commands are run."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub_eprescription.signing import cades
from hub_eprescription.signing.pkcs11 import TokenSettings, open_token
from tests.counterparts import program
from tests.plugins.eprescription.prescribers import authority, prescriber
from tests.plugins.eprescription.signing.test_signers import parse, party
from tests.plugins.eprescription.signing.tokens import Lent, make_reader

PAGE = (Path(__file__).parents[4] / "docs" / "how-to" / "prescriptions" / "sign.md").read_text("utf-8")
TABLES = [one.replace("operators.erezept.", "") for one in re.findall(r"```toml\n(.+?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize("number", range(1, len(TABLES)))
def test_its_tables_are_read(tmp_path: Path, number: int) -> None:
    """What the page shows can be copied into hub.toml."""
    assert party().address.key in parse(tmp_path, TABLES[number]).keys


async def test_its_commands_make_a_card_and_a_signature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who follows the page has a token that signs, and a signature by OpenSSL that the hub takes."""
    monkeypatch.chdir(tmp_path)
    reader = make_reader(tmp_path, monkeypatch)
    root = authority()
    key, certificate = prescriber(root).write(tmp_path)
    key.rename("lilas.key")
    certificate.rename("lilas.pem")
    (tmp_path / "to-sign").write_bytes(b"<Bundle/>")
    commands = "\n".join(re.findall(r"```console\n(.+?)```", PAGE, re.DOTALL)).replace("\\\n", " ")
    for line in commands.splitlines():
        name, _, rest = line.removeprefix("$ ").partition(" ")
        if (
            name in {"softhsm2-util", "openssl", "pkcs11-tool"}
            and "-list-" not in rest
            and "-verify" not in rest
        ):
            text = f"{program(name)} {rest}".replace("/usr/lib/softhsm/libsofthsm2.so", str(reader.softhsm))
            run(text)
    signed = (tmp_path / "signed.p7").read_bytes()
    assert (await cades.verify(signed, root.trust, datetime.now(UTC))).trusted

    (only,) = parse(tmp_path, TABLES[2]).keys.values()
    assert isinstance(only, TokenSettings)
    there = replace(only, pin=reader.pin("48210733"), where=replace(only.where, module=str(reader.module)))
    async with open_token(there, Lent().host(tmp_path)) as opened:
        signed = await cades.envelop(b"<Bundle/>", opened, datetime.now(UTC))
    assert (await cades.verify(signed, root.trust, datetime.now(UTC))).trusted


def run(command: str) -> None:
    """Run a line of the page."""
    ran = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert ran.returncode == 0, (command, ran.stdout, ran.stderr)
