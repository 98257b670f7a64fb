"""Verify a sealed envelope with nothing but `cryptography`: python verify.py FILE.jws ANCHOR.pem."""

import base64
import json
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature


def b64(text: str) -> bytes:
    """Decode base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


jws = json.loads(Path(sys.argv[1]).read_bytes())
anchor = x509.load_pem_x509_certificate(Path(sys.argv[2]).read_bytes())
header = json.loads(b64(jws["protected"]))
signer, *others = [x509.load_der_x509_certificate(base64.b64decode(one)) for one in header["x5c"]]
signed, signature = f"{jws['protected']}.{jws['payload']}".encode(), b64(jws["signature"])
key = signer.public_key()
if header["alg"] == "EdDSA" and isinstance(key, ed25519.Ed25519PublicKey):
    key.verify(signature, signed)
elif header["alg"] == "ES256" and isinstance(key, ec.EllipticCurvePublicKey):
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
else:
    sys.exit(f"unknown algorithm {header['alg']}")
for child, issuer in zip([signer, *others], [*others, anchor], strict=True):
    child == issuer or child.verify_directly_issued_by(issuer)
sys.stdout.buffer.write(b64(jws["payload"]))
