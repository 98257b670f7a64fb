"""Commands that need no running hub: init, check, verify, keys, plugins, directory."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.cli import exit_codes
from tests.unit.cli.conftest import Hub

ENVELOPES = Path("tests/assets/envelope").absolute()
SAMPLE = sorted(Path("tests/assets/annuaire").absolute().glob("*.txt"))
DOCTOR = "dr.camille.lilas@cabinet-lilas.mssante.example"


def test_init_says_what_to_do_next_and_refuses_a_second_time(hub: Hub, tmp_path: Path) -> None:
    """Nothing is asked without a terminal, nothing overwritten."""
    said = hub("init", tmp_path / "hub", language="fr")
    assert said.code == 0
    assert f"hub --config {tmp_path / 'hub'}/hub.toml check" in said.out
    again = hub("init", tmp_path / "hub", language="fr")
    assert (again.code, again.out) == (exit_codes.REFUSED, "")
    assert "n'écrase rien" in again.err


def test_check_tells_every_part(hub: Hub, folder: Path) -> None:
    """An empty directory is the one thing that a fresh hub lacks."""
    said = hub("check")
    assert said.code == exit_codes.TEMPORARY
    marks = {line[2:].split(" – ")[0]: line[0] for line in said.out.splitlines()}
    assert marks["configuration"] == marks["keys"] == marks["keys.vault"] == marks["store"] == "✓"
    assert marks["directories.national"] == "✗"
    assert marks["operators"] == "!"
    assert not (folder / "data/hub.db").exists()


def test_check_is_fine_after_an_import(hub: Hub, folder: Path) -> None:
    """And says of which day the directory is; the sample is old by now."""
    done = hub("directory", "import", *SAMPLE, "--json")
    assert done.code == 0
    assert done.json()["mailboxes"] > 0
    said = hub("check", "--json")
    assert (said.code, said.json()["fine"]) == (0, True)
    found = {one["part"]: one for one in said.json()["findings"]}
    assert "2026-08-26" in found["directories.national"]["fr"]


def test_check_tells_all_faults_of_a_configuration(hub: Hub, folder: Path) -> None:
    """Each on a line of its own, with file, line and key."""
    (folder / "hub.toml").write_text('[hub]\nname = "x"\n[log]\nlevel = "loud"\n')
    said = hub("check")
    assert said.code == exit_codes.CONFIGURATION
    assert [line.split(": ")[0] for line in said.out.splitlines()] == [
        "✗ configuration – hub.toml:2",
        "✗ configuration – hub.toml:4",
    ]


def test_check_names_a_key_that_others_can_read(hub: Hub, folder: Path) -> None:
    """With the command that repairs it."""
    (folder / "keys/hub.key").chmod(0o644)
    said = hub("check")
    assert said.code == exit_codes.CONFIGURATION
    assert "chmod 600 keys/hub.key" in said.out


def test_an_import_that_fails_changes_nothing(hub: Hub, folder: Path, tmp_path: Path) -> None:
    """The words name file and line; the old version still answers."""
    hub("directory", "import", *SAMPLE)
    for one in SAMPLE:
        shutil.copy(one, tmp_path)
    cut = next(tmp_path.glob("Extraction*"))
    cut.write_bytes(cut.read_bytes()[:-200])
    said = hub("directory", "import", *sorted(tmp_path.glob("*.txt")))
    assert (said.code, said.out) == (exit_codes.REFUSED, "")
    assert cut.name in said.err
    assert hub("directory", "lookup", DOCTOR).code == 0


def test_lookup_says_who_it_is_and_whether_they_practise(hub: Hub, folder: Path) -> None:
    """By address or by national identifier; who is not there gives exit code 4."""
    assert hub("directory", "lookup", DOCTOR).code == exit_codes.TEMPORARY
    hub("directory", "import", *SAMPLE)
    (entry,) = hub("directory", "lookup", DOCTOR, "--json").json()["entries"]
    assert (entry["address"], entry["standing"]) == (DOCTOR, "active")
    rpps = entry["identifiers"][0]["value"].removeprefix("8")
    assert DOCTOR in hub("directory", "lookup", f"rpps:{rpps}").out
    said = hub("directory", "lookup", "nobody@cabinet-lilas.mssante.example")
    assert (said.code, said.out) == (exit_codes.REFUSED, "")
    assert hub("directory", "lookup", "rpps:12").code == exit_codes.REFUSED
    assert hub("directory", "lookup", DOCTOR, "--name", "other").code == exit_codes.REFUSED


def test_verify_accepts_a_golden_envelope_and_refuses_a_changed_one(hub: Hub, tmp_path: Path) -> None:
    """Step by step, with who sealed it and when."""
    anchor = ("--anchor", ENVELOPES / "anchor.pem")
    said = hub("verify", ENVELOPES / "report.jws", *anchor)
    assert said.code == 0
    assert said.out.count("✓") == 3
    changed = tmp_path / "changed.jws"
    data = bytearray((ENVELOPES / "report.jws").read_bytes())
    data[100] ^= 1
    changed.write_bytes(data)
    said = hub("verify", changed, *anchor, "--json")
    assert said.code in {exit_codes.REFUSED, exit_codes.TRUST}
    assert said.json()["holds"] is False


def test_verify_trusts_the_configuration_or_nobody(
    hub: Hub, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --anchor the hub's own anchors count; without a configuration there are none."""
    report = ENVELOPES / "report.jws"
    said = hub("verify", report)
    assert said.code == exit_codes.TRUST
    shutil.copy(ENVELOPES / "anchor.pem", folder / "keys/hub.pem")
    assert hub("verify", report).code == 0
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hub.app.locating.PLACES", ())
    assert "--anchor" in hub("verify", report).out
    assert hub("verify", tmp_path / "nothing").code == exit_codes.REFUSED


