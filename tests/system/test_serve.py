"""`hub init`, `check`, `serve`, `send`, `trace`, `queue` as users type them: processes and signals."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

SAMPLE = sorted(Path("tests/assets/annuaire").absolute().glob("*.txt"))
PRACTICE = "dr.camille.lilas@cabinet-lilas.mssante.example"
HOSPITAL = "compte-rendus@ch-hautmont.mssante.example"
READY = 30.0


@dataclass(slots=True)
class Place:
    """A hub's folder, and its processes."""

    folder: Path
    running: list[Served] = field(default_factory=list)

    def hub(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self._command(*arguments),
            cwd=self.folder,
            env=os.environ | {"LC_ALL": "C.UTF-8"} | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def json(self, *arguments: str | Path, **environment: str) -> Any:
        """Run a command with `--json` and return what it says."""
        done = self.hub(*arguments, "--json", **environment)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def serve(self, **environment: str) -> Served:
        """Start `hub serve` and wait until it is ready."""
        process = subprocess.Popen(
            self._command("serve"),
            cwd=self.folder,
            env=os.environ | environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        served = Served(process)
        self.running.append(served)
        served.until("hub.ready")
        return served

    def token(self) -> str:
        """Return the first client's token."""
        return (self.folder / "keys/first-client.token").read_text().strip()

    @staticmethod
    def _command(*arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "hub", *map(str, arguments)]


class Served:
    """A `hub serve` and its log, read as it is written."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self._came = threading.Condition()
        self._over = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def until(self, event: str, times: int = 1) -> dict[str, Any]:
        """Wait until an event was logged so many times, and return its last line."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.lines if line["event"] == event]

        with self._came:
            self._came.wait_for(lambda: len(found()) >= times or self._over, READY)
            lines = found()
        assert len(lines) >= times, self.lines
        return lines[-1]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(READY)
        self.close()
        return code

    def close(self) -> None:
        """End it, if it still runs, and read its log to the end."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()

    @property
    def port(self) -> int:
        """The API's port."""
        port: int = self.until("http.listening")["port"]
        return port

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as log:
            for text in log:
                with self._came:
                    self.lines.append(json.loads(text) if text.startswith("{") else {"event": text})
                    self._came.notify_all()
        with self._came:
            self._over = True
            self._came.notify_all()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Make a hub from nothing, with a directory and an operator whose server is down."""
    made = Place(tmp_path / "hub")
    made.folder.mkdir()
    assert made.hub("init", "--name", "hub.valbrume.example").returncode == 0
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(made.folder / "authority.pem"))
    issued = authority.issue_cert("hub.valbrume.example")
    (made.folder / "tls.key").touch(mode=0o600)
    issued.private_key_pem.write_to_path(str(made.folder / "tls.key"))
    issued.cert_chain_pems[0].write_to_path(str(made.folder / "tls.pem"))
    file = made.folder / "hub.toml"
    text = file.read_text("utf-8").replace("127.0.0.1:8025", "127.0.0.1:0")
    text = text.replace('addresses = ["hub@hub.valbrume.example"]', f'addresses = ["{PRACTICE}"]')
    file.write_text(
        f"""{text}
[operators.hautmont]
kind = "smtp"
domains = ["ch-hautmont.mssante.example"]
relay = "127.0.0.1:{free_port()}"
certificate = "tls.pem"
key = "tls.key"
anchors = ["authority.pem"]
retry_base = "1h"
""",
        "utf-8",
    )
    assert made.hub("directory", "import", *SAMPLE).returncode == 0
    yield made
    for served in made.running:
        served.close()


def send(place: Place, served: Served, *more: str) -> Any:
    """Send a letter to the hospital through the API."""
    return place.json(
        "send",
        *("--url", f"http://127.0.0.1:{served.port}", "--from", PRACTICE, "--to", HOSPITAL),
        *("--subject", "Question", "--text", "Bonjour.", *more),
        CADUCEE_TOKEN=place.token(),
    )


def test_from_nothing_to_a_clean_stop(place: Place) -> None:
    """init, check, serve, SIGTERM: it says that it is ready and that it stopped, with exit code 0."""
    checked = place.json("check")
    failed = [one["part"] for one in checked["findings"] if one["verdict"] == "failed"]
    assert failed == ["operators.hautmont"]
    served = place.serve()
    assert place.hub("check").returncode == 6
    assert served.stop() == 0
    assert served.lines[-1]["event"] == "hub.stopped"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_two_signals_end_it_at_once(place: Place, number: int) -> None:
    """The first is waited for politely, the second is not; SIGHUP alone does nothing."""
    (place.folder / "hub.toml").write_text(
        (place.folder / "hub.toml").read_text("utf-8").replace("127.0.0.1:0", f"127.0.0.1:{free_port()}")
    )
    served = place.serve()
    served.process.send_signal(signal.SIGHUP)
    served.until("hub.reload_unsupported")
    # A request that never ends keeps the API from closing.
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(
            b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nIdempotency-Key: k\r\n"
            b"Authorization: Bearer " + place.token().encode() + b"\r\nContent-Type: application/json\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        served.process.send_signal(number)
        served.until("hub.stopping")
        assert served.stop(number) == 130


def test_a_second_hub_on_the_same_store_is_refused(place: Place) -> None:
    """One line says why; the first goes on."""
    served = place.serve()
    second = place.hub("serve")
    assert second.returncode == 6
    assert "Another hub works on the store" in second.stderr
    assert "Traceback" not in second.stderr
    assert served.stop() == 0


def test_a_port_in_use_is_one_clear_line(place: Place) -> None:
    """The line names the key and the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        file = place.folder / "hub.toml"
        file.write_text(file.read_text("utf-8").replace("127.0.0.1:0", f"127.0.0.1:{port}"), "utf-8")
        done = place.hub("serve")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith(f"hub: api.listen: 127.0.0.1:{port} can't be listened on")


def test_systemd_is_told(place: Place, tmp_path: Path) -> None:
    """READY=1 comes when the hub listens, STOPPING=1 when it was told to stop."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(READY)
        served = place.serve(NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert listener.recv(100) == b"READY=1"
        assert served.stop() == 0
        assert listener.recv(100) == b"STOPPING=1"


def test_a_blocked_plugin_leaves_the_rest_running(place: Place) -> None:
    """Its operator's deliveries wait; the log names the plugin and the part."""
    (place.folder / "hub.toml").write_text(
        (place.folder / "hub.toml").read_text("utf-8") + '\n[plugins]\nblocked = ["smtp"]\n', "utf-8"
    )
    served = place.serve()
    assert served.until("part.not_open")["part"] == "operators.hautmont"
    assert served.until("plugin.blocked")["plugin"] == "smtp"
    answer = send(place, served)
    (waiting,) = place.json("queue", "list")["deliveries"]
    assert (waiting["envelope"], waiting["state"]) == (answer["id"], "pending")
    assert served.stop() == 0


def test_a_person_attends_to_the_queue_beside_the_running_hub(place: Place) -> None:
    """List, retry, cancel, trace: by ids and codes, with the person's name in the timeline."""
    served = place.serve()
    answer = send(place, served)
    assert not answer["refused"]
    served.until("delivery.deferred")
    (waiting,) = place.json("queue", "list", "--operator", "hautmont", "--state", "pending")["deliveries"]
    assert (waiting["envelope"], waiting["attempts"]) == (answer["id"], 1)
    delivery = waiting["delivery"]

    # 1. Forward: the hub tries again at once, an hour before its time.
    assert place.json("queue", "retry", delivery)["moved"] == [{"delivery": delivery, "state": "pending"}]
    served.until("delivery.deferred", times=2)

    # 2. Not possible, and why.
    refused = place.hub("queue", "settle", delivery, "--delivered")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "nothing to settle" in refused.stderr

    # 3. To its end; what has ended does not move.
    assert place.hub("queue", "cancel", delivery).returncode == 0
    again = place.hub("queue", "cancel", delivery, LC_ALL="fr_FR.UTF-8")
    assert again.returncode == 4
    assert "s'est terminée à l'état cancelled" in again.stderr
    assert place.json("queue", "list")["deliveries"] == []

    # 4. What the timeline says of it.
    report = place.json("trace", answer["id"])
    assert [one["state"] for one in report["deliveries"]] == ["cancelled"]
    events = [one["event"] for one in report["timeline"]]
    assert events[0] == "message.accepted"
    assert events[-1] == "delivery.cancelled"
    assert "delivery.retried" in events
    assert report["timeline"][-1]["detail"].startswith("by ")
    shown = place.hub("trace", delivery).stdout
    assert HOSPITAL in shown
    assert "Question" not in shown
    assert served.stop() == 0


def test_send_can_wait_for_the_end(place: Place) -> None:
    """It returns when nothing can follow, and its exit code says that not everybody was reached."""
    served = place.serve()
    command = [
        *(
            sys.executable,
            "-m",
            "hub",
            "send",
            "--url",
            f"http://127.0.0.1:{served.port}",
            "--wait",
            "--json",
        ),
        *("--from", PRACTICE, "--to", HOSPITAL, "--subject", "x", "--text", "-"),
    ]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"CADUCEE_TOKEN": place.token()},
    ) as waiting:
        assert waiting.stdin is not None
        waiting.stdin.write("Bonjour.")
        waiting.stdin.close()
        waiting.stdin = None
        served.until("delivery.deferred")
        (one,) = place.json("queue", "list")["deliveries"]
        assert waiting.poll() is None
        assert place.hub("queue", "cancel", one["delivery"]).returncode == 0
        said, _ = waiting.communicate(timeout=READY)
        assert waiting.returncode == 4
    (report,) = json.loads(said)["reports"]
    assert (report["state"], report["deliveries"][0]["state"]) == ("failed", "cancelled")
    assert served.stop() == 0


