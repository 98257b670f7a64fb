"""Two hubs that have each other as an operator, as processes: A with the hospital's, B with the doctors'."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import smtplib
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from hub_demo.authority import Authority
from hub_demo.members import Member, trust_list
from hub_demo.story import DOCTOR
from hub_demo.world import HUB, SIGNER, World, run, until
from tests.servers import free_port
from tests.shape.codes import ROOT

HOSPITALS: Final = "ch-hautmont.mssante.example"
DOCTORS: Final = "valbrume.mssante.example"
A, B = "a.mssante.example", "b.mssante.example"
_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_OPERATOR: Final = """\
[operators.{name}]
kind = "http"
domains = ["{domain}"]
peers = ["dns:{host}"]
retry_base = "1s"
retry_cap = "2s"
breaker_pause = "1s"
description = "operators/hub.toml"
base_url = "https://localhost:{port}"
networks = ["127.0.0.0/8", "::1/128"]
certificate = "tls/link.pem"
key = "tls/link.key"
anchors = ["other/authority.pem"]

[operators.{name}.parameters]
name = "{mine}"
sealed_by = "SEALED_BY"

"""
_DOOR: Final = """\
[receivers.web]
kind = "http"
listen = ["127.0.0.1:{port}"]
certificate = "tls/link.pem"
key = "tls/link.key"
anchors = ["other/authority.pem"]

"""
_KEYS: Final = '[keys]\nanchors = ["keys/hub.pem", "other/hub.pem"]\n\n'


@dataclass(slots=True, kw_only=True)
class Pair:
    """Both hubs; nothing runs yet. `ports` are those of their doors."""

    a: World
    b: World
    ports: Mapping[str, int]

    def start(self) -> None:
        """Start both hubs and the mail operators that they have."""
        self.a.hautmont.start()
        self.b.valbrume.start()
        self.b.start_hub()
        self.a.start_hub()


@contextmanager
def pair() -> Iterator[Pair]:
    """Make both."""
    with tempfile.TemporaryDirectory(prefix="hub-test-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        ports = {A: free_port(), B: free_port()}
        a, b = (World.create(folder / one, DOCTOR, language="en") for one in ("a", "b"))
        for world, other, mine in ((a, b, A), (b, a, B)):
            _link(world, mine)
            _meet(world, other)
        at_a = _OPERATOR.format(name="hub_b", mine="hub_a", domain=DOCTORS, host=B, port=ports[B])
        at_b = _OPERATOR.format(name="hub_a", mine="hub_b", domain=HOSPITALS, host=A, port=ports[A])
        _configure(a, A, "valbrume", at_a + _DOOR.format(port=ports[A]))
        _configure(b, B, "hautmont", at_b + _DOOR.format(port=ports[B]))
        _admit(a, (HOSPITALS, a.hautmont.host), (DOCTORS, B))
        _admit(b, (HOSPITALS, A), (DOCTORS, b.valbrume.host))
        sample = sorted(Path(str(files("hub_demo") / "annuaire")).glob("*.txt"))
        for world in (a, b):
            world.json("directory", "import", *map(str, sample), language="en")
        try:
            yield Pair(a=a, b=b, ports=ports)
        finally:
            a.close()
            b.close()


def mail(world: World, host: str, sender: str, recipient: str, data: bytes) -> str:
    """Hand a mail to a hub as the operator of that host; returns the envelope's id."""
    tls = world.folder / "tls"
    context = ssl.create_default_context(cafile=str(world.authority.file))
    context.check_hostname = False  # the name is the hub's, the address is loopback; the chain is verified
    context.load_cert_chain(tls / f"{host}.pem", tls / f"{host}.key")
    with smtplib.SMTP("127.0.0.1", world.smtp_port, local_hostname=host, timeout=30) as session:
        session.starttls(context=context)
        session.ehlo()
        session.mail(sender)
        assert session.rcpt(recipient)[0] == 250
        code, said = session.data(data)
    found = _ID.search(said.decode())
    assert code == 250, said
    assert found is not None
    return found[0]


def envelope(world: World, name: str) -> tuple[Path, Any]:
    """Return a sealed envelope as a file, and what it says."""
    file = world.folder / f"{name}.jws"
    world.run("trace", name, "--envelope", str(file), language="en")
    return file, payload(file.read_bytes())


def payload(jws: bytes) -> Any:
    """Return what a JWS says."""
    text = json.loads(jws)["payload"]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def step(world: World, name: str, event: str) -> Any:
    """Wait for a step in a message's timeline and return it."""
    found: list[Any] = []

    def there() -> bool:
        said = world.json("trace", name, language="en")["timeline"]
        found[:] = [one for one in said if one["event"] == event]
        return bool(found)

    until(there, f"no {event}", f"pas de {event}")
    return found[0]


def sha256(data: bytes) -> str:
    """Return a digest as envelopes have it."""
    return hashlib.sha256(data).hexdigest()


def _link(world: World, host: str) -> None:
    """Issue the certificate of a hub's door, by which it also asks the other one."""
    authority: Authority = world.authority
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.DNSName(host)]
    authority._issue("link", x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)]), names, purposes)


def _meet(world: World, other: World) -> None:
    """Give a hub what it must have from the other one."""
    folder = world.folder / "other"
    folder.mkdir()
    shutil.copy(other.folder / "keys" / "hub.pem", folder / "hub.pem")
    shutil.copy(other.authority.file, folder / "authority.pem")
    (world.folder / "operators").mkdir(exist_ok=True)
    shutil.copy(ROOT / "conf" / "operators" / "hub.toml", world.folder / "operators" / "hub.toml")


def _configure(world: World, host: str, gone: str, tables: str) -> None:
    """Put the other hub, and a door for it, in the place of the mail operator that is not this hub's."""
    file = world.folder / "hub.toml"
    mine = rf"\[operators\.{gone}\]\n.*?(?=\[(?:operators\.(?!{gone})|receivers))"
    text = re.sub(mine, "", file.read_text(), flags=re.DOTALL)
    certificate = x509.load_pem_x509_certificate((world.folder / "other" / "hub.pem").read_bytes())
    tables = tables.replace("SEALED_BY", f"sha256:{sha256(certificate.public_bytes(Encoding.DER))}")
    text = text.replace("[receivers.smtp]", tables + "[receivers.smtp]", 1)
    text = text.replace("[api]", _KEYS + "[api]", 1)
    text = text.replace(f'name = "{HUB}"', f'name = "{host}"')
    file.write_text(text.replace(f'address = "hub@{HUB}"', f'address = "hub@{host}"'))


def _admit(world: World, *members: tuple[str, str]) -> None:
    """Sign the list of who is admitted, as this hub's space of trust has it."""
    draft, signed = world.folder / "trust" / "draft.xml", world.folder / "trust" / "signed.xml"
    draft.write_text(
        trust_list(2, [Member(name=domain, domain=domain, host=host) for domain, host in members])
    )
    tls = world.folder / "tls"
    run(
        *("trust-list", "sign", str(draft), "--out", str(signed)),
        *("--key", str(tls / f"{SIGNER}.key"), "--certificates", str(tls / f"{SIGNER}.pem")),
        language="en",
    )
    signed.rename(world.folder / "trust" / "list.xml")
