"""Who may sign: somebody of the configured authorities, in time, for that purpose, and of the right name."""

from __future__ import annotations

import base64
import json
import warnings
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk, jws

from hub.errors import ConfigError, HubError, MalformedError
from hub_trust import certificates, toml_signature
from hub_trust.authorities import fingerprint
from hub_trust.faults import Place
from hub_trust.reading import Files
from tests.plugins.trust.world import NOW, Cast, Draft, Paper, Papers, run, verify


def code_of(files: Files, *anchors: Paper, **more: Any) -> str:
    """Return why it is refused."""
    with pytest.raises(HubError) as refused:
        verify(files, *anchors, **more)
    assert refused.value.words.en
    assert refused.value.words.fr
    return refused.value.code


def test_a_foreign_signer_is_refused(cast: Cast, form: str) -> None:
    """Of another authority, and one that is its own authority."""
    assert code_of(Draft().signed(form, cast.stranger), cast.authority) == "trust.foreign_signer"
    alone = cast.papers.issue(f"alone-{form}", by=None)
    assert code_of(Draft().signed(form, alone), cast.authority) == "trust.foreign_signer"


def test_a_chain_through_an_authority_between_is_followed(cast: Cast, form: str) -> None:
    """It comes with the signature; without it the way is not known."""
    signer = cast.signers["rsa"]
    assert verify(Draft().signed(form, signer), cast.authority).signer == signer.x509
    short = replace(signer, chain=signer.certificate)
    assert code_of(Draft().signed(form, short), cast.authority) == "trust.foreign_signer"


def test_a_signer_who_is_an_authority_to_nobody_leads_nowhere(cast: Cast, form: str) -> None:
    """A signer can't make another signer."""
    child = cast.papers.issue(f"child-{form}", by=cast.signers["ec"])
    assert code_of(Draft().signed(form, child), cast.authority) == "trust.foreign_signer"


def test_a_signer_out_of_time_is_refused(cast: Cast, form: str) -> None:
    """Before its certificate begins, and when it has expired; the words say from when to when."""
    files = Draft().signed(form, cast.signers["ec"])
    for at in (NOW - timedelta(days=2), NOW + timedelta(days=500)):
        assert code_of(files, cast.authority, at=at) == "trust.signer_ended"
    assert verify(files, cast.authority, at=NOW + timedelta(days=390))


@pytest.mark.parametrize(
    "extensions",
    [
        ("keyUsage=critical,keyEncipherment",),
        ("keyUsage=digitalSignature", "extendedKeyUsage=serverAuth"),
        ("keyUsage=digitalSignature", "extendedKeyUsage=clientAuth,serverAuth"),
        ("subjectAltName=DNS:a.example",),
    ],
)
def test_a_certificate_for_something_else_is_refused(
    cast: Cast, form: str, extensions: tuple[str, ...], tmp_path: Path
) -> None:
    """An operator's TLS certificate of the same authority signs no list."""
    other = Papers(tmp_path).issue("other", by=cast.authority, extensions=extensions)
    assert code_of(Draft().signed(form, other), cast.authority) == "trust.signer_usage"
    assert code_of(Draft().signed(form, cast.tls), cast.authority) == "trust.signer_usage"


def test_a_short_key_is_refused(cast: Cast, form: str, tmp_path: Path) -> None:
    """RSA of 1024 bits proves nothing any more."""
    short = Papers(tmp_path).issue("short", by=cast.authority, kind="short")
    try:
        files = Draft().signed(form, short)
    except Exception as error:  # noqa: BLE001 - a library that will not even sign is as good
        assert "key" in str(error).lower()  # noqa: PT017 - the point is either of two
        return
    assert code_of(files, cast.authority) == "trust.signer_usage"


def test_the_one_signer_can_be_named(cast: Cast, form: str) -> None:
    """By fingerprint, host name or subject; another signer of the same authority is not enough."""
    files = Draft().signed(form, cast.signers["ec"])
    digest = fingerprint(cast.signers["ec"].x509)
    for name in (f"sha256:{digest}", "dns:liste.mssante.example", "subject:CN=signer-ec"):
        assert verify(files, cast.authority, signer=name)
    for name in (f"sha256:{'0' * 64}", "dns:mssante.example", "subject:CN=signer-rsa"):
        assert code_of(files, cast.authority, signer=name) == "trust.other_signer"


def test_a_signer_s_own_certificate_can_be_the_anchor(cast: Cast, form: str) -> None:
    """A space of two operators needs no authority."""
    alone = cast.papers.issue(f"pinned-{form}", by=None)
    assert verify(Draft().signed(form, alone), alone)
    assert code_of(Draft().signed(form, alone), cast.authority) == "trust.foreign_signer"


def test_eddsa_goes_with_toml(cast: Cast, tmp_path: Path) -> None:
    """An Ed25519 key signs TOML, pinned or issued; XML has no such signature, and the words say so."""
    papers = Papers(tmp_path)
    paper, issued = (
        papers.issue(name, by=by, kind="ed25519") for name, by in (("a", None), ("b", cast.authority))
    )
    assert verify(Draft().signed("toml", paper), paper).signer == paper.x509
    assert verify(Draft().signed("toml", issued), cast.authority).signer == issued.x509
    with pytest.raises(ConfigError) as refused:
        Draft().signed("xml", paper)
    assert refused.value.code == "trust.key"


