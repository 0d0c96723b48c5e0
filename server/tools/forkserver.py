"""``python -m server.tools.forkserver``: a process that imports the tools once and forks for each call.

It is separate from the server, which has threads and open sockets that a fork would copy. The fork server has
no threads, so that its forks are safe, and it does nothing that can block.
"""

from __future__ import annotations

import ctypes
import gc
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from varbridge.decorator import Tool

from . import worker
from .loader import load
from .protocol import ENDED, FORK, ORDER

NICENESS = 10
"""The niceness of tools' processes, so that they use processor time that others do not need."""

_PR_SET_PDEATHSIG = 1  # prctl(2)
_PR_SET_CHILD_SUBREAPER = 36


class ForkServer:
    """A server that forks and kills tools' processes on orders from the bridge, and reports their ends.

    Args:
        control: the connection to the server.
        tools: the tools, by name.
        memory: the memory that one call may use in addition to that of the imported modules, in bytes.
    """

    def __init__(self, control: socket.socket, tools: Mapping[str, Tool], memory: int) -> None:
        self._control = control
        self._tools = tools
        self._memory = memory
        self._pids: dict[int, int] = {}  # by the number in the server's orders
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake)

    def serve(self) -> None:
        """Serve until the server closes the connection, then kill the running processes."""
        try:
            # Sending may fail as well when the server has closed the connection.
            with suppress(ConnectionError):
                while True:
                    ready, _, _ = select.select([self._control.fileno(), self._woken], [], [])
                    if self._woken in ready:
                        os.read(self._woken, 4096)
                        self._reap()
                    if self._control.fileno() in ready and not self._execute_order():
                        break
        finally:
            for pid in {*self._pids.values()} | _children(os.getpid()):
                _kill_tree(pid)

    def _execute_order(self) -> bool:
        """Execute the next order; return False if the connection is closed."""
        data, descriptors, _, _ = socket.recv_fds(self._control, ORDER.size, 1)
        if len(data) < ORDER.size:
            return False
        kind, number = ORDER.unpack(data)
        if kind == FORK:
            self._fork(number, descriptors[0])
        elif number in self._pids:
            _kill_tree(self._pids[number])
        return True

    def _fork(self, number: int, descriptor: int) -> None:
        own = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # too many processes, or too little memory
            print(f"cannot start a process for a tool: {error}", file=sys.stderr, flush=True)
            self._control.sendall(ENDED.pack(number, 1))
            os.close(descriptor)
            return
        if pid == 0:
            self._become_child(own, descriptor)
        os.close(descriptor)
        self._pids[number] = pid

    def _become_child(self, parent: int, descriptor: int) -> NoReturn:
        """Run one call in the forked process, and end the process."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._woken)
            os.close(self._wake)
            self._control.close()
            end_with_parent(signal.SIGKILL)
            os.setpgid(0, 0)  # so that what the tool starts is killed with it
            os.nice(NICENESS)
            if parent == os.getppid():  # otherwise the parent ended before the signal was set up
                if (random := sys.modules.get("numpy.random")) is not None:
                    random.seed()  # or every call would draw the same numbers
                worker.run(socket.socket(fileno=descriptor), self._tools, self._memory)
                code = 0
        except BaseException as error:
            code = error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1
            if not isinstance(error, SystemExit):
                traceback.print_exc()
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code & 0xFF)

    def _reap(self) -> None:
        for number, pid in [*self._pids.items()]:
            # The process is reaped only after the kill: until then, no other process can get its PID.
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            _kill(pid)
            _, status = os.waitpid(pid, 0)
            del self._pids[number]
            self._control.sendall(ENDED.pack(number, os.waitstatus_to_exitcode(status)))
        self._end_orphans()

    def _end_orphans(self) -> None:
        """End and reap the processes that tools have left behind, whose parent is this process now.

        While other tools run, such a process may be one of theirs, and is only reaped.
        """
        running = {*self._pids.values()}
        for pid in _children(os.getpid()) - running:
            if not running:
                _kill_tree(pid)
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # or at the next SIGCHLD


def end_with_parent(number: int) -> None:
    """Make the kernel send this process a signal when its parent process ends; ``number`` 0 for none."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def adopt_orphans() -> None:
    """Become the parent of processes whose parents end, of all that this process has started."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _children(pid: int) -> set[int]:
    """Return the children of a process; none if it has ended, or if the system does not list them."""
    children: set[int] = set()
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as file:
                children.update(map(int, file.read().split()))
    return children


def _kill_tree(pid: int) -> None:
    """Kill a process with its descendants, which may have process groups and sessions of their own."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)  # so that it starts no further processes meanwhile
    for child in _children(pid):
        _kill_tree(child)
    _kill(pid)


def _kill(pid: int) -> None:
    for kill in (os.kill, os.killpg):  # the process may not have its own group yet
        with suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)


def main(arguments: Sequence[str]) -> None:
    """Run the fork server with its arguments: the control socket's descriptor, the memory of a call in bytes,
    and the names of modules with tools."""
    descriptor, memory, *modules = arguments
    end_with_parent(signal.SIGKILL)  # an import may take long
    control = socket.socket(fileno=int(descriptor))
    tools = {tool.name: tool for tool in load(modules)}
    # From here on, the closed connection shows the server's end, and the tools' processes are killed first.
    end_with_parent(0)
    adopt_orphans()
    gc.collect()
    gc.freeze()
    ForkServer(control, tools, int(memory)).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
