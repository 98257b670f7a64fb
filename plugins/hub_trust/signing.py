"""Making a signed list of a draft: for who runs a space of trust, and for tests."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from lxml import etree

from hub.errors import ConfigError, Words
from hub.plugin import reasons
from hub_trust import certificates, reading, toml_signature, xml_profile, xml_signature
from hub_trust.content import TrustList
from hub_trust.faults import Place
from hub_trust.reading import Files

_FIRST_TABLE: Final = re.compile(r"^\s*\[", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is set in the draft before it is signed; None leaves it as it is written there."""

    sequence: int | None = None
    issued: datetime | None = None
    next_update: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A list that will be taken: its bytes, those of its signature in TOML, and what it says."""

    data: bytes = field(repr=False)
    jws: bytes | None = field(repr=False)
    content: TrustList


def sign(
    draft: Files, changes: Changes, key: certificates.PrivateKey, chain: list[x509.Certificate]
) -> Signed:
    """Sign a draft in either form; a signature that it has already is replaced.

    Raises MalformedError when it is no list, ConfigError when key and certificate don't go together.
    """
    if not chain or chain[0].public_key() != key.public_key():
        raise ConfigError(
            "trust.key_mismatch",
            Words(
                en="The first certificate is not that of the key.",
                fr="Le premier certificat n'est pas celui de la clé.",
            ),
        )
    if draft.is_xml:
        data, jws = _sign_xml(draft, changes, key, chain), None
    else:
        data = _set_in_toml(draft, changes)
        jws = toml_signature.sign(data, key, chain)
    # What nobody would take must not be given out.
    opened = reading.verify(Files(data=data, jws=jws, place=draft.place), None, chain[0].not_valid_before_utc)
    return Signed(data=data, jws=jws, content=opened.content)


def write(path: Path, signed: Signed) -> tuple[Path, ...]:
    """Write a signed list, each file whole or not at all. Raises ConfigError."""
    files = {path: signed.data}
    if signed.jws is not None:
        files = {path.with_name(path.name + reading.JWS): signed.jws, path: signed.data}
    try:
        for name, data in files.items():
            new = name.with_name(f".{name.name}.new-{os.getpid()}")
            new.write_bytes(data)
            new.replace(name)
    except OSError as error:
        why = reasons.why(error)
        raise ConfigError(
            "file.unwritable",
            Words(en=f"{path} can't be written ({why.en}).", fr=f"{path} ne peut être écrit ({why.fr})."),
        ) from error
    return tuple(files)


def _sign_xml(
    draft: Files, changes: Changes, key: certificates.PrivateKey, chain: list[x509.Certificate]
) -> bytes:
    root = xml_signature.parse(draft.data, draft.place, draft=True)
    for old in root.findall(f"{{{xml_profile.DS}}}Signature"):
        root.remove(old)
    values = {
        "sequence": None if changes.sequence is None else str(changes.sequence),
        "issued": _written(changes.issued),
        "nextUpdate": _written(changes.next_update),
    }
    for name, value in values.items():
        if value is not None:
            root.set(name, value)
    signed = xml_signature.sign(root, key, chain)
    data: bytes = etree.tostring(signed, xml_declaration=True, encoding="UTF-8")
    return data + b"\n"


def _set_in_toml(draft: Files, changes: Changes) -> bytes:
    try:
        text = draft.data.decode()
    except UnicodeDecodeError as error:
        raise draft.place.malformed(
            "encoding", "a list is written in UTF-8", "une liste est écrite en UTF-8"
        ) from error
    first = _FIRST_TABLE.search(text)
    head, rest = (text[: first.start()], text[first.start() :]) if first else (text, "")
    values = {
        "sequence": None if changes.sequence is None else str(changes.sequence),
        "issued": _written(changes.issued),
        "next_update": _written(changes.next_update),
    }
    for name, value in values.items():
        if value is not None:
            head = _set(head, name, value, draft.place)
    return (head + rest).encode()


def _set(head: str, name: str, value: str, place: Place) -> str:
    head, count = re.subn(
        rf"^({name}[ \t]*=[ \t]*)[^#\n]*?([ \t]*(?:#.*)?)$", rf"\g<1>{value}\g<2>", head, flags=re.MULTILINE
    )
    if count != 1:
        raise place.malformed(
            "key",
            f"“{name}” must stand once on a line of its own, above the operators",
            f"« {name} » doit figurer une fois sur sa propre ligne, avant les opérateurs",
        )
    return head


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