def made_elsewhere(
    data: bytes, by: Paper, algorithm: str, *, key: Path | None = None, **header: Any
) -> bytes:
    """Return a detached JWS as another program makes one."""
    chain = [
        base64.b64encode(one).decode()
        for one in (_der(certificate) for certificate in certificates.load([by.chain]))
    ]
    full = {"alg": algorithm, "typ": toml_signature.TYPE, "x5c": chain, **header}
    full = {name: value for name, value in full.items() if value is not None}
    kind = {"ES": "EC", "RS": "RSA", "PS": "RSA", "HS": "oct"}.get(algorithm[:2], "OKP")
    signing = jwk.import_key((key or by.key).read_bytes(), kind)  # type: ignore[call-overload]
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = registry.max_payload_length = 1 << 20
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = jws.serialize_compact(full, data, signing, registry=registry)
    protected, _, signature = made.split(".")
    return f"{protected}..{signature}".encode()


def _der(certificate: Any) -> bytes:
    return bytes(certificate.public_bytes(certificates.Encoding.DER))


@pytest.mark.parametrize(("kind", "algorithm"), [("ec", "ES256"), ("rsa", "RS256"), ("rsa", "PS256")])
def test_every_algorithm_is_verified(cast: Cast, kind: str, algorithm: str) -> None:
    """Whoever runs a space of trust may sign with any JWS program."""
    data = Draft().toml()
    signature = made_elsewhere(data, cast.signers[kind], algorithm)
    files = Files(data=data, jws=signature, place=Place("list.toml"))
    assert verify(files, cast.authority).signer == cast.signers[kind].x509


def test_openssl_agrees_with_our_jws(cast: Cast, tmp_path: Path) -> None:
    """The signature in the file is RSA-PSS over header and list, as RFC 7515 says; openssl verifies it."""
    files = Draft().signed("toml", cast.signers["rsa"])
    assert files.jws is not None
    protected, signature = files.jws.decode().strip().split("..")
    body = base64.urlsafe_b64encode(files.data).rstrip(b"=").decode()
    (tmp_path / "input").write_text(f"{protected}.{body}")
    (tmp_path / "signature").write_bytes(base64.urlsafe_b64decode(signature + "=="))
    public = run(
        cast.papers.openssl, "x509", "-in", str(cast.signers["rsa"].certificate), "-pubkey", "-noout"
    )
    (tmp_path / "public").write_bytes(public)
    said = run(
        cast.papers.openssl, "dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt",
        "rsa_pss_saltlen:32", "-verify", str(tmp_path / "public"), "-signature",
        str(tmp_path / "signature"), str(tmp_path / "input"),
    )  # fmt: skip
    assert b"Verified OK" in said


@pytest.mark.parametrize(
    ("algorithm", "header", "code"),
    [
        ("RS512", {}, "trust.algorithm"),
        ("RS256", {"typ": "JWT"}, "trust.jws"),
        ("RS256", {"typ": None}, "trust.jws"),
        ("RS256", {"x5c": None}, "trust.jws"),
        ("RS256", {"x5c": []}, "trust.jws"),
        ("RS256", {"x5c": ["AAAA"]}, "trust.signer_unreadable"),
        ("RS256", {"x5c": ["AAAA"] * 9}, "trust.jws"),
        ("RS256", {"kid": "1"}, "trust.jws"),
        ("RS256", {"jwk": {"kty": "RSA"}}, "trust.jws"),
    ],
)
def test_another_header_is_refused(cast: Cast, algorithm: str, header: dict[str, Any], code: str) -> None:
    """No second way to say who signed, no other algorithm, no signature made for something else."""
    data = Draft().toml()
    signature = made_elsewhere(data, cast.signers["rsa"], algorithm, **header)
    assert code_of(Files(data=data, jws=signature, place=Place("list.toml")), cast.authority) == code


def test_no_signature_is_none(cast: Cast, tmp_path: Path) -> None:
    """`none`, an HMAC with whatever secret, and another key's algorithm."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"0123456789abcdef" * 2)
    data = Draft().toml()
    signer = cast.signers["rsa"]
    chain = [base64.b64encode(_der(one)).decode() for one in certificates.load([signer.chain])]
    header = {"alg": "none", "typ": toml_signature.TYPE, "x5c": chain}
    unsigned = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=")
    for jws_, code in (
        (unsigned + b"..", "trust.jws"),
        (unsigned + b"..AAAA", "trust.algorithm"),
        (made_elsewhere(data, signer, "ES256", key=cast.signers["ec"].key), "trust.signature"),
        (made_elsewhere(data, signer, "HS256", key=secret), "trust.algorithm"),
        (made_elsewhere(data, cast.signers["ec"], "RS256", key=signer.key), "trust.signature"),
    ):
        assert code_of(Files(data=data, jws=jws_, place=Place("list.toml")), cast.authority) == code


def test_key_and_certificate_belong_together(cast: Cast, form: str) -> None:
    """Signing with another's certificate is refused before anything is written."""
    mixed = replace(cast.signers["ec"], key=cast.stranger.key)
    with pytest.raises(ConfigError) as refused:
        Draft().signed(form, mixed)
    assert refused.value.code == "trust.key_mismatch"


def test_an_unsound_draft_is_not_signed(cast: Cast, form: str) -> None:
    """What no hub would take is not given out."""
    draft = Draft(operators=[{"name": "A", "pins": [], "domains": [("no domain", None)]}])
    with pytest.raises(MalformedError):
        draft.signed(form, cast.signers["ec"])
