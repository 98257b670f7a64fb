"""`hub init` makes what a hub needs, for its owner alone, and never overwrites anything."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.config.write import fill
from hub.adapters.keys import files
from hub.adapters.keys.issue import KeyType
from hub.app import founding
from hub.app.configuration import load
from hub.errors import InputError

NAME = "hub.valbrume.example"


def found(folder: Path, **fields: str) -> founding.Founded:
    """Make a hub's folder."""
    given = {"name": NAME, "address": f"hub@{NAME}", "title": "Caducée"} | fields
    return founding.found(folder, **given, kind=KeyType.ED25519)


def test_everything_is_there_and_private(tmp_path: Path) -> None:
    """The configuration loads, keys fit together, and nobody else can read a secret."""
    made = found(tmp_path / "new/hub")
    settings = load(made.file).settings
    assert (settings.hub.name, str(settings.hub.own.address)) == (NAME, f"hub@{NAME}")
    files.load_signing(settings.keys.signing_key, settings.keys.signing_certificates)
    (certificate,) = files.load_anchors(settings.keys.anchors)
    assert made.fingerprint in hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    for path in (made.file, made.token, settings.keys.signing_key, settings.keys.vault):
        assert path.stat().st_mode & 0o777 == 0o600
    for path in (made.folder, *(made.folder / one for one in founding.FOLDERS)):
        assert path.stat().st_mode & 0o777 == 0o700


def test_the_first_token_opens_the_api(tmp_path: Path) -> None:
    """The token's digest is in the configuration, the token itself in a file of its own."""
    made = found(tmp_path)
    api = load(made.file).settings.api
    assert api is not None
    token = made.token.read_text("ascii").strip()
    assert [one.token_sha256 for one in api.clients] == [hashlib.sha256(token.encode()).digest()]
    assert token not in made.file.read_text("utf-8")


@pytest.mark.parametrize("there", ["hub.toml", "keys/hub.key", "keys/vault"])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    """A second run changes nothing, and says which file is in its way."""
    file = tmp_path / there
    file.parent.mkdir(exist_ok=True)
    file.write_text("precious")
    with pytest.raises(InputError, match=r"init\.exists") as caught:
        found(tmp_path)
    assert str(file) in caught.value.words.fr
    assert file.read_text() == "precious"
    assert not (tmp_path / "certificates").exists()


@pytest.mark.parametrize(("field", "value"), [("name", "hub"), ("address", "hub at home")])
def test_a_wrong_name_or_address_makes_nothing(tmp_path: Path, field: str, value: str) -> None:
    """What is wrong is told before anything is made."""
    with pytest.raises(InputError):
        found(tmp_path / "hub", **{field: value})
    assert not (tmp_path / "hub").exists()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_no_value_breaks_out_of_its_place(first: str, second: str) -> None:
    """Whatever a name holds, quotes, marks or line ends, the file says exactly that."""
    text = fill("a = <<first>> # c\nb = [<<second>>]\n", {"first": first, "second": second})
    assert tomllib.loads(text) == {"a": first, "b": [second]}