def test_keys_are_listed_without_their_secrets(hub: Hub, folder: Path) -> None:
    """Fingerprints, dates, days left."""
    said = hub("keys", "list", "--json")
    (certificate,) = said.json()["certificates"]
    assert certificate["days_left"] == 729
    (kek,) = said.json()["vault"]
    secret = (folder / "keys/vault").read_text().split()[1]
    assert secret not in said.out + hub("keys", "list").out
    assert hub("keys", "rotate", "--json").json()["id"] != kek["id"]
    assert [one["id"] for one in hub("keys", "list", "--json").json()["vault"]][1:] == [kek["id"]]


def test_a_new_key_is_made_beside_the_old_one(hub: Hub, folder: Path) -> None:
    """With a certificate that may end soon, which is then told; or with a request."""
    assert hub("keys", "new", "keys/2.key", "keys/2.pem", "--days", "7", "--p256").code == 0
    assert hub("keys", "new", "keys/2.key", "keys/3.pem").code == exit_codes.CONFIGURATION
    assert not (folder / "keys/3.pem").exists()
    assert hub("keys", "new", "keys/4.key", "keys/4.csr", "--csr", "--country", "FR").code == 0
    assert "CERTIFICATE REQUEST" in (folder / "keys/4.csr").read_text()
    text = (folder / "hub.toml").read_text("utf-8")
    (folder / "hub.toml").write_text(text.replace("keys/hub.", "keys/2."), "utf-8")
    said = hub("keys", "list")
    assert said.code == 0
    assert "ends in 6 days" in said.err
    assert any(line.startswith("! keys – ") for line in hub("check").out.splitlines())


def test_plugins_are_listed(hub: Hub, folder: Path) -> None:
    """Those that stand with what they offer, and those that are blocked by option or configuration."""
    said = hub("plugins", "list", "--json")
    assert said.code == 0
    offers = {one["name"]: one["offers"] for one in said.json()["loaded"]}
    assert offers["smtp"] == ["operators smtp", "receivers smtp"]
    with (folder / "hub.toml").open("a") as file:
        file.write('\n[plugins]\nblocked = ["demo"]\n')
    said = hub("--block", "smtp", "plugins", "list", "--json")
    assert said.json()["blocked"] == ["demo", "smtp"]
    assert "blocked" in hub("plugins", "list").out
