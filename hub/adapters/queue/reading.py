"""Questions to the store that change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, select

from hub.adapters.queue import faults, leases, operations, records, tables, times
from hub.adapters.queue.keys import RecordKey, StoreKeys
from hub.adapters.queue.prepared import Prepared
from hub.domain.delivery import State
from hub.domain.ids import DeliveryId, EnvelopeId, OperatorName
from hub.ports.intake import Accepted
from hub.ports.records import DeliveryReport, Report, Step, Waiting

_d, _e, _s, _t = tables.deliveries, tables.envelopes, tables.submissions, tables.steps
_EARLIER: Final = select(_s.c.envelopes, _s.c.fingerprint, _s.c.refused).where(
    _s.c.lookup == bindparam("lookup")
)
_KEYS: Final = select(_e.c.id, _e.c.record_key).where(_e.c.id.in_(bindparam("wanted", expanding=True)))
_ENVELOPES: Final = (
    select(
        _e.c.id,
        _e.c.record_key,
        _e.c.stage_key,
        _e.c.record,
        _e.c.stage,
        tables.stages.c.filed,
        tables.stages.c.data,
    )
    .join_from(_e, tables.stages)
    .where(_e.c.id.in_(bindparam("wanted", expanding=True)))
)
_RECORD: Final = select(_e.c.record_key, _e.c.record).where(_e.c.id == bindparam("envelope"))
_OPEN: Final = select(_d.c.envelope).where(
    _d.c.envelope.in_(bindparam("wanted", expanding=True)), _d.c.finished_at.is_(None)
)
_FOUND: Final = select(_d.c.id, _d.c.envelope, _d.c.operator, _d.c.state, _d.c.position)
BY_ID: Final = _FOUND.where(_d.c.id == bindparam("delivery"))
BY_RECEIPT: Final = _FOUND.where(_d.c.receipt == bindparam("receipt")).order_by(_d.c.id.desc()).limit(1)
BY_ENVELOPE: Final = _FOUND.where(_d.c.envelope == bindparam("envelope"))
_DELIVERIES: Final = select(_d).where(_d.c.envelope == bindparam("envelope")).order_by(_d.c.position, _d.c.id)
_STEPS: Final = select(_t).where(_t.c.envelope == bindparam("envelope")).order_by(_t.c.at, _t.c.id)
_WAITING: Final = (
    select(
        _d.c.id,
        _d.c.envelope,
        _d.c.operator,
        _d.c.state,
        _d.c.attempts,
        _e.c.accepted_at,
        _d.c.due_at,
        _d.c.code,
    )
    .join_from(_d, _e)
    .where(_d.c.finished_at.is_(None))
    .order_by(_d.c.id)
)


class Reader:
    """One connection for reading, and the keys to make sense of what is read."""

    def __init__(self, engine: Engine, keys: StoreKeys) -> None:
        self._connection = engine.connect()
        self._keys = keys

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """See one consistent state. Raises StoreError."""
        with faults.mapped(), self._connection.begin():
            yield self._connection

    def next_due(self) -> int | None:
        """Return when the next delivery comes up."""
        with self.look() as connection:
            return leases.next_due(connection)

    def earlier(self, lookup: bytes, fingerprint: bytes) -> Accepted | None:
        """Return the answer that was given, if one was. Raises ConflictError for something else."""
        with self.look() as connection:
            row = connection.execute(_EARLIER, {"lookup": lookup}).one_or_none()
            if row is None:
                return None
            operations.compare(row.fingerprint, fingerprint)
            ids = tuple(EnvelopeId(one) for one in row.envelopes.split())
            refused = {}
            if row.refused is not None:
                key = self._record_keys(connection, ids[:1])[ids[0]]
                refused = records.read_refused(key.open(row.refused, "refused"))
            return Accepted(envelopes=ids, refused=refused, again=True)

    def record_keys(self, envelopes: Sequence[EnvelopeId]) -> dict[EnvelopeId, RecordKey]:
        """Return the keys of envelopes; those that don't exist are left out."""
        with self.look() as connection:
            return self._record_keys(connection, envelopes)

    def envelopes(self, wanted: Sequence[EnvelopeId]) -> tuple[Sequence[Any], dict[str, int]]:
        """Return envelopes as they rest, and how many deliveries of each are open."""
        with self.look() as connection:
            rows = connection.execute(_ENVELOPES, {"wanted": wanted}).all()
            opened: dict[str, int] = {}
            for envelope in connection.scalars(_OPEN, {"wanted": wanted}):
                opened[envelope] = opened.get(envelope, 0) + 1
            return rows, opened

    def found(self, statement: Any, **values: object) -> Sequence[Any]:
        """Return deliveries by one of the statements above."""
        with self.look() as connection:
            return connection.execute(statement, values).all()

    def rows(self, statement: Prepared, **values: object) -> Sequence[tuple[Any, ...]]:
        """Return what a prepared statement finds."""
        with self.look() as connection:
            return statement.rows(connection, values)

    def record(self, envelope: EnvelopeId) -> records.Record | None:
        """Return an envelope's record."""
        with self.look() as connection:
            row = connection.execute(_RECORD, {"envelope": envelope}).one_or_none()
        return row and self._record(envelope, row)

    def waiting(self, operator: OperatorName | None, state: State | None, limit: int) -> Sequence[Waiting]:
        """Return open deliveries, the oldest first."""
        statement = _WAITING.limit(limit)
        if operator is not None:
            statement = statement.where(_d.c.operator == operator)
        if state is not None:
            statement = statement.where(_d.c.state == state.value)
        with self.look() as connection:
            rows = connection.execute(statement).all()
        return [
            Waiting(
                id=DeliveryId(row.id),
                envelope=EnvelopeId(row.envelope),
                operator=OperatorName(row.operator),
                state=State(row.state),
                attempts=row.attempts,
                accepted_at=times.read(row.accepted_at),
                due_at=times.read_optional(row.due_at),
                code=row.code,
            )
            for row in rows
        ]

    def report(self, envelope: EnvelopeId) -> Report | None:
        """Return all that is known of a message."""
        with self.look() as connection:
            row = connection.execute(_RECORD, {"envelope": envelope}).one_or_none()
            if row is None:
                return None
            deliveries = connection.execute(_DELIVERIES, {"envelope": envelope}).all()
            steps = connection.execute(_STEPS, {"envelope": envelope}).all()
        key = self._keys.record_key(row.record_key, envelope)
        record = self._record(envelope, row)
        return Report(
            sealed=record.sealed,
            peer=record.peer,
            deliveries=[_delivery(one, record, key) for one in deliveries],
            steps=sorted([*record.steps, *(_step(one, key) for one in steps)], key=lambda step: step.at),
        )

    def _record(self, envelope: EnvelopeId, row: Any) -> records.Record:
        key = self._keys.record_key(row.record_key, envelope)
        return records.read_record(key.open(row.record, "record"))

    def _record_keys(
        self, connection: Connection, envelopes: Sequence[EnvelopeId]
    ) -> dict[EnvelopeId, RecordKey]:
        rows = connection.execute(_KEYS, {"wanted": envelopes})
        return {row.id: self._keys.record_key(row.record_key, row.id) for row in rows}


def _delivery(row: Any, record: records.Record, key: RecordKey) -> DeliveryReport:
    return DeliveryReport(
        id=DeliveryId(row.id),
        recipient=record.sealed.envelope.message.recipients[row.position],
        operator=OperatorName(row.operator),
        state=State(row.state),
        attempts=row.attempts,
        due_at=times.read_optional(row.due_at),
        code=row.code,
        reason=None if row.reason is None else records.read_words(key.open(row.reason, "reason")),
    )


def _step(row: Any, key: RecordKey) -> Step:
    return Step(
        at=times.read(row.at),
        event=row.event,
        delivery=None if row.delivery is None else DeliveryId(row.delivery),
        code=row.code,
        detail=None if row.detail is None else records.read_detail(key.open(row.detail, "detail")),
    )
