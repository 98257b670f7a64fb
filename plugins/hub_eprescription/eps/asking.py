"""One question to the service: at which of its addresses, judged by its table and by what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from hub.errors import ConfigError, PeerError, Words
from hub_eprescription.eps import names, outcome, words
from hub_eprescription.eps.outcome import Said
from hub_eprescription.wire.session import Answer, Session, WireError
from hub_eprescription.wire.table import AnswerTable, Judgement, Kind

_LONGEST: Final = timedelta(days=1)
_DIGITS: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer and what it means. `lost`: the same question may have been acted upon elsewhere before."""

    answer: Answer = field(repr=False)
    judgement: Judgement
    said: Said = field(repr=False)
    lost: bool = False

    @property
    def good(self) -> bool:
        """Whether the service did what it was asked: by the status, and by what it says."""
        return self.judgement.good and not self.said.failed

    @property
    def refused(self) -> bool:
        """Whether it says that it will never do so: also with a status that is good."""
        if self.said.transient:
            return False
        return self.judgement.kind is Kind.REFUSED or (self.judgement.good and self.said.failed)

    @property
    def words(self) -> Words:
        """What the status means, and what the service says besides."""
        failed = self.judgement.good and self.said.failed
        return self.said.after(words.INSIDE if failed else self.judgement.words)

    @property
    def retry_after(self) -> timedelta | None:
        """When the service wants to be asked again (RFC 9110, 10.2.3); None leaves it to the hub."""
        said = self.answer.headers.get("Retry-After", "")
        return (
            min(timedelta(seconds=int(said)), _LONGEST) if said.isdecimal() and len(said) <= _DIGITS else None
        )


class UnansweredError(PeerError):
    """None of the service's addresses gave an answer. `sent`: one may have acted upon it."""

    def __init__(self, last: WireError, *, sent: bool) -> None:
        super().__init__(last.code, last.words, **last.fields)
        self.sent = sent


class Asking:
    """Asks the service, each address once for a question, the one that answered last first.

    `role` is the user's role at the service (`NHSD-Session-URID`).
    """

    def __init__(self, session: Session, table: AnswerTable, role: str | None) -> None:
        self._session = session
        self._table = table
        self._role = {} if role is None else {"NHSD-Session-URID": role}
        self._first = 0
        self._refused_token = ""

    async def ask(self, method: str, path: str, *, request: str, body: bytes = b"") -> Reply:
        """Ask; a repeat of a question bears the same `request` (`X-Request-ID`).

        Raises UnansweredError, and PeerError: `prescription.token_file`; `prescription.token_refused`
        while the access token is the one that was refused: nothing is asked until the file changes.
        """
        try:
            return await self._ask(method, path, {"X-Request-ID": request, **self._role}, body)
        except ConfigError as error:
            # A file that can't be used now is no fault of the prescription: it waits.
            raise PeerError(error.code, error.words, **error.fields) from error

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        digest = self._session.token_digest()
        if digest and digest == self._refused_token:
            raise words.token_refused()
        lost, bases = False, self._session.bases
        for turn in range(bases):
            base, last = (self._first + turn) % bases, turn == bases - 1
            try:
                answer = await self._session.ask(
                    method,
                    path,
                    headers=headers,
                    body=body,
                    media_type=names.MEDIA_TYPE if body else "",
                    accept=names.MEDIA_TYPE,
                    base=base,
                )
            except WireError as error:
                lost = lost or error.sent
                if last:
                    raise UnansweredError(error, sent=lost) from error
                continue
            judgement = self._table.judge(answer.status)
            if judgement.kind is Kind.FAILED and judgement.failover and not last:
                lost = lost or judgement.acted
                continue
            if judgement.kind is not Kind.FAILED:
                self._first = base
            if judgement.kind is Kind.TOKEN:
                self._refused_token = digest
            said = outcome.read(answer.body, answer.media_type)
            return Reply(answer=answer, judgement=judgement, said=said, lost=lost)
        raise AssertionError
