"""Who may send as whom."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.authorise import authorise
from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier
from hub.errors import TrustError
from hub.ports.directory import DirectoryUnavailableError
from tests.unit.core.world import (
    CLIENT,
    HOSPITAL,
    HOSPITAL_FINESS,
    MARTIN,
    MARTIN_RPPS,
    PETIT,
    STRUCK,
    VALBRUME,
    VILLE,
    directory,
    operators,
    register,
    submission,
)

VILLE_PEER = operators().speaking(["dns:mx.ville.example"])


async def test_the_sender_is_who_the_directory_says() -> None:
    """Name, kind and identifiers come from there, not from the mail."""
    sender = (await authorise(submission(), register())).party
    assert (sender.name, sender.operator, sender.role) == ("CH de Valbrume", VALBRUME, None)
    assert sender.identifiers == (HOSPITAL_FINESS,)


async def test_a_client_sends_as_its_own_address() -> None:
    """Practice software with a token is bound to the addresses of its configuration."""
    mine = submission(HOSPITAL, peer=CLIENT, sender=Address.parse(MARTIN))
    assert (await authorise(mine, register())).party.operator == VILLE


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sender": Address.parse(MARTIN)}, "sender.not_yours"),
        ({"peer": CLIENT, "sender": Address.parse(PETIT)}, "sender.not_yours"),
        ({"sender": Address.parse("nobody@ch-valbrume.example")}, "sender.unknown"),
        ({"peer": VILLE_PEER, "sender": Address.parse(STRUCK)}, "sender.struck-off"),
        ({"signer_identifiers": (MARTIN_RPPS,)}, "sender.other_signer"),
        ({"signer_identifiers": (HOSPITAL_FINESS, MARTIN_RPPS)}, "sender.other_signer"),
        (
            {
                "peer": VILLE_PEER,
                "sender": Address.parse(MARTIN),
                "signer_identifiers": (Identifier(RPPS, "899900000025"),),
            },
            "sender.other_signer",
        ),
    ],
)
async def test_who_may_not_send_is_told_why(fields: dict[str, Any], code: str) -> None:
    """Each reason has its code; the peer is named for the log, nobody else is."""
    with pytest.raises(TrustError) as caught:
        await authorise(submission(**fields), register())
    assert caught.value.code == code
    assert caught.value.words.fr != caught.value.words.en
    assert set(caught.value.fields) == {"peer"}


async def test_a_valid_signature_of_the_bearer_is_welcome() -> None:
    """The identifiers in the certificate are the directory's own."""
    signed = submission(signer_identifiers=(HOSPITAL_FINESS,))
    assert (await authorise(signed, register())).party.address == Address.parse(HOSPITAL)


async def test_without_the_directory_nobody_is_judged() -> None:
    """Not 'unknown': try again."""
    down = directory()
    down.available = False
    with pytest.raises(DirectoryUnavailableError):
        await authorise(submission(), register(down))
