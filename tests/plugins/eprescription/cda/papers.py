"""Invented CDA documents: an eP-MED-DM and an eDISP-MED, written here after the published model.

All people, places, numbers and identifiers are made up. Bytes are as real software writes them: a mark of
byte order, a style sheet, comments, CRLF; whoever carries them must keep all of it.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from hub.ports.signing import Mechanism
from hub_eprescription.codes import draw
from tests.plugins.eprescription.prescribers import CAMILLE, Holder

SERIES = "2.999.39"
EPU = "1.2.250.1.215.500.1.1"
PATIENT = "Iris GLYCINE"
INS = "299127512345678"
CIP = "1.2.250.1.213.2.3.2"
_XADES = "http://uri.etsi.org/01903/v1.3.2#"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_DS = "http://www.w3.org/2000/09/xmldsig#"


def epu(number: int) -> str:
    """Return an invented number (EPU)."""
    return f"09LILAS{number:011d}"


@cache
def image() -> bytes:
    """Return the picture of an invented 2D code."""
    return draw.png("INVENTED-2D-CODE", draw.Symbology.QR)


def code_section(picture: bytes | None = None, media_type: str = "image/jpeg") -> str:
    """Return the section with the 2D code. Its type is wrong in published documents, and here too."""
    b64 = base64.b64encode(image() if picture is None else picture).decode()
    return f"""
      <component><section classCode="DOCSECT" moodCode="EVN">
        <templateId root="1.2.250.1.213.1.1.2.223"/>
        <code code="57723-9" codeSystem="2.16.840.1.113883.6.1"/>
        <title>Code 2D de la prescription</title>
        <text><renderMultiMedia referencedObject="code2d"/></text>
        <entry><observationMedia classCode="OBS" moodCode="EVN" ID="code2d">
          <value mediaType="{media_type}" representation="B64">{b64}</value>
        </observationMedia></entry>
      </section></component>"""


def medicine(
    name: str = "VALBRUMINE 500 mg, comprimé",
    *,
    codes: str = f"""<code code="69999991" codeSystem="1.2.250.1.213.2.3.1" codeSystemName="CIS">
                <translation code="3400999999991" codeSystem="{CIP}" codeSystemName="CIP"/></code>""",
    posology: str = "1 comprimé matin et soir<br/>puis 1 le soir",
    reference: str = "#med-001",
    substitution: str = "N",
) -> tuple[str, str]:
    """Return a medicine's row in the table that people read, and its entry."""
    row = f"""<tr><td>du 01/03/2026 au 07/03/2026</td><td><content ID="med-001">{name}</content></td>
              <td><content ID="poso-001">{posology}</content></td>
              <td><content ID="instr-001">À prendre au repas</content></td></tr>"""
    entry = f"""<entry><substanceAdministration classCode="SBADM" moodCode="INT">
              <templateId root="1.2.250.1.213.1.1.3.83"/>
              <id root="AADC9C14-0000-4177-B2C8-A5178D5B3CA0"/>
              <text><reference value="{reference}"/></text>
              <repeatNumber value="2"/>
              <consumable><manufacturedProduct><manufacturedMaterial>
                {codes}<name>{name}</name>
                <pharm:formCode code="10219000" displayName="Comprimé"
                  codeSystem="0.4.0.127.0.16.1.1.2.1"/>
              </manufacturedMaterial></manufacturedProduct></consumable>
              <entryRelationship typeCode="SUBJ"><act classCode="ACT" moodCode="INT">
                <code code="PINSTRUCT" codeSystem="1.3.6.1.4.1.19376.1.5.3.2"/>
                <text><reference value="#instr-001"/></text></act></entryRelationship>
              <entryRelationship typeCode="COMP"><supply classCode="SPLY" moodCode="RQO">
                <quantity value="2" unit="30009000"/></supply></entryRelationship>
              <entryRelationship typeCode="COMP"><act classCode="ACT" moodCode="DEF">
                <templateId root="1.3.6.1.4.1.19376.1.9.1.3.9.1"/>
                <code code="{substitution}" codeSystem="2.16.840.1.113883.5.1070"/></act></entryRelationship>
              <entryRelationship typeCode="COMP"><observation classCode="OBS" moodCode="EVN">
                <code code="MED-574" codeSystem="1.2.250.1.213.1.1.4.322"/>
                <value xsi:type="BL" value="true"/></observation></entryRelationship>
            </substanceAdministration></entry>"""
    return row, entry


