"""Membership: whether the process of another bridge on this machine has certainly ended."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from server.cluster import membership
from server.cluster.membership import has_ended, this_process


def record_of(pid: int) -> membership.stored.Bridge:
    record = this_process()
    record.pid, record.began = pid, membership._began(pid)
    return record


@pytest.fixture
def other() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def test_a_process_has_ended_when_it_is_a_zombie_and_when_it_is_gone(other: subprocess.Popen[bytes]) -> None:
    record = record_of(other.pid)
    assert not has_ended(record, this_process())
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert has_ended(record, this_process())
    other.wait()
    assert has_ended(record, this_process())


def test_a_process_of_the_same_id_that_began_later_is_another_one(other: subprocess.Popen[bytes]) -> None:
    record = record_of(other.pid)
    record.began = "1"
    assert has_ended(record, this_process())
    other.communicate()


def test_a_process_of_another_machine_or_container_is_not_known_to_have_ended() -> None:
    record = record_of(2**22 + 1)
    record.machine = "another"
    assert not has_ended(record, this_process())
    record = record_of(2**22 + 1)
    record.processes = "pid:[1]"
    assert not has_ended(record, this_process())


def test_a_process_that_is_hidden_has_not_ended(other: subprocess.Popen[bytes]) -> None:
    """Ask as another user, for whom /proc is mounted as systemd does for ``ProtectProc=invisible``."""
    if os.getuid() or shutil.which("setpriv") is None or shutil.which("unshare") is None:
        pytest.skip("only root can become another user, with setpriv and unshare")
    record = record_of(other.pid)
    program = (
        "import os, sys; from server.cluster import membership;"
        f"record = membership.stored.Bridge.FromString({record.SerializeToString()!r});"
        f"assert not membership._began({other.pid}), 'the process is not hidden';"
        "sys.exit(membership.has_ended(record, membership.this_process()))"
    )
    user = "setpriv --reuid 65534 --regid 65534 --clear-groups"
    script = f'mount -t proc -o hidepid=invisible proc /proc && exec {user} "$@"'
    command = ["unshare", "-m", "sh", "-c", script, "sh", sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    other.communicate()
    if re.search("mount|[Pp]ermission denied|No module named", ran.stderr):
        pytest.skip(f"this machine does not permit it, or not in this environment: {ran.stderr}")
    assert (ran.returncode, ran.stderr) == (0, "")
