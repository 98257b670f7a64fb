"""A prescription's states: one table of moves, and nothing beside it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain import prescription_order
from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier
from hub.domain.prescription import MOVES, CancelResult, Handing, PrescriptionState, may_move
from hub.domain.prescription_order import HandOrder, Wishes
from hub.domain.target import Description
from hub.errors import HubError

S = PrescriptionState
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
TARGETS = st.one_of(
    st.just(Address.parse("pharmacie.du.lac@valbrume.mssante.example")),
    st.builds(Identifier, st.just(RPPS), st.from_regex(r"8[0-9]{11}", fullmatch=True)),
    st.builds(Description, name=WORDS, specialty=WORDS, town=WORDS),
)
WISHES = st.builds(
    Wishes,
    options=st.dictionaries(WORDS, WORDS, max_size=3),
    hand_over=st.lists(st.builds(HandOrder, to=TARGETS, form=st.sampled_from(Handing)), max_size=3).map(
        tuple
    ),
)


def test_every_state_stands_in_the_table() -> None:
    """No state was forgotten, and none is named that does not exist."""
    assert set(MOVES) == set(S)
    assert set().union(*MOVES.values()) <= set(S)


@pytest.mark.parametrize("state", list(S))
def test_what_is_final_stays(state: S) -> None:
    """What has ended does not move any more; everything else can still end."""
    reached, left = {state}, [state]
    while left:
        for after in MOVES[left.pop()] - reached:
            reached.add(after)
            left.append(after)
    assert state.final == (reached == {state})
    assert any(one.final for one in reached)


@pytest.mark.parametrize("state", list(S))
def test_nothing_that_a_service_holds_becomes_a_draft_again(state: S) -> None:
    """Once a service may hold a prescription, the hub never begins anew: that would be a second one."""
    if state.issued or state is S.UNKNOWN:
        assert not may_move(state, S.DRAFT)
        assert not may_move(state, S.SIGNED)
        assert not may_move(state, S.REJECTED) or state is S.UNKNOWN


def test_only_what_is_signed_is_issued() -> None:
    """A draft becomes active by way of its signature, never directly."""
    assert not may_move(S.DRAFT, S.ACTIVE)
    assert may_move(S.SIGNED, S.ACTIVE)


def test_what_is_cancelled_is_told_from_what_is_not() -> None:
    """Two answers mean that it is cancelled; all others that it is not, whatever the transport said."""
    assert {one for one in CancelResult if one.done} == {
        CancelResult.CANCELLED,
        CancelResult.ALREADY_CANCELLED,
    }


@given(WISHES)
def test_an_order_is_read_as_it_was_written(wishes: Wishes) -> None:
    """What the prescriber asked for comes out of the sealed envelope as it went in."""
    data = prescription_order.spell(wishes)
    read = prescription_order.read(data)
    assert prescription_order.spell(read) == data
    assert {unicodedata.normalize("NFC", one) for one in wishes.options} == set(read.options)
    assert [one.form for one in read.hand_over] == [one.form for one in wishes.hand_over]


@given(WISHES)
def test_a_hand_over_has_one_name(wishes: Wishes) -> None:
    """The same person and form give the same name, which is how a repetition is told."""
    for one, again in zip(
        wishes.hand_over, prescription_order.read(prescription_order.spell(wishes)).hand_over, strict=True
    ):
        assert one.name == again.name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}x",
        b'{"hand_over":[{"as":"fax","to":"a@b.example"}],"v":1}',
        b'{"hand_over":[{}],"v":1}',
    ],
)
def test_what_is_no_order_is_refused(data: bytes) -> None:
    """Bytes that the hub would never have written are refused with words, not half read."""
    with pytest.raises(HubError):
        prescription_order.read(data)
