"""Our stable ids, and what the ledger holds of a call."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.ids import DeliveryId
from hub.plugin.ledger import check
from hub_http.sending import lines
from hub_http.sending.call import id_of, plain
from hub_http.sending.lines import Sent

IDS = st.uuids().map(lambda one: DeliveryId(str(one)))
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@given(st.lists(IDS, min_size=2, max_size=20, unique=True), st.randoms())
def test_the_same_recipients_have_the_same_id(deliveries: list[DeliveryId], chance: object) -> None:
    """In any order, in every process; one fewer has another."""
    shuffled = list(deliveries)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    made = id_of(deliveries)
    assert id_of(shuffled) == made
    assert id_of(deliveries[1:]) != made
    assert uuid.UUID(made).version == 8


@given(IDS)
def test_one_recipient_s_id_is_its_delivery_s(delivery: DeliveryId) -> None:
    """What the operator knows is what the hub's own records say."""
    assert id_of([delivery]) == delivery


@given(
    st.dictionaries(st.emails(), IDS, min_size=1, max_size=5),
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    st.dictionaries(
        st.text("abc_", min_size=1, max_size=8), st.text(max_size=20) | st.integers(), max_size=4
    ),
    st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_a_line_gives_back_what_it_was_made_of(
    recipients: dict[str, DeliveryId],
    remote: str | None,
    taken: dict[str, str | int],
    left_at: datetime | None,
) -> None:
    """Whatever ids and values an operator gives."""
    sent = Sent(call="c", recipients=recipients, remote=remote, taken=taken, left_at=left_at)
    line = lines.line_of("d:c", sent, NOON)
    assert lines.read(line) == sent
    assert line.alias == remote


def test_a_hundred_recipients_fit_into_one_line() -> None:
    """With the longest addresses that a message may hold, and the largest values."""
    recipients = {
        f"{'x' * 45}{n:03}@valbrume.mssante.example": DeliveryId(str(uuid.uuid4())) for n in range(100)
    }
    taken = plain({f"v{n}": "é" * 400 for n in range(20)})
    assert taken
    check(lines.line_of("c:x", Sent(call="x", recipients=recipients, taken=taken), NOON + timedelta(days=30)))


def test_what_can_t_be_kept_is_left_out() -> None:
    """Lists and whole resources are for the steps of this attempt alone."""
    assert plain({"id": "a", "list": [1], "table": {}, "long": "x" * 5000, "n": 7}) == {"id": "a", "n": 7}
