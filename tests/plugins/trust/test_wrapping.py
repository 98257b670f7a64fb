"""A sound signature counts for the document that it was made for, as a whole, and for nothing around it."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from lxml import etree

from hub.errors import HubError, LimitError, MalformedError, TrustError
from hub_trust import reading
from hub_trust.faults import Place
from hub_trust.reading import Files
from tests.plugins.trust.world import NOW, Cast, Draft, verify

DS = "http://www.w3.org/2000/09/xmldsig#"
LIST = "urn:caducee:trust-list:1"
Element = etree._Element


def _forged() -> Element:
    """Return what an attacker would have us read."""
    draft = Draft(sequence=8, operators=[{"name": "Evil", "pins": [], "domains": [("evil.example", None)]}])
    return etree.fromstring(draft.xml())


def _signature(root: Element) -> Element:
    found = root.find(f"{{{DS}}}Signature")
    assert found is not None
    return found


def around(root: Element) -> Element:
    """Put the signed list into a forged one, its signature where ours is looked for."""
    forged, signature = _forged(), _signature(root)
    forged.append(root)
    forged.append(signature)
    return forged


def inside_the_signature(root: Element) -> Element:
    """Put the signed list into an Object of its own signature, the forged one outside."""
    forged, signature = _forged(), _signature(root)
    etree.SubElement(signature, f"{{{DS}}}Object").append(copy.deepcopy(root))
    forged.append(signature)
    return forged


def moved(root: Element) -> Element:
    """Put the signature on a forged list."""
    forged = _forged()
    forged.append(_signature(root))
    return forged


def by_identifier(root: Element) -> Element:
    """Make the reference lead to a part by its Id."""
    root.set("Id", "real")
    reference = next(root.iter(f"{{{DS}}}Reference"))
    reference.set("URI", "#real")
    return root


def without_uri(root: Element) -> Element:
    """Let the reference say nothing of where."""
    del next(root.iter(f"{{{DS}}}Reference")).attrib["URI"]
    return root


def to_a_file(root: Element) -> Element:
    """Let the reference lead somewhere else."""
    next(root.iter(f"{{{DS}}}Reference")).set("URI", "file:///etc/passwd")
    return root


def two_references(root: Element) -> Element:
    """Refer to the whole twice."""
    reference = next(root.iter(f"{{{DS}}}Reference"))
    reference.addnext(copy.deepcopy(reference))
    return root


def two_signatures(root: Element) -> Element:
    """Add another one: which counts is not for us to guess."""
    root.append(copy.deepcopy(_signature(root)))
    return root


def deeper(root: Element) -> Element:
    """Put the signature into an operator."""
    root[0].append(_signature(root))
    return root


def first(root: Element) -> Element:
    """Put the signature before the operators."""
    root.insert(0, _signature(root))
    return root


def operator_behind(root: Element) -> Element:
    """Add an operator behind the signature."""
    root.append(copy.deepcopy(_forged()[0]))
    return root


def operator_before(root: Element) -> Element:
    """Add an operator among those that were signed."""
    root.insert(0, copy.deepcopy(_forged()[0]))
    return root


def hidden_operator(root: Element) -> Element:
    """Dress an operator up as part of the signature."""
    etree.SubElement(_signature(root), f"{{{LIST}}}operator", name="Evil")
    return root


def more_about_the_key(root: Element) -> Element:
    """Name a key beside the certificate: two answers to who signed."""
    info = next(root.iter(f"{{{DS}}}KeyInfo"))
    etree.SubElement(info, f"{{{DS}}}KeyName").text = "evil"
    return root


def a_filter(root: Element) -> Element:
    """Add a transform that cuts something out of what is signed."""
    transforms = next(root.iter(f"{{{DS}}}Transforms"))
    etree.SubElement(
        transforms, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"
    )
    return root


def inclusive_prefixes(root: Element) -> Element:
    """Give the canonicalisation a parameter."""
    method = next(root.iter(f"{{{DS}}}CanonicalizationMethod"))
    etree.SubElement(method, "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces", PrefixList="xs")
    return root


def a_secret_for_a_key(root: Element) -> Element:
    """Take the certificate's public key as the secret of an HMAC."""
    method = next(root.iter(f"{{{DS}}}SignatureMethod"))
    method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    return root


def stripped(root: Element) -> Element:
    """Take the signature off."""
    root.remove(_signature(root))
    return root


def no_certificate(root: Element) -> Element:
    """Say nothing of who signed."""
    data = next(root.iter(f"{{{DS}}}X509Data"))
    data.remove(data[0])
    return root


