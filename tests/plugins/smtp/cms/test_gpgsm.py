"""GnuPG as a second, independent reader of what we sign and encrypt."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PrivateFormat,
    pkcs12,
)

from hub_smtp.cms import encrypt
from hub_smtp.cms.signer import Signer
from tests.counterparts import program
from tests.plugins.smtp.cms.made import AT, Authority, Pair

CONTENT = b"Content-Type: text/plain\r\n\r\n" + b"A report of ten lines.\r\n" * 4000
PASSPHRASE = b"passphrase"


class Gpgsm:
    """A home folder of GnuPG that trusts one authority."""

    def __init__(self, home: Path, authority: Authority) -> None:
        self._program = program("gpgsm")
        self._home = home
        fingerprint = authority.certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - GnuPG's key
        (home / "trustlist.txt").write_text(f"{fingerprint} S relax\n")
        self.run("--import", data=authority.certificate.public_bytes(Encoding.DER))

    def run(self, *arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run gpgsm with `data` as input; it may ask for the passphrase."""
        reading, writing = os.pipe()
        os.write(writing, PASSPHRASE + b"\n")
        os.close(writing)
        common = (
            "--homedir", str(self._home), "--batch", "--quiet", "--disable-dirmngr", "--disable-crl-checks",
            "--pinentry-mode", "loopback", "--passphrase-fd", str(reading),
        )  # fmt: skip
        try:
            return subprocess.run(
                [self._program, *common, *arguments],
                input=data, capture_output=True, check=False, pass_fds=(reading,),
            )  # fmt: skip
        finally:
            os.close(reading)

    def hold(self, pair: Pair) -> None:
        """Import a certificate and its key."""
        made = (
            PrivateFormat.PKCS12.encryption_builder()
            .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
            .hmac_hash(hashes.SHA1())  # noqa: S303 - what GnuPG 2.2 can import
            .build(PASSPHRASE)
        )
        assert isinstance(pair.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        data = pkcs12.serialize_key_and_certificates(b"key", pair.key, pair.certificate, None, made)
        path = self._home / "key.p12"
        path.write_bytes(data)
        done = self.run("--import", str(path))
        assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def gpgsm(authority: Authority) -> Iterator[Gpgsm]:
    """GnuPG in a short path of its own (its sockets need one), its agent ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="gpg", ignore_cleanup_errors=True) as home:
        try:
            yield Gpgsm(Path(home), authority)
        finally:
            subprocess.run([program("gpgconf"), "--homedir", home, "--kill", "all"], check=False)


@pytest.mark.parametrize("kind", ["rsa", "p256", "p384"])  # GnuPG 2.2 fails on P-521 itself
def test_gpgsm_verifies_what_we_sign(kind: str, gpgsm: Gpgsm, pairs: dict[str, Pair], tmp_path: Path) -> None:
    """A reader with GnuPG sees our signature as good, and one changed byte as bad."""
    pair = pairs[kind]
    assert isinstance(pair.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    made = Signer(pair.key, [pair.certificate]).sign(hashlib.sha256(CONTENT).digest(), AT)
    signature, content = tmp_path / "s.p7s", tmp_path / "content"
    signature.write_bytes(made)
    content.write_bytes(CONTENT)
    done = gpgsm.run("--status-fd", "1", "--verify", str(signature), str(content))
    assert b"GOODSIG" in done.stdout, done.stderr.decode()
    assert b"TRUST_FULLY" in done.stdout
    content.write_bytes(CONTENT + b" ")
    assert b"BADSIG" in gpgsm.run("--status-fd", "1", "--verify", str(signature), str(content)).stdout


def test_gpgsm_reads_what_we_encrypt(gpgsm: Gpgsm, pairs: dict[str, Pair]) -> None:
    """A reader with GnuPG decrypts our mail, alone or among others with keys of other kinds.

    GnuPG 2.2 knows neither OAEP nor GCM; after reading well it grumbles at other recipients whom it does
    not know, or who have EC keys.
    """
    gpgsm.hold(pairs["rsa"])
    for names in (["rsa"], ["other", "rsa"], ["rsa", "p256", "other"]):
        people = [pairs[name].certificate for name in names]
        made = encrypt.Encryption(people, encrypt.Cipher.CBC).whole(CONTENT)
        done = gpgsm.run("--decrypt", data=made)
        assert done.stdout == CONTENT, done.stderr.decode()
        assert done.returncode == 0 or len(names) > 1
