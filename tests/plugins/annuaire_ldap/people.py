"""Who stands in the directory of these tests: invented, all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.domain.address import Address
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog
from hub_annuaire.ldap.places import Url
from hub_annuaire.ldap.settings import Settings
from hub_annuaire.ldap.shape import Attributes
from tests.plugins.annuaire_ldap import slapd
from tests.plugins.annuaire_ldap.slapd import Authority, mailbox, record

NOON: Final = datetime(2026, 8, 26, 12, tzinfo=UTC)
DUPONT: Final = "jeanne.dupont@medecin.mssante.example"
DUPONT_AT_WORK: Final = "dr.dupont@ch-hautmont.mssante.example"
DUPRE: Final = "elodie.dupre@infirmier.mssante.example"
SUSPENDED: Final = "paul.durand@medecin.mssante.example"
STRUCK_OFF: Final = "luc.radie@medecin.mssante.example"
LEAVING: Final = "anne.partante@medecin.mssante.example"
UNLISTED: Final = "rose.dupont@medecin.mssante.example"
SERVICE: Final = "cardiologie@ch-hautmont.mssante.example"
RPPS_DUPONT: Final = "810001234565"
FINESS_HAUTMONT: Final = "1750712184"

SHAPE: Final = Attributes(
    standing="mssEtat", since="mssDepuis", until="mssJusqua", unlisted="mssListeRouge", rank="mssRang"
)


def certificate(by: Authority, address: str) -> bytes:
    """Issue a certificate for a mailbox, in DER."""
    pem = by.made.issue_cert(address).cert_chain_pems[0].bytes()
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def records(by: Authority) -> Sequence[str]:
    """Return everybody, as LDIF."""
    hautmont = {"o": "Centre hospitalier de Hautmont", "l": "Hautmont", "postalCode": "59330"}
    return (
        mailbox(
            DUPONT, uid="1", cn="Jeanne Dupont", sn="Dupont", givenName="Jeanne",
            displayName="Dr Jeanne DUPONT", title="Médecin", description=["Cardiologie", "Échographie"],
            o="Cabinet du Parc", l="Valbrume", postalCode="69003", employeeNumber="10001234565",
            businessCategory="PER", mssEtat="actif", mssRang="2",
            certificate=[certificate(by, DUPONT), certificate(by, DUPONT)],
        ),
        mailbox(
            DUPONT_AT_WORK, uid="2", cn="Jeanne Dupont", sn="Dupont", givenName="Jeanne",
            displayName="Dr Jeanne DUPONT", title="Médecin", ou="Cardiologie", employeeNumber=RPPS_DUPONT,
            businessCategory="PER", mssEtat="actif", mssRang="1", **hautmont,
        ),
        mailbox(
            DUPRE, uid="3", cn="Élodie Dupré", sn="Dupré", givenName="Élodie", title="Infirmier",
            l="Valbrume", employeeNumber="10009999996", businessCategory="PER", mssEtat="actif",
        ),
        mailbox(
            SUSPENDED, uid="4", cn="Paul Durand", sn="Durand", givenName="Paul", businessCategory="PER",
            mssEtat="suspendu", mssDepuis="20260801000000Z", mssJusqua="2026-12-31",
        ),
        mailbox(
            STRUCK_OFF, uid="5", cn="Luc Radié", sn="Radié", businessCategory="PER", mssEtat="radié",
            mssDepuis="20260615000000Z",
        ),
        mailbox(
            LEAVING, uid="6", cn="Anne Partante", sn="Partante", businessCategory="PER", mssEtat="actif",
            mssJusqua="20260831",
        ),
        mailbox(
            UNLISTED, uid="7", cn="Rose Dupont", sn="Dupont", businessCategory="PER", mssEtat="actif",
            mssListeRouge="TRUE",
        ),
        mailbox(
            SERVICE, uid="8", cn="Cardiologie", sn="Cardiologie", ou="Cardiologie", businessCategory="ORG",
            departmentNumber="750712184", mssEtat="actif", **hautmont,
        ),
        # somebody who stands there twice, once for each place of work
        mailbox("x.double@medecin.mssante.example", uid="9", cn="Xavier Double", sn="Double",
                mssEtat="actif", employeeNumber="10007777770"),
        mailbox("X.Double@medecin.mssante.example", uid="10", cn="Xavier Double", sn="Double",
                mssEtat="suspendu", departmentNumber="750712184"),
        # what stands elsewhere: nobody goes there
        record(f"cn=elsewhere,{slapd.BASE}", objectClass=["referral", "extensibleObject"], cn="elsewhere",
               ref="ldap://127.0.0.1:1/dc=elsewhere"),
    )  # fmt: skip


def settings(by: Authority, folder: Path, *servers: str, **more: object) -> Settings:
    """Return settings that log in to these servers."""
    password = folder / "hub.password"
    password.write_text(slapd.PASSWORD + "\n")
    given = {
        "urls": tuple(map(Url.parse, servers)),
        "base": slapd.BASE,
        "bind": "simple",
        "bind_dn": slapd.READER,
        "password_file": password,
        "anchors": (by.pem,),
        "attributes": SHAPE,
    }
    return Settings(**(given | more))  # type: ignore[arg-type]


def host(folder: Path, *, clock: FixedClock | None = None, log: RecordingLog | None = None) -> Host:
    """Return what the hub lends to the directory."""
    return Host(
        name="regional",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=clock or FixedClock(NOON),
        chance=FixedChance(),
        log=log or RecordingLog(),
        data=folder,
        ledger=EphemeralLedger(),
    )
