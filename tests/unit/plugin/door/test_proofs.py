"""Whether what a call shows is one of the secrets that it may show."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from hub.domain.address import Address
from hub.errors import Words
from hub.plugin.door import proofs
from hub.plugin.door.faults import UnprovedError
from hub.plugin.door.proofs import Forgeries
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog

RIGHT = [hmac.new(key, b"message", hashlib.sha256).digest() for key in (b"old", b"new")]


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ("Bearer old", True),
        ("bearer  new ", True),
        ("Bearer ol", False),
        ("Bearer olds", False),
        ("Bearer", False),
        ("Basic old", False),
        ("old", False),
        ("", False),
        ("Bearer \udcff", False),
    ],
)
def test_a_bearer_token_is_one_of_the_right_ones(said: str, *, holds: bool) -> None:
    """While a secret is being changed, the old and the new will each do; nothing else does."""
    assert proofs.bears(said, [b"old", b"new"]) is holds
    assert not proofs.bears(said, [])


def test_a_signature_is_one_of_the_right_digests() -> None:
    """Whichever of the first four headers holds it, after its prefix, in hexadecimal."""
    good = f" sha256={RIGHT[1].hex()} "
    for values in ([good], ["sha256=00", good], ["x", "y", "z", good], [good.upper().replace("SHA", "sha")]):
        assert proofs.signed(values, RIGHT, prefix="sha256=")
    for values in (
        [],
        ["sha256="],
        [RIGHT[1].hex()],
        ["sha256=zz"],
        [f"{good.strip()}00"],
        ["x"] * 4 + [good],
    ):
        assert not proofs.signed(values, RIGHT, prefix="sha256=")
    assert not proofs.signed([good], [], prefix="sha256=")


def test_forgeries_are_counted_by_whom_they_pretend_to_be(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The log names the proof that does not hold."""
    log = RecordingLog()
    forgeries = Forgeries(
        Host(
            name="web",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=FixedClock(),
            chance=FixedChance(),
            log=log,
            data=tmp_path_factory.mktemp("data"),
            ledger=EphemeralLedger(),
        )
    )
    error = UnprovedError("door.unproved", Words(en="No.", fr="Non."), proof="hmac")
    forgeries.note(error, "courrier")
    forgeries.note(error)
    forgeries.note(error, "courrier")
    assert [(one["operator"], one["count"], one["reason"]) for _, _, one in log.lines] == [
        ("courrier", 1, "hmac"),
        ("-", 1, "hmac"),
        ("courrier", 2, "hmac"),
    ]
