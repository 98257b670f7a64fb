"""The words for files that can't be used."""

from __future__ import annotations

import errno
import ssl

import pytest

from hub.errors import Words
from hub.plugin import reasons


def test_a_reason_is_in_both_languages() -> None:
    """The system's own words would be English only."""
    assert reasons.why(FileNotFoundError(errno.ENOENT, "x")) == Words(
        en="there is no such file or folder", fr="ce fichier ou dossier n'existe pas"
    )


def test_a_rare_reason_is_its_code() -> None:
    """A code can be looked up; an error without one is named by its type."""
    assert reasons.why(OSError(errno.EIO, "x")) == Words(en="EIO", fr="EIO")
    assert reasons.why(OSError("x")) == Words(en="OSError", fr="OSError")


@pytest.mark.parametrize(
    ("error", "french"),
    [
        (FileNotFoundError(errno.ENOENT, "x"), "ce fichier ou dossier n'existe pas"),
        (ssl.SSLError(9, "[SSL] PEM lib (_ssl.c:3926)"), "l'un n'a pas le PEM attendu"),
        (
            ssl.SSLError(116, "[X509: KEY_VALUES_MISMATCH] key values mismatch"),
            "la clé n'est pas celle du certificat",
        ),
        (ValueError("the key is encrypted"), "la clé est chiffrée"),
        (ssl.SSLError(1, "[X] rare"), "[X] rare"),
    ],
)
def test_what_openssl_says_is_translated(error: Exception, french: str) -> None:
    """An SSLError is an OSError whose number is none of the system's."""
    assert reasons.tls(error).fr == french
