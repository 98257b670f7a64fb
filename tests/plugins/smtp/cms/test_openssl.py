"""Both directions with `openssl cms`, the reader that everybody has."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Sequence

import pytest

from hub.errors import InputError
from hub_smtp.cms import decrypt, encrypt, signed, trust
from hub_smtp.cms.signer import Signer
from tests.plugins.smtp.cms.made import AT, KINDS, Authority, Pair, in_pieces, joined

Written = Callable[[str, bytes], str]
CONTENT = b"Content-Type: text/plain\r\n\r\n" + b"A report of ten lines.\r\n" * 4000
PSS = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:digest")


def openssl(*arguments: str) -> bytes:
    """Run openssl and return what it writes."""
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def digests(content: bytes) -> dict[str, bytes]:
    """Digest as a mail reader does."""
    return {name: hashlib.new(name, content).digest() for name in ("sha256", "sha384", "sha512")}


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_verifies_what_we_sign(
    kind: str, authority: Authority, pairs: dict[str, Pair], written: Written
) -> None:
    """A reader with openssl sees our signature as good."""
    pair = pairs[kind]
    made = Signer(pair.key, [pair.certificate]).sign(hashlib.sha256(CONTENT).digest(), AT)  # type: ignore[arg-type]
    ca = written("ca.pem", authority.pem)
    out = openssl(
        "cms", "-verify", "-binary", "-inform", "DER", "-in", written("s.der", made),
        "-content", written("content", CONTENT), "-CAfile", ca, "-purpose", "smimesign",
    )  # fmt: skip
    assert out == CONTENT


@pytest.mark.parametrize("options", [(), ("-keyid",), ("-cades",), ("-md", "sha384"), ("-md", "sha512")])
@pytest.mark.parametrize("kind", KINDS)
def test_what_openssl_signs_is_valid(
    kind: str, options: Sequence[str], authority: Authority, pairs: dict[str, Pair], written: Written
) -> None:
    """A mail signed with openssl, by any key and naming its signer in any way, is valid."""
    made = sign(pairs[kind], written, "-outform", "DER", *options)
    data = signed.parse(made)
    got = data.verify(digests(CONTENT), trust.Anchors([authority.certificate]), AT)
    assert got.fault is None
    assert [str(one) for one in got.addresses] == ["alice@example.org"]
    assert got.signed_at is not None
    assert data.verify(digests(CONTENT + b" "), trust.Anchors([authority.certificate]), AT).fault is not None


def test_ed25519_is_valid(authority: Authority, pairs: dict[str, Pair], written: Written) -> None:
    """A mail signed with Ed25519 (RFC 8419) is valid."""
    try:
        made = sign(pairs["ed25519"], written, "-outform", "DER", "-md", "sha512")
    except AssertionError:
        pytest.skip(
            "this openssl does not sign CMS with Ed25519 (3.0 does not); test_signatures makes one by hand"
        )
    got = signed.parse(made).verify(digests(CONTENT), trust.Anchors([authority.certificate]), AT)
    assert got.fault is None


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_pss_is_valid(name: str, authority: Authority, pairs: dict[str, Pair], written: Written) -> None:
    """RSA-PSS with any of our digests is valid."""
    data = signed.parse(sign(pairs["rsa"], written, "-outform", "DER", "-md", name, *PSS))
    assert data.digest_name == name
    assert data.verify(digests(CONTENT), trust.Anchors([authority.certificate]), AT).fault is None


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("-md", "sha1"), "smime.signature.weak-digest"),
        (("-md", "md5"), "smime.signature.weak-digest"),
        (("-md", "sha224"), "smime.signature.unknown-digest"),
        (("-noattr",), "smime.signature.no-attributes"),
        (("-nocerts",), "smime.signature.no-certificate"),
        (("-nodetach",), "smime.signature.content-inside"),
        (("-econtent_type", "1.2.3.4"), "smime.signature.content-type"),
        ((*PSS, "-keyopt", "rsa_mgf1_md:sha1"), "smime.signature.weak-algorithm"),
        ((*PSS, "-keyopt", "rsa_mgf1_md:sha512"), "smime.signature.unknown-algorithm"),
    ],
)
def test_what_policy_refuses_says_why(
    options: Sequence[str], code: str, authority: Authority, pairs: dict[str, Pair], written: Written
) -> None:
    """Each thing that we don't take has a reason of its own, in both languages."""
    data = signed.parse(sign(pairs["rsa"], written, "-outform", "DER", *options))
    got = data.verify(digests(CONTENT), trust.Anchors([authority.certificate]), AT)
    assert got.fault is not None
    assert got.fault.code == code
    assert got.fault.words.en != got.fault.words.fr
    assert got.addresses == ()


def test_two_signers_are_one_too_many(authority: Authority, pairs: dict[str, Pair], written: Written) -> None:
    """A signature with two signers is refused, though each would hold."""
    other = pairs["p256"]
    more = ("-signer", written("o.pem", other.pem), "-inkey", written("o.key", other.key_pem))
    data = signed.parse(sign(pairs["rsa"], written, "-outform", "DER", *more))
    got = data.verify(digests(CONTENT), trust.Anchors([authority.certificate]), AT)
    assert got.fault is not None
    assert got.fault.code == "smime.signature.several-signers"


