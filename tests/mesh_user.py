"""A second user of MESH: NHS's own client (`mesh-client`), in its own environment and its own process.

This file is two things: what tests call, and, run by that environment's Python, the process that speaks.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

USER: Final = "X26ABC2"
"""The mailbox of this user, in the sandbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A message that the client read and acknowledged: its Mex- headers in lower case, and its content."""

    id: str
    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshUser:
    """One mailbox's owner. `url` is where MESH is; the certificate is shown to it."""

    url: str
    certificate: Path
    key: Path
    authority: Path
    shared_key: str
    folder: Path
    mailbox: str = USER
    password: str = "password"

    def inbox(self) -> list[str]:
        """Return the ids of what waits in the mailbox."""
        listed: list[str] = self._ask("list")
        return listed

    def collect(self, *, acknowledge: bool = True) -> list[Collected]:
        """Read everything that waits, and acknowledge it."""
        return [
            Collected(id=one["id"], headers=one["headers"], content=Path(one["file"]).read_bytes())
            for one in self._ask("collect", acknowledge=acknowledge, folder=str(self.folder))
        ]

    def send(
        self, recipient: str, content: bytes, *, chunk: int | None = None, copies: int = 1, **mex: str
    ) -> str:
        """Send a message, in chunks of at most `chunk` bytes, so many times; returns the last one's id."""
        file = self.folder / "sending"
        file.write_bytes(content)
        sent: str = self._ask(
            "send", recipient=recipient, file=str(file), chunk=chunk, copies=copies, mex=mex
        )
        return sent

    def fetch(self, message: str) -> None:
        """Download a message by its id; the assertion that fails shows what MESH answered."""
        self._ask("fetch", message=message)

    def track(self, message: str) -> dict[str, Any]:
        """Return what MESH says of a message that this mailbox sent."""
        said: dict[str, Any] = self._ask("track", message=message)
        return said

    def report(self, mailbox: str, **fields: str) -> str:
        """Let the sandbox put a report into a mailbox, as MESH does when a message is not collected."""
        said = {"mailbox_id": mailbox, **fields}
        made: dict[str, str] = self._ask("admin", method="POST", path="/report", body=said)
        return made["message_id"]

    def reset(self) -> None:
        """Let the sandbox forget every message."""
        self._ask("admin", method="DELETE", path="/reset", body=None)

    def _ask(self, what: str, **rest: Any) -> Any:
        from tests.counterparts import apart  # noqa: PLC0415 -- the other Python, which runs this file, has no pytest

        question = {
            "what": what,
            "url": self.url,
            "mailbox": self.mailbox,
            "password": self.password,
            "shared_key": self.shared_key,
            "tls": [str(self.certificate), str(self.key), str(self.authority)],
            "rest": rest,
        }
        done = subprocess.run(
            [apart("python"), __file__],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def _main() -> None:
    import mesh_client  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 -- only the other Python has it

    question = json.load(sys.stdin)
    certificate, key, authority = question["tls"]
    with mesh_client.MeshClient(
        question["url"],
        question["mailbox"],
        question["password"],
        shared_key=question["shared_key"].encode(),
        cert=(certificate, key),
        verify=authority,
        max_retries=0,
        timeout=60,
    ) as client:
        print(json.dumps(_DO[question["what"]](client, **question["rest"])))


def _list(client: Any) -> Sequence[str]:
    return list(client.iterate_message_ids())


def _collect(client: Any, acknowledge: bool, folder: str) -> list[dict[str, Any]]:  # noqa: FBT001 -- from JSON
    collected = []
    for name in list(client.iterate_message_ids()):
        message = client.retrieve_message(name)
        file = Path(folder) / name
        file.write_bytes(message.read())
        if acknowledge:
            message.acknowledge()
        collected.append({"id": name, "headers": dict(message.mex_headers()), "file": str(file)})
        message.close()
    return collected


def _send(
    client: Any, *, recipient: str, file: str, chunk: int | None, copies: int, mex: dict[str, str]
) -> str:
    content, sent = Path(file).read_bytes(), ""
    for _ in range(copies):
        sent = client.send_message(recipient, content, max_chunk_size=chunk, **mex)
    return sent


def _fetch(client: Any, message: str) -> None:
    client.retrieve_message(message).close()


def _track(client: Any, message: str) -> dict[str, Any]:
    return dict(client.track_message(message_id=message))


def _admin(client: Any, method: str, path: str, body: dict[str, str] | None) -> Any:
    answer = client._session.request(method, f"{client._url}/messageexchange/admin{path}", json=body)
    answer.raise_for_status()
    return answer.json()


_DO: Final[Mapping[str, Callable[..., Any]]] = {
    "list": _list,
    "collect": _collect,
    "send": _send,
    "track": _track,
    "fetch": _fetch,
    "admin": _admin,
}

if __name__ == "__main__":
    _main()
