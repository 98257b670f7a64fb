"""A CAdES signature put together by pyHanko around a key that may be in a card."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from asn1crypto import algos  # type: ignore[import-untyped]  # ships no types
from asn1crypto import x509 as asn1
from pyhanko.sign import attributes
from pyhanko.sign.signers import pdf_cms
from pyhanko_certvalidator.registry import SimpleCertificateStore

from hub.ports.signing import Mechanism, Signer

_HASH: Final = "sha256"
_ALGORITHMS: Final = {
    Mechanism.ECDSA_SHA256: "sha256_ecdsa",
    Mechanism.RSA_PKCS1_SHA256: "sha256_rsa",
    Mechanism.RSA_PSS_SHA256: "rsassa_pss",
}


async def make(content: bytes, signer: Signer, mechanism: Mechanism, at: datetime) -> bytes:
    """Return the signature in DER. `at` is in UTC and has whole seconds. Raises what the signer raises."""
    made = await _Adapter(signer, mechanism, at).async_sign_general_data(
        content, _HASH, detached=False, use_cades=True
    )
    return bytes(made.dump())


class _Adapter(pdf_cms.Signer):
    """What pyHanko asks for a signature."""

    def __init__(self, signer: Signer, mechanism: Mechanism, at: datetime) -> None:
        own, *others = (asn1.Certificate.load(one, strict=True) for one in signer.chain)
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # it declares no return
        store.register_multiple(others)
        algorithm: dict[str, Any] = {"algorithm": _ALGORITHMS[mechanism]}
        if mechanism is Mechanism.RSA_PSS_SHA256:
            algorithm["parameters"] = _pss()
        super().__init__(
            signing_cert=own,
            cert_registry=store,
            signature_mechanism=algos.SignedDigestAlgorithm(algorithm),
        )
        self._signer = signer
        self._mechanism = mechanism
        self.signed_attr_prov_spec = _Attributes(own, self.signature_mechanism, at)

    async def async_sign_raw(
        self,
        data: bytes,
        digest_algorithm: str,
        dry_run: bool = False,  # noqa: FBT001, FBT002 - pyHanko's
    ) -> bytes:
        """Sign the attributes."""
        del digest_algorithm, dry_run
        return await self._signer.sign(data, self._mechanism)


class _Attributes(attributes.SignedAttributeProviderSpec):
    """The signed attributes beside contentType and messageDigest."""

    def __init__(self, certificate: Any, mechanism: Any, at: datetime) -> None:
        self._certificate = certificate
        self._mechanism = mechanism
        self._at = at

    def signed_attr_providers(
        self, data_digest: bytes, digest_algorithm: str
    ) -> Iterator[attributes.CMSAttributeProvider]:
        """Name them."""
        del data_digest
        yield attributes.SigningTimeProvider(self._at)
        yield attributes.SigningCertificateV2Provider(self._certificate)
        yield attributes.CMSAlgorithmProtectionProvider(digest_algorithm, self._mechanism)


def _pss() -> Any:
    """Return what `Mechanism.RSA_PSS_SHA256` is: SHA-256 throughout, a salt of 32 bytes (RFC 4055, 3.1)."""
    return algos.RSASSAPSSParams(
        {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": _HASH}),
            "mask_gen_algorithm": algos.MaskGenAlgorithm(
                {"algorithm": "mgf1", "parameters": algos.DigestAlgorithm({"algorithm": _HASH})}
            ),
            "salt_length": 32,
        }
    )