def test_what_was_accepted_is_still_there_after_kill(place: Place) -> None:
    """The store opens again, and the message waits for its operator."""
    served = place.serve()
    answer = send(place, served)
    assert served.stop(signal.SIGKILL) == -signal.SIGKILL
    served = place.serve()
    (waiting,) = place.json("queue", "list")["deliveries"]
    assert waiting["envelope"] == answer["id"]
    assert served.stop() == 0


def test_send_says_what_is_wrong(place: Place) -> None:
    """A hub that is down, a token that is wrong, a recipient whom nobody lists."""
    served = place.serve()
    url = f"http://127.0.0.1:{served.port}"
    usual = ("send", "--url", url, "--from", PRACTICE, "--subject", "x", "--text", "x")
    nobody = "nobody@ch-hautmont.mssante.example"
    done = place.hub(*usual, "--to", nobody, CADUCEE_TOKEN=place.token())
    assert (done.returncode, done.stdout) == (4, "")
    assert nobody in done.stderr
    done = place.hub(*usual, "--to", HOSPITAL, "--to", nobody, CADUCEE_TOKEN=place.token())
    assert done.returncode == 0
    assert re.fullmatch(r"[0-9a-f-]{36}\n", done.stdout)
    assert f"refused: {nobody}: " in done.stderr
    assert place.hub(*usual, "--to", HOSPITAL, CADUCEE_TOKEN="wrong").returncode == 5
    assert served.stop() == 0
    done = place.hub(*usual, "--to", HOSPITAL, CADUCEE_TOKEN=place.token())
    assert done.returncode == 6
    assert "The key was: --key " in done.stderr
