"""A real Postfix with its own folders: takes mail in clear from this machine, speaks mutual TLS to the hub.

Two of them with a hub between are two operators. Debian's package `postfix` is needed, and root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub_demo.authority import Issued

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {host}
mydestination =
local_recipient_maps =
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
message_size_limit = 104857600
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = {domains}
relay_domains = {relay_domains}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
default_transport = smtp:[127.0.0.1]:{relay}
relay_transport = smtp:[127.0.0.1]:{relay}
smtp_tls_security_level = secure
smtp_tls_CAfile = {authority}
smtp_tls_cert_file = {certificate}
smtp_tls_key_file = {key}
smtp_tls_secure_cert_match = {relay_name}
smtpd_tls_CAfile = {authority}
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_session_cache_database =
minimal_backoff_time = 2s
maximal_backoff_time = 5s
queue_run_delay = 2s
"""
_MASTER = """\
127.0.0.1:{clear} inet n - n - 100 smtpd
127.0.0.1:{tls} inet n - n - 100 smtpd -o smtpd_tls_security_level=encrypt -o smtpd_tls_req_ccert=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def missing() -> str | None:
    """Say what is missing to run a Postfix here; None when nothing is."""
    if shutil.which("postfix", path="/usr/sbin:/usr/bin") is None:
        return "Debian's package postfix is not installed"
    return None if os.geteuid() == 0 else "Postfix is started by root only"


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """One running instance. `clear` takes mail from anybody here, `tls` from the hub."""

    folder: Path
    clear: int
    tls: int

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        host: Issued,
        host_name: str,
        authority: Path,
        mailboxes: Sequence[str],
        relay: int,
        relay_name: str,
        tls: int | None = None,
        relay_domains: Sequence[str] = (),
    ) -> Postfix:
        """Configure and start. What is for no mailbox of its own goes to `relay` over TLS.

        `folder` does not exist yet; the user `postfix` must be able to reach it. `relay_domains` are
        those for which anybody may hand it mail.
        """
        owner = pwd.getpwnam("postfix")
        one = cls(folder=folder, clear=free_port(), tls=tls or free_port())
        for name in ("queue", "data", "log", "mail"):
            (folder / name).mkdir(parents=True)
        for name in ("data", "mail"):
            os.chown(folder / name, owner.pw_uid, owner.pw_gid)
        (folder / "mailboxes").write_text("".join(f"{box} {box}/\n" for box in mailboxes))
        (folder / "main.cf").write_text(
            _MAIN.format(
                folder=folder,
                host=host_name,
                domains=", ".join(sorted({box.rpartition("@")[2] for box in mailboxes})),
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                relay=relay,
                relay_name=relay_name,
                relay_domains=", ".join(relay_domains),
                authority=authority,
                certificate=host.certificate_file,
                key=host.key_file,
            )
        )
        (folder / "master.cf").write_text(_MASTER.format(clear=one.clear, tls=one.tls))
        one._postfix("start")
        one._await_ports()
        return one

    def stop(self) -> None:
        """Stop it; what is queued stays on disk."""
        self._postfix("stop")

    def start_again(self) -> None:
        """Start it again on the same ports."""
        self._postfix("start")
        self._await_ports()

    def mails(self, mailbox: str) -> list[Path]:
        """Return what was delivered to a mailbox, in order of arrival."""
        return sorted(
            (self.folder / "mail" / mailbox / "new").glob("*"), key=lambda one: one.stat().st_mtime_ns
        )

    @property
    def log(self) -> str:
        """What it logged."""
        return (self.folder / "log" / "mail.log").read_text()

    def _postfix(self, what: str) -> None:
        subprocess.run(["/usr/sbin/postfix", "-c", str(self.folder), what], check=True, capture_output=True)

    def _await_ports(self) -> None:
        end = time.monotonic() + 30
        for port in (self.clear, self.tls):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.05)
