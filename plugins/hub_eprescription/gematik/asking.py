"""One question to the service: at which of its addresses, judged by its published table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.errors import InputError, PeerError, Words
from hub_eprescription.gematik import fhir, outcome
from hub_eprescription.gematik.fhir import Node
from hub_eprescription.gematik.outcome import Said
from hub_eprescription.wire.session import Answer, Session, WireError
from hub_eprescription.wire.table import AnswerTable, Judgement, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer and what it means.

    `lost` counts earlier tries of the same question, at other addresses, that may have been acted upon.
    `alone` says that the service has no other address.
    """

    answer: Answer = field(repr=False)
    judgement: Judgement
    said: Said
    lost: int = 0
    alone: bool = False

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.answer.status

    @property
    def words(self) -> Words:
        """What the status means, and what the service says besides."""
        return self.said.after(self.judgement.words)

    def resource(self) -> Node | None:
        """Return what the answer holds; None when that can't be read."""
        try:
            return fhir.read(self.answer.body, self.answer.media_type)
        except InputError:
            return None


class UnansweredError(PeerError):
    """None of the service's addresses gave an answer. `sent`: one may have been acted upon, `lost` times."""

    def __init__(self, last: WireError, lost: int) -> None:
        super().__init__(last.code, last.words, **last.fields)
        self.sent = lost > 0
        self.lost = lost


class Asking:
    """Asks the service, each address once for a question, the one that answered last first."""

    def __init__(self, session: Session, table: AnswerTable) -> None:
        self._session = session
        self._table = table
        self._first = 0
        self._refused_token = ""

    async def ask(
        self,
        method: str,
        path: str,
        *,
        access_code: str | None = None,
        body: bytes = b"",
        accept: str = fhir.XML,
    ) -> Reply:
        """Ask, and fail over as the table says.

        Raises UnansweredError, ConfigError (the token's file), and PeerError `prescription.token_refused`
        while the access token is the one that was refused: nothing is asked until the file changes.
        """
        digest = self._session.token_digest()
        if digest and digest == self._refused_token:
            raise token_refused()
        headers: Mapping[str, str] = {} if access_code is None else {"X-AccessCode": access_code}
        lost, bases = 0, self._session.bases
        for turn in range(bases):
            base, last = (self._first + turn) % bases, turn == bases - 1
            try:
                answer = await self._session.ask(
                    method,
                    path,
                    headers=headers,
                    body=body,
                    media_type=f"{fhir.XML}; charset=UTF-8" if body else "",
                    accept=accept,
                    base=base,
                )
            except WireError as error:
                lost += error.sent
                if last:
                    raise UnansweredError(error, lost) from error
                continue
            judgement = self._table.judge(answer.status)
            if judgement.kind is Kind.FAILED and judgement.failover and not last:
                lost += judgement.acted
                continue
            # After a failure another address is the next to be asked.
            self._first = base if judgement.kind is not Kind.FAILED else (base + 1) % bases
            if judgement.kind is Kind.TOKEN:
                self._refused_token = digest
            said = outcome.read(answer.body, answer.media_type)
            return Reply(answer=answer, judgement=judgement, said=said, lost=lost, alone=bases == 1)
        raise AssertionError


def token_refused() -> PeerError:
    """Make the error for an access token that the service does not accept."""
    return PeerError(
        "prescription.token_refused",
        Words(
            en="The prescription service does not accept the hub's access token: it has expired, or is not "
            "for this service. The hub goes on as soon as the token's file holds another.",
            fr="Le service de prescription n'accepte pas le jeton d'accès du hub : il a expiré, ou n'est pas "
            "pour ce service. Le hub continuera dès que le fichier du jeton en contiendra un autre.",
        ),
    )
