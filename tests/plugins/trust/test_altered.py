"""One changed byte anywhere in a signed list is refused, or changes nothing that is read."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import HubError, MalformedError, TrustError
from hub_trust.reading import Files, Opened
from tests.plugins.trust.world import Cast, Draft, Paper, verify


@pytest.fixture(scope="module")
def small(cast: Cast) -> dict[str, Files]:
    """Return one small list in each form."""
    draft = Draft(operators=[{"name": "Élan", "pins": [], "domains": [("elan.example", None)]}])
    return {form: draft.signed(form, cast.signers["ec"]) for form in ("xml", "toml")}


def changed(data: bytes, at: int, byte: int) -> bytes:
    """Return the data with one byte set."""
    return data[:at] + bytes([byte]) + data[at + 1 :]


def other(byte: int) -> int:
    """Return another letter or digit."""
    return ord("b") if byte == ord("a") else ord("a")


def test_every_byte_of_a_toml_list_counts(cast: Cast, small: dict[str, Files]) -> None:
    """A blank in a comment is as good as a domain: the signature is over the exact bytes."""
    files = small["toml"]
    for at, byte in enumerate(files.data):
        with pytest.raises(HubError):
            verify(replace(files, data=changed(files.data, at, byte ^ 1)), cast.authority)


def test_every_byte_of_a_jws_counts(cast: Cast, small: dict[str, Files]) -> None:
    """There is one spelling of a signature: no padding, no blanks, no stray bits."""
    files = small["toml"]
    assert files.jws is not None
    for at, byte in enumerate(files.jws):
        for new in (other(byte), byte ^ 1, ord("=")):
            if new != byte:
                with pytest.raises((TrustError, MalformedError)):
                    verify(replace(files, jws=changed(files.jws, at, new)), cast.authority)
    for jws in (files.jws + b"\n", b" " + files.jws, files.jws[:-2], files.jws + b"AA"):
        with pytest.raises((TrustError, MalformedError)):
            verify(replace(files, jws=jws), cast.authority)


def test_every_sign_of_an_xml_list_counts(cast: Cast, small: dict[str, Files]) -> None:
    """Each letter and digit of what is signed, replaced by another one, is refused."""
    files = small["xml"]
    begin, end = files.data.index(b"<trustList"), files.data.index(b"<ds:Signature")
    for at in range(begin, end):
        byte = files.data[at]
        if chr(byte).isalnum() or byte > 127:
            with pytest.raises((TrustError, MalformedError)):
                verify(replace(files, data=changed(files.data, at, other(byte))), cast.authority)


def _read(files: Files, authority: Paper) -> Opened | None:
    with contextlib.suppress(TrustError, MalformedError):
        return verify(files, authority)
    return None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=400)
@given(data=st.data())
def test_what_xml_lets_pass_means_the_same(cast: Cast, small: dict[str, Files], data: st.DataObject) -> None:
    """Blanks inside tags and in base64 are not signed: the list that is read, and its signer, stay."""
    files = small["xml"]
    sound = verify(files, cast.authority)
    at = data.draw(st.integers(0, len(files.data) - 1))
    how = data.draw(st.sampled_from(["set", "drop", "add", "swap"]))
    byte = data.draw(st.one_of(st.sampled_from(b" \n\t\"'<>&=/AZaz09+-"), st.integers(0, 255)))
    altered = {
        "set": changed(files.data, at, byte),
        "drop": files.data[:at] + files.data[at + 1 :],
        "add": files.data[:at] + bytes([byte]) + files.data[at:],
        "swap": files.data[:at] + files.data[at : at + 2][::-1] + files.data[at + 2 :],
    }[how]
    assert _read(replace(files, data=altered), cast.authority) in {None, sound}


def test_a_truncated_list_is_refused(cast: Cast, small: dict[str, Files]) -> None:
    """Wherever the file breaks off."""
    for form, files in small.items():
        step = 1 if form == "toml" else 17
        for end in range(0, len(files.data) - 1, step):
            with pytest.raises((TrustError, MalformedError)):
                verify(replace(files, data=files.data[:end]), cast.authority)
