"""xmlsec1 verifies what we sign and signs what we verify."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from hub.errors import TrustError
from hub_trust.faults import Place
from hub_trust.reading import Files
from tests.counterparts import program
from tests.plugins.trust.world import Cast, Draft, Paper, run, verify

RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
EC = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
TEMPLATE = """<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">
  <SignedInfo>
    <CanonicalizationMethod Algorithm="{canonical}"/>
    <SignatureMethod Algorithm="{method}"/>
    <Reference URI="">
      <Transforms>{transforms}</Transforms>
      <DigestMethod Algorithm="{digest}"/>
      <DigestValue/>
    </Reference>
  </SignedInfo>
  <SignatureValue/>
  <KeyInfo><X509Data/></KeyInfo>
</Signature>
"""


def signed_by_xmlsec1(  # noqa: D103 - the module says it
    draft: bytes,
    by: Paper,
    folder: Path,
    *,
    method: str,
    canonical: str = EXCLUSIVE,
    digest: str = SHA256,
    transforms: tuple[str, ...] = (ENVELOPED, EXCLUSIVE),
) -> Files:
    template = TEMPLATE.format(
        canonical=canonical,
        method=method,
        digest=digest,
        transforms="".join(f'<Transform Algorithm="{one}"/>' for one in transforms),
    )
    source, out = folder / "template.xml", folder / "signed.xml"
    source.write_bytes(draft.replace(b"</trustList>", template.encode() + b"</trustList>"))
    parts = re.findall(r"-----BEGIN.*?-----END[^\n]*\n", by.chain.read_text(), re.DOTALL)
    chain = [folder / f"chain-{number}.pem" for number in range(len(parts))]
    for path, part in zip(chain, parts, strict=True):
        path.write_text(part)
    key = ",".join(str(one) for one in (by.key, *chain))
    run(program("xmlsec1"), "--sign", "--privkey-pem", key, "--output", str(out), str(source))
    return Files(data=out.read_bytes(), place=Place("signed.xml"))


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_it_verifies_what_we_sign(cast: Cast, kind: str, tmp_path: Path) -> None:
    """With the authority as its only trust; a list with one sign changed is refused there too."""
    files = Draft().signed("xml", cast.signers[kind])
    path = tmp_path / "list.xml"
    command = [program("xmlsec1"), "--verify", "--trusted-pem", str(cast.authority.certificate)]
    path.write_bytes(files.data)
    subprocess.run([*command, str(path)], check=True, capture_output=True)
    path.write_bytes(files.data.replace(b"hautmont.mssante", b"hautmond.mssante"))
    assert subprocess.run([*command, str(path)], check=False, capture_output=True).returncode != 0


@pytest.mark.parametrize(("kind", "method"), [("rsa", RSA), ("ec", EC)])
def test_we_verify_what_it_signs(cast: Cast, kind: str, method: str, tmp_path: Path) -> None:
    """Whoever runs a space of trust needs no tool of ours."""
    files = signed_by_xmlsec1(Draft().xml(), cast.signers[kind], tmp_path, method=method)
    opened = verify(files, cast.authority)
    assert opened.content == verify(Draft().signed("xml", cast.signers["ec"]), cast.authority).content
    assert opened.signer == cast.signers[kind].x509


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rsa", {"method": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"}),
        ("ec", {"method": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"}),
        ("rsa", {"method": RSA, "digest": "http://www.w3.org/2000/09/xmldsig#sha1"}),
        ("rsa", {"method": RSA, "canonical": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"}),
        ("rsa", {"method": RSA, "canonical": f"{EXCLUSIVE}WithComments"}),
        ("rsa", {"method": RSA, "transforms": (ENVELOPED,)}),
        ("rsa", {"method": RSA, "transforms": (ENVELOPED, f"{EXCLUSIVE}WithComments")}),
        ("rsa", {"method": RSA, "transforms": (ENVELOPED, EXCLUSIVE, EXCLUSIVE)}),
    ],
)
def test_a_sound_signature_of_another_profile_is_refused(
    cast: Cast, kind: str, options: dict[str, str], tmp_path: Path
) -> None:
    """SHA-1 before all; the right signer made each of them, and the words say what would be right."""
    try:
        files = signed_by_xmlsec1(Draft().xml(), cast.signers[kind], tmp_path, **options)  # type: ignore[arg-type]
    except subprocess.CalledProcessError:
        pytest.skip("this xmlsec1 does not sign so any more")
    with pytest.raises(TrustError) as refused:
        verify(files, cast.authority)
    assert refused.value.code == "trust.signature_form"
    assert "signed.xml, line" in refused.value.words.en
