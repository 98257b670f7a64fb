"""What was altered never counts; what was not comes back as it was."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import HubError, MalformedError, TrustError
from hub_smtp.cms import ber, decrypt, der, encrypt, faults, gcm, oids, recipients, signed, trust
from hub_smtp.cms.signer import Signer
from tests.plugins.smtp.cms.made import AT, KINDS, Authority, Pair, in_pieces, joined

CONTENT = b"Content-Type: text/plain\r\n\r\nA report.\r\n"
SHARED = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def keys_of(*people: Pair) -> decrypt.Keys:
    """Hold the keys of these."""
    held = []
    for one in people:
        assert isinstance(one.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        held.append(decrypt.Identity(one.certificate, one.key))
    return decrypt.Keys(held)


def opened(data: bytes, keys: decrypt.Keys, size: int = 1 << 16) -> bytes:
    """Decrypt in pieces of `size` bytes."""

    async def run() -> bytes:
        found = await decrypt.decrypt(in_pieces(data, size), keys)
        return await joined(found.pieces())

    return asyncio.run(run())


def changed(data: bytes, at: int, by: int) -> bytes:
    """Change one byte."""
    at %= len(data)
    return data[:at] + bytes((data[at] ^ by,)) + data[at + 1 :]


@SHARED
@given(
    size=st.one_of(
        st.integers(0, 100), st.sampled_from([255, 256, 4095, 4096, 65519, 65535, 65536, 65537, 200_000])
    ),
    cut=st.integers(1, 5000),
    read=st.integers(1, 5000),
    people=st.lists(st.sampled_from((*KINDS, "other")), min_size=1, max_size=5, unique=True),
    cipher=st.sampled_from(list(encrypt.Cipher)),
    transport=st.sampled_from(list(recipients.Transport)),
)
def test_every_recipient_reads_what_was_encrypted(  # noqa: PLR0917 - hypothesis gives them by name
    size: int, cut: int, read: int, people: list[str], cipher: encrypt.Cipher,
    transport: recipients.Transport, pairs: dict[str, Pair],
) -> None:  # fmt: skip
    """Any content, cut in any way, comes back to each recipient, and its encrypted size was foretold."""
    content = bytes(size)
    made = encrypt.Encryption([pairs[one].certificate for one in people], cipher, transport)
    encrypted = asyncio.run(joined(made.pieces(in_pieces(content, cut), size)))
    assert len(encrypted) == made.size(size)
    assert len(made.whole(content)) == made.size(size)
    for one in people:
        assert opened(encrypted, keys_of(pairs[one]), read) == content


@SHARED
@given(data=st.data(), kind=st.sampled_from(KINDS), by=st.integers(1, 255))
def test_one_changed_byte_in_gcm_never_gives_a_content(
    data: st.DataObject, kind: str, by: int, pairs: dict[str, Pair]
) -> None:
    """Whatever byte of an AuthEnvelopedData is changed, nothing false is accepted."""
    made = encrypt.Encryption([pairs[kind].certificate, pairs["other"].certificate]).whole(CONTENT)
    altered = changed(made, data.draw(st.integers(0, 1 << 16)), by)
    try:
        got = opened(altered, keys_of(pairs[kind]))
    except HubError:
        return
    # A byte of another recipient's part is not ours to see.
    assert got == CONTENT


@SHARED
@given(data=st.data(), by=st.integers(1, 255), kind=st.sampled_from((*KINDS,)))
def test_failures_with_our_key_are_all_alike(
    data: st.DataObject, by: int, kind: str, pairs: dict[str, Pair]
) -> None:
    """A spoilt content key, padding or content gives one error with one wording."""
    made = encrypt.Encryption([pairs[kind].certificate], encrypt.Cipher.CBC).whole(CONTENT)
    spoil = data.draw(st.sampled_from(["key", "end"]))
    # The wrapped key stands before the content's head; the content is at the very end.
    at = made.rindex(oids.DATA) - 20 if spoil == "key" else len(made) - 1 - data.draw(st.integers(0, 31))
    try:
        assert opened(changed(made, at, by), keys_of(pairs[kind])) != CONTENT
    except TrustError as error:
        # One of two ends: some false keys give a false content in CBC.
        assert error.args == faults.undecryptable().args  # noqa: PT017


@SHARED
@given(data=st.data(), by=st.integers(1, 255), kind=st.sampled_from(KINDS))
def test_one_changed_byte_never_verifies_as_another(
    data: st.DataObject, by: int, kind: str, authority: Authority, pairs: dict[str, Pair]
) -> None:
    """A changed byte in content, attributes or signature is never valid."""
    pair = pairs[kind]
    assert isinstance(pair.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    made = Signer(pair.key, [pair.certificate]).sign(hashlib.sha256(CONTENT).digest(), AT)
    anchors = trust.Anchors([authority.certificate])
    content = changed(CONTENT, data.draw(st.integers(0, 1 << 16)), by)
    assert not signed.parse(made).verify({"sha256": hashlib.sha256(content).digest()}, anchors, AT).valid
    altered = changed(made, data.draw(st.integers(0, 1 << 16)), by)
    digests = {name: hashlib.new(name, CONTENT).digest() for name in ("sha256", "sha384", "sha512")}
    try:
        got = signed.parse(altered).verify(digests, anchors, AT)
    except MalformedError:
        return
    # What is not signed (version numbers, algorithms' empty parameters) may change; what is signed not.
    if got.valid:
        assert signed.parse(altered).signers[0].signed == signed.parse(made).signers[0].signed


@SHARED
@given(
    data=st.data(),
    changes=st.lists(
        st.tuples(st.integers(0, 1 << 16), st.binary(max_size=3), st.integers(0, 4)), max_size=4
    ),
)
def test_hostile_bytes_raise_nothing_but_our_errors(
    data: st.DataObject, changes: list[tuple[int, bytes, int]], authority: Authority, pairs: dict[str, Pair]
) -> None:
    """Mutated signatures and envelopes give a verdict or an error of the hub, never a crash."""
    hostile = bytearray(data.draw(st.sampled_from(corpus(pairs))))
    for at, put, gone in changes:
        where = at % (len(hostile) + 1)
        hostile[where : where + gone] = put
    anchors = trust.Anchors([authority.certificate])
    cut = data.draw(st.integers(1, 600))
    for attempt in range(3):
        try:
            if attempt == 0:
                signed.parse(bytes(hostile)).verify({"sha256": bytes(32)}, anchors, AT)
            elif attempt == 1:
                asyncio.run(signed.read(in_pieces(bytes(hostile), cut))).verify(anchors, AT)
            else:
                opened(bytes(hostile), keys_of(pairs["rsa"], pairs["p256"]), cut)
        except HubError as error:
            assert error.words.fr  # noqa: PT017 - one of several ends


@SHARED
@given(st.binary(max_size=300))
def test_noise_is_malformed(noise: bytes) -> None:
    """Bytes that are no CMS at all are refused as malformed."""
    with pytest.raises(MalformedError):
        signed.parse(noise)


@pytest.mark.parametrize("shape", [b"\x30\x80" * 5000, b"\x24\x80" * 5000, b"\x30\x84\x7f\xff\xff\xff"])
def test_depth_and_length_are_bounded(shape: bytes, pairs: dict[str, Pair]) -> None:
    """Nesting without end and lengths out of all measure are refused at once."""
    with pytest.raises(MalformedError):
        signed.parse(shape)
    with pytest.raises(MalformedError):
        opened(shape, keys_of(pairs["rsa"]))


def test_a_detached_signature_has_a_limit() -> None:
    """A signature of more than a megabyte is refused before it is read."""
    with pytest.raises(HubError) as caught:
        signed.parse(bytes(signed.MAX_DETACHED + 1))
    assert caught.value.code == "smime.too-large"


def test_recipients_have_a_limit(pairs: dict[str, Pair]) -> None:
    """A list of recipients of more than a megabyte is refused, not held."""
    infos = der.tlv(der.SET, der.tlv(der.SEQUENCE, bytes(decrypt.MAX_HEADER)))
    inner = der.tlv(der.SEQUENCE, b"\x02\x01\x00", infos)
    with pytest.raises(HubError) as caught:
        opened(
            der.tlv(der.SEQUENCE, oids.ENVELOPED_DATA, der.tlv(der.EXPLICIT, inner)), keys_of(pairs["rsa"])
        )
    assert caught.value.code == "smime.too-large"


def test_what_is_not_for_us_says_so(pairs: dict[str, Pair]) -> None:
    """A mail for somebody else is told from one that was altered."""
    made = encrypt.Encryption([pairs["other"].certificate]).whole(CONTENT)
    with pytest.raises(decrypt.NotOursError) as caught:
        opened(made, keys_of(pairs["rsa"], pairs["p256"]))
    assert caught.value.code == "smime.encrypted.not-ours"


@pytest.mark.parametrize("attributes", [b"", b"a", bytes(16), bytes(range(200))])
@pytest.mark.parametrize("size", [0, 1, 16, 17, 100_000])
def test_attributes_that_come_late_are_authenticated(
    attributes: bytes, size: int, pairs: dict[str, Pair]
) -> None:
    """Authenticated attributes behind the content count in the tag (RFC 5083, 2.2)."""
    content = bytes(size)
    placed = der.tlv(der.SET, attributes)
    key, nonce = bytes(range(32)), bytes(12)
    sealed = AESGCM(key).encrypt(nonce, content, placed)
    info = recipients.recipient(pairs["rsa"].certificate, recipients.Transport.PKCS1).info(key)
    parameters = der.tlv(der.SEQUENCE, der.tlv(der.OCTETS, nonce), b"\x02\x01\x10")
    inner = der.tlv(
        der.SEQUENCE, oids.DATA, oids.algorithm(oids.AES256_GCM, parameters), der.tlv(0x80, sealed[:-16])
    )

    def whole(tail: bytes) -> bytes:
        body = der.tlv(der.SEQUENCE, b"\x02\x01\x00", der.tlv(der.SET, info), inner, tail)
        return der.tlv(der.SEQUENCE, oids.AUTH_ENVELOPED_DATA, der.tlv(der.EXPLICIT, body))

    tail = b"\xa1" + placed[1:] + der.tlv(der.OCTETS, sealed[-16:])
    assert opened(whole(tail), keys_of(pairs["rsa"])) == content
    with pytest.raises(TrustError):
        opened(whole(tail[:-1] + bytes((tail[-1] ^ 1,))), keys_of(pairs["rsa"]))
    with pytest.raises(TrustError):
        opened(
            whole(
                b"\xa1" + der.tlv(der.SET, attributes, b"\x05\x00")[1:] + der.tlv(der.OCTETS, sealed[-16:])
            ),
            keys_of(pairs["rsa"]),
        )


def test_a_short_tag_is_compared_as_far_as_it_goes() -> None:
    """Taking attributes off a tag of 12 bytes gives 12 bytes."""
    assert len(gcm.without(b"x", bytes(12), bytes(32), 5)) == 12


def corpus(pairs: dict[str, Pair]) -> Sequence[bytes]:
    """Real signatures and envelopes to spoil, made once."""
    if not _CORPUS:
        for kind in ("rsa", "p256"):
            key = pairs[kind].key
            assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
            made = Signer(key, [pairs[kind].certificate]).sign(hashlib.sha256(CONTENT).digest(), AT)
            _CORPUS.append(made)
            _CORPUS.append(with_content(made))
            _CORPUS.extend(
                encrypt.Encryption([pairs[kind].certificate], cipher).whole(CONTENT)
                for cipher in encrypt.Cipher
            )
    return _CORPUS


_CORPUS: list[bytes] = []


def with_content(made: bytes) -> bytes:
    """Put the content into a detached signature."""
    _, wrapped = ber.single(made, der.SEQUENCE).children()
    parts = [one.raw for one in ber.single(wrapped.body, der.SEQUENCE).children()]
    parts[2] = der.tlv(der.SEQUENCE, oids.DATA, der.tlv(der.EXPLICIT, der.tlv(der.OCTETS, CONTENT)))
    return der.tlv(der.SEQUENCE, oids.SIGNED_DATA, der.tlv(der.EXPLICIT, der.tlv(der.SEQUENCE, *parts)))
