"""Lists made by `openssl ca -gencrl`, from a folder and from a distribution point."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.testing.fakes import FixedClock, RecordingLog
from hub_smtp.revocation.checker import State
from tests.plugins.smtp.revocation.authority import NOW, OpensslAuthority, places
from tests.plugins.smtp.revocation.world import checker, host, http, serving, settings


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("unspecified", State.REVOKED),
        ("superseded", State.REVOKED),
        ("certificateHold", State.REVOKED),
        ("removeFromCRL", State.GOOD),
    ],
)
async def test_a_list_in_a_folder(
    authority: OpensslAuthority, tmp_path: Path, reason: str, state: State
) -> None:
    """Who stands in a list of the folder is revoked, who was taken off it is not, everybody else is good."""
    one, other = authority.issue(), authority.issue()
    authority.revoke(one, reason)
    file = tmp_path / "list.pem"
    file.write_bytes(authority.revocation_list())
    async with checker(settings(1, lists=(file,)), host(tmp_path)) as revocation:
        status = await revocation.check((one.certificate, authority.certificate))
        assert status.state is state
        assert (await revocation.check((other.certificate, authority.certificate))).state is State.GOOD


async def test_a_list_that_changes_is_read_again(authority: OpensslAuthority, tmp_path: Path) -> None:
    """A new list in the folder counts without a restart, and a broken one leaves the last one standing."""
    one, other = authority.issue(), authority.issue()
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "list.pem").write_bytes(authority.revocation_list())
    lent = host(tmp_path)
    assert isinstance(lent.clock, FixedClock)
    assert isinstance(lent.log, RecordingLog)
    async with checker(settings(1, lists=(folder,)), lent) as revocation:
        path = (one.certificate, authority.certificate)
        assert (await revocation.check(path)).state is State.GOOD
        authority.revoke(one)
        (folder / "list.pem").write_bytes(authority.revocation_list())
        lent.clock.advance(timedelta(minutes=11))
        assert (await revocation.check(path)).state is State.REVOKED
        (folder / "list.pem").write_bytes(b"garbage")
        assert (await revocation.check((other.certificate, authority.certificate))).state is State.GOOD
    assert "smime.revocation.list_unusable" in lent.log.events()


async def test_a_list_that_is_none_is_named(tmp_path: Path) -> None:
    """The hub does not start with a file that is no list, and says which."""
    bad = tmp_path / "bad.crl"
    bad.write_bytes(b"-----BEGIN X509 CRL-----\n")
    with pytest.raises(ConfigError) as caught:
        async with checker(settings(1, lists=(bad,)), host(tmp_path)):
            pass
    assert "bad.crl" in caught.value.words.en
    with pytest.raises(ConfigError):
        async with checker(settings(1, lists=(tmp_path / "none.crl",)), host(tmp_path)):
            pass


async def test_a_list_at_a_distribution_point(authority: OpensslAuthority, tmp_path: Path) -> None:
    """The list is fetched once, for all certificates of the authority; not again after a restart."""
    async with serving() as server:
        lines = places(server.port, ocsp=False, lists=["list.crl"])
        one, other = authority.issue(*lines), authority.issue(*lines)
        authority.revoke(other)
        server.answers["/list.crl"] = http(authority.revocation_list())
        lent = host(tmp_path)
        for _ in range(2):
            async with checker(settings(server.port), lent) as revocation:
                good = await revocation.check((one.certificate, authority.certificate))
                bad = await revocation.check((other.certificate, authority.certificate))
            assert (good.state, bad.state) == (State.GOOD, State.REVOKED)
        assert server.asked == {"/list.crl": 1}


async def test_the_next_point_is_tried(authority: OpensslAuthority, tmp_path: Path) -> None:
    """When one place does not have the list, another that the certificate names is asked."""
    async with serving() as server:
        one = authority.issue(*places(server.port, lists=["gone.crl", "list.crl"]))
        server.answers["/list.crl"] = http(authority.revocation_list())
        async with checker(settings(server.port), host(tmp_path)) as revocation:
            assert (await revocation.check((one.certificate, authority.certificate))).state is State.GOOD
        # The responder first, then the points in their order.
        assert list(server.asked) == ["/", "/gone.crl", "/list.crl"]


async def test_an_expired_list(authority: OpensslAuthority, tmp_path: Path) -> None:
    """A list past its end says nothing of who is not in it; who is in it stays revoked, unless on hold."""
    good, gone, held = authority.issue(), authority.issue(), authority.issue()
    authority.revoke(gone)
    authority.revoke(held, "certificateHold")
    file = tmp_path / "old.pem"
    file.write_bytes(authority.revocation_list(NOW - timedelta(days=9), NOW - timedelta(days=1)))
    async with checker(settings(1, lists=(file,)), host(tmp_path)) as revocation:
        states = [
            await revocation.check((one.certificate, authority.certificate)) for one in (good, gone, held)
        ]
    assert [one.state for one in states] == [State.UNANSWERED, State.REVOKED, State.UNANSWERED]
    assert states[0].reason.code == "out-of-date"


async def test_a_list_by_another_authority(authority: OpensslAuthority, tmp_path: Path) -> None:
    """Another authority of the same name can't clear a certificate: its key is not the issuer's."""
    double = OpensslAuthority(tmp_path / "double")
    one = authority.issue()
    file = tmp_path / "list.pem"
    file.write_bytes(double.revocation_list())
    async with checker(settings(1, lists=(file,)), host(tmp_path)) as revocation:
        status = await revocation.check((one.certificate, authority.certificate))
    assert (status.state, status.reason.code) == (State.UNANSWERED, "forged")
