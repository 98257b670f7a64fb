"""From nothing to a secured session with an operator's server (RFC 5321, 3.1; RFC 3207).

1. Connect; the greeting; EHLO. Without STARTTLS nothing more is said.
2. TLS: the server's certificate comes from a configured authority and carries the expected name.
3. What the server had said in clear is forgotten, and what it sent ahead ends the connection; EHLO again.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final

from hub.domain.outcome import Deferred, Refused
from hub.errors import PeerError, Words
from hub_smtp import faults, outcomes
from hub_smtp.answers import CLOSING, Answer, read_answer
from hub_smtp.link import Link
from hub_smtp.settings import ConnectorSettings

_READY: Final = 220


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect. `name` is what the certificate must carry, and what receipts say."""

    host: str
    port: int
    name: str


class UnservedError(PeerError):
    """The server ended the matter for every addressee who has no answer yet; `outcome` says how."""

    def __init__(self, outcome: Deferred | Refused) -> None:
        super().__init__(outcome.code, outcome.reason)
        self.outcome = outcome


class Talk:
    """Commands and answers on one link, each answer awaited with the patience of the settings."""

    def __init__(self, link: Link, target: Target, settings: ConnectorSettings) -> None:
        self.link = link
        self._target = target
        self._patience = settings.command_timeout.total_seconds()

    async def ask(self, line: str) -> Answer:
        """Say one command and return the answer. Raises as `answer` does."""
        self.link.write(f"{line}\r\n".encode())
        return await self.answer()

    async def answer(self) -> Answer:
        """Read a reply; 421 to whatever it was ends the matter (RFC 5321, 3.8).

        Raises UnservedError then, and otherwise as `read_answer` does.
        """
        answer = await read_answer(self.link, self._patience)
        if answer.code == CLOSING:
            raise self.unserved(answer)
        return answer

    async def hello(self, hub_name: str) -> dict[str, str]:
        """Say EHLO and return what the server offers: keywords in upper case, with parameters."""
        answer = await self.ask(f"EHLO {hub_name}")
        if not answer.positive:
            raise self.unserved(answer)
        offers = (line.partition(" ") for line in answer.lines[1:])
        return {keyword.upper(): rest.strip() for keyword, _, rest in offers}

    def unserved(self, answer: Answer) -> UnservedError:
        """Make the error for a reply that is about no recipient."""
        return UnservedError(outcomes.unserved(answer, self._target.name))


async def open_session(
    target: Target, settings: ConnectorSettings, context: ssl.SSLContext, hub_name: str
) -> tuple[Link, dict[str, str]]:
    """Return a secured link and what the server offers. Raises PeerError; nothing was sent then."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(settings.connect_timeout.total_seconds()):
            _, link = await loop.create_connection(lambda: Link(loop), target.host, target.port)
    except (OSError, TimeoutError) as error:
        raise faults.unreachable(error, target.name) from error
    try:
        return link, await _secure(Talk(link, target, settings), target, settings, context, hub_name)
    except BaseException:
        link.abort()
        raise


async def _secure(
    talk: Talk, target: Target, settings: ConnectorSettings, context: ssl.SSLContext, hub_name: str
) -> dict[str, str]:
    # 1. Greeting and EHLO in clear.
    greeting = await talk.answer()
    if greeting.code != _READY:
        raise talk.unserved(greeting)
    if "STARTTLS" not in await talk.hello(hub_name):
        raise _no_starttls(target.name)
    # 2. TLS.
    answer = await talk.ask("STARTTLS")
    if answer.code != _READY:
        raise talk.unserved(answer)
    if talk.link.pending:
        raise _injected(target.name)
    try:
        await talk.link.start_tls(
            context,
            server_side=False,
            server_name=target.name,
            timeout=settings.handshake_timeout.total_seconds(),
        )
    except ssl.SSLError as error:
        raise faults.untrusted(error, target.name) from error
    # 3. What was said in clear does not count.
    return await talk.hello(hub_name)


def _no_starttls(host: str) -> PeerError:
    return PeerError(
        "smtp.no_starttls",
        Words(
            en=f"{host} does not offer STARTTLS; nothing is sent in clear.",
            fr=f"{host} ne propose pas STARTTLS ; rien n'est envoyé en clair.",
        ),
    )


def _injected(host: str) -> PeerError:
    return PeerError(
        "smtp.starttls_injection",
        Words(
            en=f"{host}, or somebody on the way, sent answers in clear ahead of TLS (RFC 3207, 4.2).",
            fr=f"{host}, ou quelqu'un sur le trajet, a envoyé des réponses en clair avant TLS.",
        ),
    )
