"""What S/MIME costs: µs for one signature, check, encryption and decryption, beside others' code.

    python bench/smime.py

`cryptography` is its own pkcs7 module (DER, RSA only, no verifying), `openssl` the command with the
cost of starting it (that of `openssl version`) taken off. One thread, everything in memory.
"""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs7
from cryptography.x509.oid import NameOID

from hub.ports.content import PIECE
from hub_smtp.cms import decrypt, encrypt, signed, trust
from hub_smtp.cms.signer import Signer, SigningKey

AT = datetime.now(UTC)
SIZES = (10_000, 1_000_000)
SECONDS = 0.5


def certificate(key: SigningKey) -> x509.Certificate:
    """Make a certificate that is its own authority, pinned below."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bench")])
    return (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(AT - timedelta(days=1))
        .not_valid_after(AT + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


def cost(work: Callable[[], object]) -> float:
    """Return the best of five averages, in µs."""
    work()
    start = time.perf_counter()
    work()
    rounds = max(1, int(SECONDS / 5 / (time.perf_counter() - start)))
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(rounds):
            work()
        best = min(best, (time.perf_counter() - start) / rounds)
    return best * 1e6


def openssl(*arguments: str) -> Callable[[], object]:
    """Return a call of openssl."""
    return lambda: subprocess.run(["openssl", *arguments], capture_output=True, check=True)


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    """Yield what the store would."""
    for at in range(0, len(data), PIECE):
        yield data[at : at + PIECE]


async def drain(stream: AsyncIterator[bytes]) -> None:
    """Read to the end."""
    async for _ in stream:
        pass


def measure(kind: str, key: SigningKey, content: bytes, folder: Path, loop: asyncio.Runner) -> None:
    """Print one block."""
    own = certificate(key)
    anchors = trust.Anchors([own])
    signer, keys = Signer(key, [own]), decrypt.Keys([decrypt.Identity(own, key)])
    (folder / "c.pem").write_bytes(own.public_bytes(Encoding.PEM))
    (folder / "k.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "content").write_bytes(content)
    made = signer.sign(hashlib.sha256(content).digest(), AT)
    (folder / "s").write_bytes(made)
    start = cost(openssl("version"))
    files = ("-signer", str(folder / "c.pem"), "-inkey", str(folder / "k.pem"))
    source = ("-binary", "-in", str(folder / "content"), "-outform", "DER", "-out", str(folder / "out"))
    rows: list[tuple[str, float, float | None, Callable[[], object]]] = []
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(own, key, hashes.SHA256())
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    rows.append(
        (
            "sign",
            cost(lambda: signer.sign(hashlib.sha256(content).digest(), AT)),
            cost(lambda: builder.sign(Encoding.DER, options)),
            openssl("cms", "-sign", *source, *files),
        )
    )
    rows.append(
        (
            "verify",
            cost(
                lambda: signed.parse(made).verify({"sha256": hashlib.sha256(content).digest()}, anchors, AT)
            ),
            None,
            openssl(
                "cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", str(folder / "s"),
                "-content", str(folder / "content"), "-out", str(folder / "out"),
            ),
        )
    )  # fmt: skip
    for cipher in encrypt.Cipher:
        encryption = encrypt.Encryption([own], cipher)
        theirs = None
        if isinstance(key, rsa.RSAPrivateKey) and cipher is encrypt.Cipher.CBC:
            envelope = (
                pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(own)
                .set_content_encryption_algorithm(algorithms.AES256)
            )  # fmt: skip
            theirs = cost(lambda: envelope.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary]))  # noqa: B023 - called here
        name = "-aes-256-gcm" if cipher is encrypt.Cipher.GCM else "-aes256"
        rows.append(
            (
                f"encrypt {cipher}",
                cost(lambda: loop.run(drain(encryption.pieces(pieces(content), len(content))))),  # noqa: B023 - called here
                theirs,
                openssl("cms", "-encrypt", name, *source, "-recip", str(folder / "c.pem")),
            )
        )
        encrypted = encryption.whole(content)
        (folder / f"e{cipher}").write_bytes(encrypted)

        async def opened(data: bytes = encrypted) -> None:
            await drain((await decrypt.decrypt(pieces(data), keys)).pieces())

        rows.append(
            (
                f"decrypt {cipher}",
                cost(lambda: loop.run(opened())),
                None,
                openssl(
                    "cms", "-decrypt", "-binary", "-inform", "DER", "-in", str(folder / f"e{cipher}"),
                    "-recip", str(folder / "c.pem"), "-inkey", str(folder / "k.pem"),
                    "-out", str(folder / "out"),
                ),
            )
        )  # fmt: skip
    for what, ours, other, command in rows:
        shown = "" if other is None else f"{other:12.0f}"
        started = max(0, cost(command) - start)
        print(f"{kind:6} {len(content):9} {what:12} {ours:10.0f} {shown:>12} {started:12.0f}")


def main() -> None:
    """Print the table."""
    print(f"{'key':6} {'bytes':>9} {'':12} {'ours':>10} {'cryptography':>12} {'openssl':>12}   (µs)")
    made: dict[str, SigningKey] = {
        "rsa": rsa.generate_private_key(65537, 2048),
        "p256": ec.generate_private_key(ec.SECP256R1()),
    }
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as loop:
        for kind, key in made.items():
            for size in SIZES:
                measure(kind, key, bytes(size), Path(folder), loop)


if __name__ == "__main__":
    main()