def medicines(*lines: tuple[str, str]) -> str:
    """Return the section of the medicines."""
    rows, entries = "".join(row for row, _ in lines), "".join(entry for _, entry in lines)
    return f"""
      <component><section>
        <code code="57828-6" codeSystem="2.16.840.1.113883.6.1"/>
        <title>Prescription de médicaments</title>
        <text><table><thead><tr><th>Durée du traitement</th><th>Médicament</th><th>Posologie</th>
          <th>Instruction au patient</th></tr></thead><tbody>{rows}</tbody></table></text>
        {entries}
      </section></component>"""


def device(system: str = "1.2.250.1.215.200.2.1") -> str:
    """Return the section of the devices, with one."""
    return f"""
      <component><section>
        <code code="46264-8" codeSystem="2.16.840.1.113883.6.1"/>
        <text>Lit médical</text>
        <entry><supply classCode="SPLY" moodCode="INT">
          <repeatNumber value="0"/><quantity value="1"/>
          <expectedUseTime><width value="60" unit="d"/></expectedUseTime>
          <participant typeCode="DEV"><participantRole><playingDevice>
            <code code="V0806" displayName="LITS MÉDICAUX" codeSystem="1.2.250.1.213.2.68">
              <translation code="9999992" displayName="lit médical" codeSystem="{system}"/></code>
          </playingDevice></participantRole></participant>
        </supply></entry>
      </section></component>"""


def prescription(
    number: int = 1,
    *,
    epu_number: str | None = "",
    version: int = 1,
    model: str = "2024.01",
    rpps: str = CAMILLE,
    responsible: str | None = None,
    high: str | None = '<high value="20260930120000+0200"/>',
    code: str | None = None,
    body: str | None = None,
    loinc: str = "57833-6",
) -> bytes:
    """Return a prescription; another one for each number."""
    event_id = "" if epu_number is None else f'<id root="{EPU}" extension="{epu_number or epu(number)}"/>'
    shown = ("" if epu_number is None else code_section()) if code is None else code
    lines = medicines(medicine()) + device() if body is None else body
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="../FeuilleDeStyle/CDA-FO.xsl"?>
<!-- Ordonnance inventée -->
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:pharm="urn:ihe:pharm:medication">
  <realmCode code="FR"/>
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <templateId root="2.16.840.1.113883.2.8.2.1"/>
  <templateId root="1.2.250.1.213.1.1.1.39" extension="{model}"/>
  <id root="{SERIES}.{number}.{version}"/>
  <code code="{loinc}" displayName="Prescription" codeSystem="2.16.840.1.113883.6.1"/>
  <title>Prescription de médicaments</title>
  <effectiveTime value="20260301093000+0100"/>
  <languageCode code="fr-FR"/>
  <setId root="{SERIES}.{number}"/>
  <versionNumber value="{version}"/>
  <recordTarget><patientRole>
    <id extension="{INS}" root="1.2.250.1.213.1.4.10"/>
    <id extension="LOCAL-17" root="2.999.1"/>
    <patient><name><family qualifier="BR">MIMOSA</family><given>IRIS MAUD</given>
        <given qualifier="BR">IRIS</given><family qualifier="CL">GLYCINE</family>
        <given qualifier="CL">Iris</given></name>
      <birthTime value="19991231"/></patient>
  </patientRole></recordTarget>
  <author><time value="20260301093000+0100"/><assignedAuthor>
    <id root="1.2.250.1.71.4.2.1" extension="{rpps}"/>
    <assignedPerson><name><given>Camille</given><family>LILAS</family><suffix>DR</suffix></name>
    </assignedPerson>
    <representedOrganization><id root="1.2.250.1.71.4.2.2" extension="1999999999"/>
      <name>Cabinet des Lilas</name></representedOrganization>
  </assignedAuthor></author>
  <legalAuthenticator><time value="20260301093000+0100"/><signatureCode code="S"/><assignedEntity>
    <id root="1.2.250.1.71.4.2.1" extension="{responsible or rpps}"/></assignedEntity></legalAuthenticator>
  <documentationOf><serviceEvent classCode="ACT">
    {event_id}
    <code code="57833-6" codeSystem="2.16.840.1.113883.6.1"/>
    <effectiveTime><low value="20260301093000+0100"/>{high or ""}</effectiveTime>
  </serviceEvent></documentationOf>
  <documentationOf><serviceEvent classCode="INFO"><code code="MED-1095"
    codeSystem="1.2.250.1.213.1.1.4.322"/></serviceEvent></documentationOf>
  <component><structuredBody>{shown}{lines}
  </structuredBody></component>