def many_certificates(root: Element) -> Element:
    """Give more certificates than anybody needs."""
    data = next(root.iter(f"{{{DS}}}X509Data"))
    for _ in range(10):
        data.append(copy.deepcopy(data[0]))
    return root


def text_beside(root: Element) -> Element:
    """Put text into the signature."""
    _signature(root)[0].tail = "evil"
    return root


VARIANTS: list[Callable[[Element], Element]] = [
    around,
    inside_the_signature,
    moved,
    by_identifier,
    without_uri,
    to_a_file,
    two_references,
    two_signatures,
    deeper,
    first,
    operator_behind,
    operator_before,
    hidden_operator,
    more_about_the_key,
    a_filter,
    inclusive_prefixes,
    a_secret_for_a_key,
    stripped,
    no_certificate,
    many_certificates,
    text_beside,
]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda one: one.__name__)
def test_nothing_is_wrapped(cast: Cast, variant: Callable[[Element], Element]) -> None:
    """What was not signed, by the right signer, as the whole document, is never read."""
    signed = Draft().signed("xml", cast.signers["rsa"])
    data = etree.tostring(variant(etree.fromstring(signed.data)))
    with pytest.raises(TrustError):
        verify(Files(data=data, place=signed.place), cast.authority)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<trustList", b"<!-- hello --><trustList"),
        (b"</trustList>", b"</trustList><!-- hello -->"),
        (b"</trustList>", b"</trustList><?run it?>"),
        (b"dns:mx.valbrume.example", b"dns:mx.<!-- -->valbrume.example"),
        (b"<operator", b"<?run it?><operator"),
    ],
)
def test_nothing_that_is_not_signed_stands_in_it(cast: Cast, old: bytes, new: bytes) -> None:
    """Canonicalisation drops comments: with one inside, a name could be read as half of it."""
    signed = Draft().signed("xml", cast.signers["ec"])
    with pytest.raises(MalformedError) as refused:
        verify(Files(data=signed.data.replace(old, new, 1), place=signed.place), cast.authority)
    assert refused.value.code == "trust.comment"


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE trustList [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">]>
<trustList xmlns="urn:caducee:trust-list:1">&f;</trustList>"""
FILE = b"""<!DOCTYPE trustList [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<trustList xmlns="urn:caducee:trust-list:1">&a;</trustList>"""
OUTSIDE = b"""<!DOCTYPE trustList SYSTEM "http://127.0.0.1:1/list.dtd"><trustList/>"""


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        FILE,
        OUTSIDE,
        b"<" * 100_000,
        b"<a>" * 100_000,
        b"<trustList" + b" a" * 50_000,
        b"<",
        b"<?xml version='1.0' encoding='UTF-16'?><trustList/>",
        b"<?xml version='1.0' encoding='ISO-8859-1'?><trustList/>",
        b"\xff\xfe<\x00a\x00/\x00>\x00",
        b'<trustList xmlns="urn:caducee:trust-list:1">' + b"<operator/>" * 20_000 + b"</trustList>",
    ],
    ids=range(11),
)
def test_hostile_documents_are_refused_at_once(cast: Cast, data: bytes) -> None:
    """No entity is resolved, nothing is fetched, no depth exhausts anything."""
    with pytest.raises((MalformedError, TrustError)):
        verify(Files(data=data, place=Place("list.xml")), cast.authority)


def test_a_huge_file_is_not_read(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One byte more than allowed is enough to refuse it, in each form."""
    folder = tmp_path_factory.mktemp("huge")
    for form in ("xml", "toml"):
        path = folder / form
        path.write_bytes(Draft().written(form))
        size = path.stat().st_size
        reading.load_draft(path, size)
        with pytest.raises(LimitError) as refused:
            reading.load(path, size - 1)
        assert refused.value.code == "trust.too_large"
    files = Draft().signed("toml", cast.signers["ec"])
    with pytest.raises(LimitError):
        verify(Files(data=files.data, jws=b"a" * (1 << 20), place=files.place), cast.authority)


def test_errors_are_the_hub_s_own(cast: Cast) -> None:
    """Whatever a document does to the libraries, who asks gets words in both languages."""
    signed = Draft().signed("xml", cast.signers["ec"])
    for value in (b"", b"!!!!", b"AAAA", b"A" * 88):
        start = signed.data.index(b"<ds:SignatureValue>") + len(b"<ds:SignatureValue>")
        end = signed.data.index(b"</ds:SignatureValue>")
        with pytest.raises(HubError) as refused:
            verify(
                Files(data=signed.data[:start] + value + signed.data[end:], place=signed.place),
                cast.authority,
                at=NOW,
            )
        assert refused.value.words.fr.startswith("list.xml")