def test_certificates_alone_are_no_signature(
    authority: Authority, pairs: dict[str, Pair], written: Written
) -> None:
    """A file of certificates only, which is SignedData too, verifies nothing."""
    made = openssl("crl2pkcs7", "-nocrl", "-certfile", written("c.pem", pairs["rsa"].pem), "-outform", "DER")
    got = signed.parse(made).verify(digests(CONTENT), trust.Anchors([authority.certificate]), AT)
    assert got.fault is not None
    assert got.fault.code == "smime.signature.no-signer"


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 16])
@pytest.mark.parametrize("options", [(), ("-stream",), ("-stream", "-keyid")])
async def test_an_opaque_signature_is_read_as_it_comes(
    options: Sequence[str], size: int, authority: Authority, pairs: dict[str, Pair], written: Written
) -> None:
    """A mail whose content is inside its signature is valid, however it was cut."""
    made = sign(pairs["p384"], written, "-outform", "DER", "-nodetach", *options)
    got = bytearray()

    async def write(piece: bytes) -> None:
        got.extend(piece)

    opaque = await signed.read(in_pieces(made, size), write)
    assert bytes(got) == CONTENT
    assert opaque.size == len(CONTENT)
    assert opaque.verify(trust.Anchors([authority.certificate]), AT).fault is None
    assert await joined(signed.content_pieces(in_pieces(made, size))) == CONTENT


CIPHERS = ("-aes128", "-aes192", "-aes256", "-aes-128-gcm", "-aes-192-gcm", "-aes-256-gcm")
OAEP = ("-keyopt", "rsa_padding_mode:oaep")


@pytest.mark.parametrize("options", [(), ("-stream",), ("-keyid",)])
@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("kind", KINDS)
async def test_what_openssl_encrypts_is_read(
    kind: str, cipher: str, options: Sequence[str], pairs: dict[str, Pair], written: Written
) -> None:
    """A mail encrypted with openssl to any key of ours is decrypted."""
    made = envelop([pairs[kind]], written, cipher, *options)
    opened = await decrypt.decrypt(in_pieces(made, 999), keys_of(pairs[kind]))
    assert await joined(opened.pieces()) == CONTENT
    assert opened.authenticated == ("gcm" in cipher)


@pytest.mark.parametrize(
    "options",
    [
        OAEP,
        (*OAEP, "-keyopt", "rsa_oaep_md:sha256"),
        (*OAEP, "-keyopt", "rsa_oaep_md:sha512", "-keyopt", "rsa_mgf1_md:sha1"),
        (*OAEP, "-keyopt", "rsa_oaep_label:6c6162656c"),
    ],
)
async def test_oaep_is_read(options: Sequence[str], pairs: dict[str, Pair], written: Written) -> None:
    """OAEP is read with any hash, mask and label."""
    made = envelop([pairs["rsa"]], written, "-aes256", *options)
    opened = await decrypt.decrypt(in_pieces(made), keys_of(pairs["rsa"]))
    assert await joined(opened.pieces()) == CONTENT


@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("wrap", ["-aes128-wrap", "-aes192-wrap", "-aes256-wrap"])
async def test_key_agreement_is_read(
    digest: str, wrap: str, pairs: dict[str, Pair], written: Written
) -> None:
    """ECDH is read with any of RFC 5753's key derivations and wraps."""
    options = ("-keyopt", f"ecdh_kdf_md:{digest}", wrap)
    made = envelop([pairs["p256"]], written, "-aes256", *options)
    opened = await decrypt.decrypt(in_pieces(made), keys_of(pairs["p256"]))
    assert await joined(opened.pieces()) == CONTENT


@pytest.mark.parametrize(("cipher", "name"), [("-des3", "3DES"), ("-rc2-128", "RC2")])
async def test_weak_ciphers_are_refused_by_name(
    cipher: str, name: str, pairs: dict[str, Pair], written: Written
) -> None:
    """Content encrypted with a broken cipher is refused, and the words name it."""
    made = envelop([pairs["rsa"]], written, cipher, "-provider", "legacy", "-provider", "default")
    with pytest.raises(InputError) as caught:
        await decrypt.decrypt(in_pieces(made), keys_of(pairs["rsa"]))
    assert caught.value.code == "smime.encrypted.weak-cipher"
    assert name in caught.value.words.fr


@pytest.mark.parametrize("transport", list(encrypt.Transport))
@pytest.mark.parametrize("cipher", list(encrypt.Cipher))
@pytest.mark.parametrize("kind", KINDS)
async def test_openssl_reads_what_we_encrypt(
    kind: str, cipher: encrypt.Cipher, transport: encrypt.Transport, pairs: dict[str, Pair], written: Written
) -> None:
    """Each of two recipients reads our mail with openssl."""
    people = [pairs[kind], pairs["other"]]
    made = encrypt.Encryption([one.certificate for one in people], cipher, transport).whole(CONTENT)
    for one in people:
        out = openssl(
            "cms", "-decrypt", "-binary", "-inform", "DER", "-in", written("e.der", made),
            "-recip", written("r.pem", one.pem), "-inkey", written("r.key", one.key_pem),
        )  # fmt: skip
        assert out == CONTENT


def sign(pair: Pair, written: Written, *options: str) -> bytes:
    """Sign the content with openssl, with these options after the signer's."""
    return openssl(
        "cms", "-sign", "-binary", "-in", written("content", CONTENT),
        "-signer", written("s.pem", pair.pem), "-inkey", written("s.key", pair.key_pem), *options,
    )  # fmt: skip


def envelop(people: Sequence[Pair], written: Written, cipher: str, *options: str) -> bytes:
    """Encrypt the content with openssl."""
    named = [part for i, one in enumerate(people) for part in ("-recip", written(f"r{i}.pem", one.pem))]
    return openssl(
        "cms", "-encrypt", "-binary", "-in", written("content", CONTENT), "-outform", "DER", cipher,
        *named, *options,
    )  # fmt: skip


def keys_of(*people: Pair) -> decrypt.Keys:
    """Hold the keys of these."""
    return decrypt.Keys([decrypt.Identity(one.certificate, one.key) for one in people])  # type: ignore[arg-type]