</ClinicalDocument>
"""
    return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()


def dispensing(
    number: int = 1,
    *,
    orders: str = f'<inFulfillmentOf><order><id root="{SERIES}.1.1"/></order></inFulfillmentOf>',
    references: str = "",
    low: str = "20260302170000+0100",
) -> bytes:
    """Return a dispensing document."""
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3">
  <templateId root="1.2.250.1.213.1.1.1.54" extension="2024.01"/>
  <id root="2.999.54.{number}"/>
  <code code="60593-1" codeSystem="2.16.840.1.113883.6.1"/>
  <effectiveTime value="20260302173000+0100"/>
  {orders}
  <documentationOf><serviceEvent><id root="2.999.55.{number}"/>
    <code code="60593-1" codeSystem="2.16.840.1.113883.6.1"/>
    <effectiveTime><low value="{low}"/></effectiveTime></serviceEvent></documentationOf>
  <component><structuredBody><component><section>
    <code code="60590-7" codeSystem="2.16.840.1.113883.6.1"/>
    <entry><supply classCode="SPLY" moodCode="EVN"><quantity value="2" unit="30009000"/>
      {references}</supply></entry>
    <entry><supply classCode="SPLY" moodCode="EVN"><quantity value="1"/></supply></entry>
  </section></component></structuredBody></component>
</ClinicalDocument>
"""
    return text.encode()


async def signed(content: bytes, holder: Holder, at: str = "") -> bytes:
    """Return a document with an enveloped signature over the whole of it, as its last child.

    With `at`, XAdES says that it was made then.
    """
    properties, reference = _properties(holder, at) if at else ("", "")
    tree = etree.fromstring(content).getroottree()
    whole = etree.tostring(tree, method="c14n", exclusive=True, with_comments=False)
    digest = base64.b64encode(hashlib.sha256(whole).digest()).decode()
    info = (
        f'<ds:SignedInfo xmlns:ds="{_DS}"><ds:CanonicalizationMethod Algorithm="{_EXCLUSIVE}"/>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>'
        f'<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="{_DS}enveloped-signature"/>'
        f'<ds:Transform Algorithm="{_EXCLUSIVE}"/></ds:Transforms>'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>{reference}</ds:SignedInfo>"
    )
    canonical = etree.tostring(etree.fromstring(info), method="c14n", exclusive=True)
    r, s = decode_dss_signature(await holder.signer.sign(canonical, Mechanism.ECDSA_SHA256))
    value = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
    certificate = base64.b64encode(holder.der).decode()
    made = (
        f'<ds:Signature xmlns:ds="{_DS}">{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo>'
        f"<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f"{properties}</ds:Signature>"
    )
    root = b"</ClinicalDocument>"
    return content.replace(root, made.encode() + root)


def _properties(holder: Holder, at: str) -> tuple[str, str]:
    """Return XAdES' SignedProperties in their frame, and the reference to them."""
    method = '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
    digest = base64.b64encode(hashlib.sha256(holder.der).digest()).decode()
    said = (
        f'<x:SignedProperties xmlns:x="{_XADES}" xmlns:ds="{_DS}" Id="said"><x:SignedSignatureProperties>'
        f"<x:SigningTime>{at}</x:SigningTime><x:SigningCertificateV2><x:Cert><x:CertDigest>{method}"
        f"<ds:DigestValue>{digest}</ds:DigestValue></x:CertDigest></x:Cert></x:SigningCertificateV2>"
        "</x:SignedSignatureProperties></x:SignedProperties>"
    )
    canonical = etree.tostring(etree.fromstring(said), method="c14n", exclusive=True)
    over = base64.b64encode(hashlib.sha256(canonical).digest()).decode()
    reference = (
        '<ds:Reference URI="#said" Type="http://uri.etsi.org/01903#SignedProperties"><ds:Transforms>'
        f'<ds:Transform Algorithm="{_EXCLUSIVE}"/></ds:Transforms>{method}'
        f"<ds:DigestValue>{over}</ds:DigestValue></ds:Reference>"
    )
    frame = f'<x:QualifyingProperties xmlns:x="{_XADES}">{said}</x:QualifyingProperties>'
    return f"<ds:Object>{frame}</ds:Object>", reference
