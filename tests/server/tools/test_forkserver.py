"""The fork server, called with the server's protocol."""

from __future__ import annotations

import asyncio
import json
import pickle
import select
import signal
import socket
import subprocess
import sys

import pytest

from server.tools import protocol
from server.tools.forkserver import ForkServer
from server.tools.processes import _ForkServer
from tests.server.tools.process_tree import runs, within


def test_no_process_is_left_when_the_server_ends_without_reading_reports() -> None:
    """The connection is reset in this case, not closed."""
    control, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "server.tools.forkserver"),
                *(str(theirs.fileno()), str(2**30), "tests.server.tools.misbehaving"),
            ],
            pass_fds=[theirs.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fork(number: int) -> socket.socket:
        ours, its = socket.socketpair()
        with its:
            socket.send_fds(control, [protocol.ORDER.pack(protocol.FORK, number)], [its.fileno()])
        return ours

    with fork(1) as family, process:
        call = pickle.dumps(("family", {"name": "pids"}))
        family.sendall(protocol.HEADER.pack(protocol.CALL, len(call)) + call)
        kind, length = protocol.HEADER.unpack(family.recv(protocol.HEADER.size, socket.MSG_WAITALL))
        assert kind == protocol.SET
        _, text = json.loads(family.recv(length, socket.MSG_WAITALL))
        left = [int(pid) for pid in json.loads(text).split()]
        assert len(left) == 2
        assert all(map(runs, left))
        fork(2).close()  # without a call, its process ends, and the fork server reports this
        assert select.select([control], [], [], 20.0)[0]
        control.close()
        assert process.wait(20.0) == 0
        assert within(20.0, lambda: not any(map(runs, left)))
        assert process.stderr is not None
        assert process.stderr.read() == "printed by an import\n"


def test_no_order_to_kill_is_lost_when_the_socket_is_full() -> None:
    async def order() -> list[int]:
        server = _ForkServer((), 2**30)
        server._loop.remove_reader(server._control)
        full, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        full.setblocking(False)
        other.setblocking(False)
        own, server._control = server._control, full
        server._running = {number: server._loop.create_future() for number in range(1, 3001)}
        for number in server._running:
            server.kill(number)
        received: list[int] = []
        with full, other:
            while len(received) < len(server._running):
                data = await asyncio.wait_for(server._loop.sock_recv(other, protocol.ORDER.size), 20.0)
                received.append(protocol.ORDER.unpack(data)[1])
            server._loop.remove_writer(full)
        server._control = own
        server.close()
        return received

    assert asyncio.run(order()) == [*range(1, 3001)]


def test_a_process_that_cannot_start_fails_its_call_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_fork() -> int:
        raise OSError("no more processes")

    control, theirs = socket.socketpair()
    tool, its = socket.socketpair()
    old = signal.getsignal(signal.SIGCHLD)
    with control, theirs, tool:
        server = ForkServer(theirs, {}, 2**30)
        monkeypatch.setattr("os.fork", no_fork)
        socket.send_fds(control, [protocol.ORDER.pack(protocol.FORK, 7)], [its.fileno()])
        its.close()
        assert server._execute_order()
        assert protocol.ENDED.unpack(control.recv(protocol.ENDED.size)) == (7, 1)
        assert tool.recv(1) == b"", "the connection of the call is still open"
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, old)
