"""Whether somebody may exchange, and the words for why not."""

from __future__ import annotations

from datetime import date

import pytest

from hub.core import standing
from hub.domain.address import Address
from hub.ports.directory import MailboxKind, Standing
from hub.testing.fakes import entry
from tests.unit.core.world import MARTIN, PETIT


@pytest.mark.parametrize("which", list(Standing))
def test_only_the_active_may_exchange(which: Standing) -> None:
    """Every other standing has a code of its own and words in both languages, and names who decided."""
    why = standing.barred(entry(MARTIN, standing=which), "recipient")
    if which is Standing.ACTIVE:
        assert why is None
        return
    assert why is not None
    assert why.code == f"recipient.{which.value}"
    assert MARTIN in why.reason.en
    assert MARTIN in why.reason.fr
    assert why.source == "tiny:1"


def test_the_words_say_from_when_and_until_when() -> None:
    """A suspension has an end, which the sender may wait for."""
    one = entry(MARTIN, standing=Standing.SUSPENDED, since=date(2026, 3, 1), until=date(2026, 5, 31))
    why = standing.barred(one, "recipient")
    assert why is not None
    assert "is suspended from practice since 2026-03-01, until 2026-05-31." in why.reason.en
    assert "est suspendu d'exercice depuis le 2026-03-01, jusqu'au 2026-05-31." in why.reason.fr


def test_a_patient_does_not_practise() -> None:
    """A mailbox that was closed is called closed."""
    why = standing.barred(entry(MARTIN, mailbox=MailboxKind.PATIENT, standing=Standing.CEASED), "recipient")
    assert why is not None
    assert why.code == "recipient.closed"
    assert "practise" not in why.reason.en


def test_a_mistyped_address_is_answered_with_a_suggestion() -> None:
    """It is asked, never corrected."""
    why = standing.unknown(Address.parse(MARTIN), "recipient", "list 4", [Address.parse(PETIT)])
    assert why.reason.en.endswith(f"Did you mean {PETIT}?")
    assert why.reason.fr.endswith(f"Vouliez-vous dire {PETIT} ?")
    assert why.source == "list 4"
    assert "mean" not in standing.unknown(Address.parse(MARTIN), "recipient").reason.en
