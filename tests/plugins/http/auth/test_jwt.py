"""JWTs, verified by openssl and by joserfc with the public half of the key."""

from __future__ import annotations

import base64
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub.errors import ConfigError
from hub.testing.fakes import NOON
from tests.counterparts import program
from tests.plugins.http.auth.world import authority, request, run, secrets, write

CLAIMS = {
    "iss": "{{ parameters.client }}",
    "aud": ["{{ parameters.audience }}", "https://b.example"],
    "nested": {"mailbox": "{{ parameters.mailbox }}", "number": 3},
}
RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()
KEYS: dict[str, Any] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256"), RSA),
    "ES256": P256,
    "ES384": P384,
    "EdDSA": ED,
}
KINDS = {"R": RSAKey, "P": RSAKey, "E": ECKey}


def pem(key: Any, password: bytes | None = None) -> bytes:
    """Return a private key."""
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    made: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
    return made


def public(key: Any) -> bytes:
    """Return a public key."""
    made: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return made


def described(algorithm: str, **more: Any) -> dict[str, Any]:
    """Return the proof."""
    return {"kind": "jwt", "key": "key", "algorithm": algorithm, "claims": CLAIMS, **more}


def part(text: str) -> bytes:
    """Decode a part of a JWT."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("algorithm", sorted(KEYS))
async def test_who_knows_the_public_key_believes_it(tmp_path: Path, algorithm: str) -> None:
    """Its claims are those of the description, filled in, and when and for how long it counts."""
    key = KEYS[algorithm]
    held = secrets(tmp_path, key=pem(key))
    proof = authority(held, described(algorithm, key_id="k-{{ parameters.mailbox }}", lifetime="2m"))
    tokens = []
    for _ in range(2):
        sent = await proof.authorise(request())
        kind, _, token = sent.headers["Authorization"].partition(" ")
        assert kind == "Bearer"
        tokens.append(token)
    imported = (OKPKey if algorithm == "EdDSA" else KINDS[algorithm[0]]).import_key(public(key))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # its name for EdDSA is another now
        read = jwt.decode(tokens[0], imported, algorithms=[algorithm])
    assert {"alg": algorithm, "typ": "JWT", "kid": "k-X26ABC1"} == read.header
    claims = dict(read.claims)
    assert claims.pop("jti") != json.loads(part(tokens[1].split(".")[1]))["jti"]
    now = int(NOON.timestamp())
    assert claims == {
        "iat": now,
        "exp": now + 120,
        "iss": "hub-1",
        "aud": ["https://aud.example", "https://b.example"],
        "nested": {"mailbox": "X26ABC1", "number": 3},
    }


@pytest.mark.parametrize("algorithm", sorted(KEYS))
async def test_openssl_believes_it(tmp_path: Path, algorithm: str) -> None:
    """A verifier that has nothing of ours."""
    openssl, key = program("openssl"), KEYS[algorithm]
    sent = await authority(secrets(tmp_path, key=pem(key)), described(algorithm)).authorise(request())
    signed, _, signature = sent.headers["Authorization"].removeprefix("Bearer ").rpartition(".")
    raw = part(signature)
    if algorithm.startswith("ES"):
        half = len(raw) // 2
        raw = encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))
    write(tmp_path / "public.pem", public(key))
    write(tmp_path / "signature", raw)
    write(tmp_path / "signed", signed)
    if algorithm == "EdDSA":
        command = ["pkeyutl", "-verify", "-rawin", "-in", str(tmp_path / "signed"), "-pubin"]
        command += ["-inkey", str(tmp_path / "public.pem"), "-sigfile", str(tmp_path / "signature")]
    else:
        command = ["dgst", f"-sha{algorithm[2:]}", "-verify", str(tmp_path / "public.pem")]
        command += ["-signature", str(tmp_path / "signature")]
        if algorithm.startswith("PS"):
            command += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]
        command += [str(tmp_path / "signed")]
    await run(openssl, *command)


@pytest.mark.parametrize(
    ("algorithm", "text"),
    [
        ("RS256", "nothing"),
        ("RS256", pem(P256)),
        ("ES256", pem(P384)),
        ("ES256", pem(RSA)),
        ("EdDSA", pem(RSA)),
        ("RS256", public(RSA)),
        ("RS256", pem(RSA, b"password")),
    ],
    ids=["no-key", "ec", "other-curve", "rsa", "rsa-for-ed", "public", "encrypted"],
)  # fmt: skip
def test_a_key_of_another_kind_is_refused_at_the_start(
    tmp_path: Path, algorithm: str, text: str | bytes
) -> None:
    """By its name, never by what stands in it."""
    with pytest.raises(ConfigError) as caught:
        authority(secrets(tmp_path, key=text), described(algorithm))
    assert caught.value.code == "http.key"
    assert algorithm in caught.value.words.fr


async def test_a_key_that_was_renewed_signs_the_next(tmp_path: Path) -> None:
    """Without a restart."""
    held = secrets(tmp_path, key=pem(P256))
    proof = authority(held, described("ES256"))
    await proof.authorise(request())
    other = ec.generate_private_key(ec.SECP256R1())
    write(tmp_path / "key", pem(other))
    token = (await proof.authorise(request())).headers["Authorization"].removeprefix("Bearer ")
    jwt.decode(token, ECKey.import_key(public(other)), algorithms=["ES256"])
    assert not await proof.renew(None)
