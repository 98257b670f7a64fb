"""What a certificate can be pinned by."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.adapters.keys.names import names_of
from hub.plugin import pins
from hub.ports.trust import Admission
from tests.counterparts import program

KEYS = [trustme.KeyType.ECDSA, trustme.KeyType.RSA]


def certificate(kind: trustme.KeyType, *names: str) -> bytes:
    """Issue one, in DER."""
    issued = trustme.CA(key_type=kind).issue_cert(*names, key_type=kind)
    return ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())


ONE = certificate(trustme.KeyType.ECDSA, "mx.cabinet.example")


@pytest.mark.parametrize("kind", KEYS, ids=[one.name for one in KEYS])
def test_names_are_what_openssl_prints(kind: trustme.KeyType, tmp_path: Path) -> None:
    """A pin written from `openssl x509` and `openssl pkey` is the certificate's."""
    openssl = program("openssl")
    der, key = tmp_path / "one.der", tmp_path / "key.der"
    der.write_bytes(certificate(kind, "api.valbrume.example", "Files.Valbrume.example"))
    read = ["x509", "-inform", "DER", "-in", str(der), "-noout"]
    printed = subprocess.run([openssl, *read, "-fingerprint", "-sha256"], capture_output=True, check=True)
    fingerprint = printed.stdout.decode().strip().partition("=")[2].replace(":", "").lower()
    public = subprocess.run([openssl, *read, "-pubkey"], capture_output=True, check=True).stdout
    subprocess.run([openssl, "pkey", "-pubin", "-outform", "DER", "-out", str(key)], input=public, check=True)
    printed = subprocess.run([openssl, "dgst", "-sha256", "-r", str(key)], capture_output=True, check=True)
    expected = {
        f"sha256:{fingerprint}",
        f"spki:{printed.stdout.decode().split()[0]}",
        "dns:api.valbrume.example",
        "dns:files.valbrume.example",
    }
    assert expected == pins.names(der.read_bytes())


@settings(deadline=None)
@given(at=st.integers(0, 500), put=st.binary(max_size=4))
def test_names_are_the_hub_s_own(at: int, put: bytes) -> None:
    """A pin that an incoming client satisfies is satisfied by the same certificate on a server."""
    damaged = bytearray(ONE)
    damaged[at : at + len(put)] = put
    for one in (ONE, bytes(damaged)):
        kinds = ("sha256:", "spki:", "dns:")
        assert {name for name in names_of(one) if name.startswith(kinds)} == pins.names(one)


def test_one_pin_is_enough_and_none_asks_nothing() -> None:
    """As the list of a space of trust means it."""

    def admission(*named: str) -> Admission:
        return Admission(domain="cabinet.example", member="M", source="list", pins=frozenset(named))

    shown = pins.names(ONE)
    assert pins.admits(shown, None)
    assert pins.admits(shown, admission())
    assert pins.admits(shown, admission("dns:mx.cabinet.example", f"sha256:{'0' * 64}"))
    assert not pins.admits(shown, admission(f"sha256:{'0' * 64}", "dns:*.cabinet.example"))
