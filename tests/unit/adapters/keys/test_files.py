"""The hub's own key and certificate: read from their files, or refused with the file and what is wrong."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.adapters.keys import files
from hub.errors import ConfigError
from tests.counterparts import program

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a maker of key files by openssl: `make("ed25519")`, more arguments as `genpkey` has them."""

    def key(algorithm: str, *more: str) -> Path:
        path = tmp_path / f"{algorithm}-{len(list(tmp_path.iterdir()))}.key"
        _openssl("genpkey", "-algorithm", algorithm, "-out", path, *more)
        path.chmod(0o600)
        return path

    return key


def _openssl(*arguments: str | Path) -> None:
    subprocess.run([program("openssl"), *map(str, arguments)], check=True, capture_output=True)


def _certificate(key: Path) -> Path:
    path = key.with_suffix(".pem")
    _openssl("req", "-new", "-x509", "-key", key, "-subj", "/CN=hub.valbrume.example", "-out", path)
    return path


@pytest.mark.parametrize("kind", [("ed25519",), ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")])
def test_a_key_and_its_certificate_seal(make: Make, kind: tuple[str, ...]) -> None:
    """Both kinds of key that the hub signs with, as OpenSSL writes them."""
    key = make(*kind)
    assert files.load_signing(key, _certificate(key)).seal(b"{}")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (("RSA",), "keys.type"),
        (("EC", "-pkeyopt", "ec_paramgen_curve:P-384"), "keys.type"),
        (("ed25519", "-aes256", "-pass", "pass:secret"), "keys.password"),
    ],
)
def test_a_key_that_can_t_seal_is_named(make: Make, kind: tuple[str, ...], code: str) -> None:
    """The words name the file and never show what is in it."""
    key, fine = make(*kind), make("ed25519")
    with pytest.raises(ConfigError) as found:
        files.load_signing(key, _certificate(fine))
    assert found.value.code == code
    assert str(key) in found.value.words.fr


def test_a_certificate_of_another_key_is_refused(make: Make) -> None:
    """A mix-up shows at the start, not at the first check of an envelope."""
    with pytest.raises(ConfigError) as found:
        files.load_signing(make("ed25519"), _certificate(make("ed25519")))
    assert found.value.code == "keys.mismatch"


def test_what_is_no_pem_is_named(make: Make, tmp_path: Path) -> None:
    """For keys and for certificates."""
    noise = tmp_path / "noise.pem"
    noise.write_text("not a key\n")
    noise.chmod(0o600)
    key = make("ed25519")
    for pair in ((noise, _certificate(key)), (key, noise)):
        with pytest.raises(ConfigError) as found:
            files.load_signing(*pair)
        assert found.value.code == "keys.malformed"
        assert str(noise) in found.value.words.en


def test_each_authority_counts_once(make: Make) -> None:
    """Two files with the same certificate are one authority."""
    path = _certificate(make("ed25519"))
    assert len(files.load_anchors([path, path])) == 1
