"""A cluster of etcd on loopback, whose members can be killed, paused and started again.

``python -m varbridge.conformance.faults.etcd --members 3`` starts a cluster, prints its address, and runs
until Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from varbridge.conformance.faults.etcd_member import EtcdError, Member
from varbridge.conformance.faults.http_client import open_url
from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.faults.ports import free_ports

START_TIMEOUT_S = 30.0
"""The time in which a cluster must become healthy, in seconds."""


class Tls(NamedTuple):
    """The TLS settings of the members for clients' connections; all files are in PEM format.

    Attributes:
        cert: the file of the members' certificate, for 127.0.0.1.
        key: the file of its private key.
        ca: the file of the authority of client certificates; empty if clients need no certificate.
    """

    cert: str
    key: str
    ca: str = ""


class Cluster:
    """A cluster of etcd, which is healthy when the constructor returns.

    Args:
        members: the number of members, 1 or 3.
        election: the election timeout, in milliseconds.
        heartbeat: the interval of the leader's heartbeats, in milliseconds.
        tls: the TLS settings of clients' connections; None for plain text.
        flags: additional flags of etcd.

    Raises:
        EtcdError: etcd is not installed, or does not start.
    """

    def __init__(
        self,
        members: int = 1,
        *,
        election: int = 1000,
        heartbeat: int = 100,
        tls: Tls | None = None,
        flags: Sequence[str] = (),
    ) -> None:
        if lack := missing():
            raise EtcdError(lack)
        self._token = ""
        self._tls = tls
        self._folder = Path(tempfile.mkdtemp(prefix="etcd-"))
        ports = free_ports(3 * members)
        secure = [] if tls is None else ["--cert-file", tls.cert, "--key-file", tls.key]
        if tls is not None and tls.ca:
            secure += ["--client-cert-auth", "--trusted-ca-file", tls.ca]
        names = [f"m{number}" for number in range(1, members + 1)]
        peers = [f"http://127.0.0.1:{port}" for port in ports[:members]]
        everybody = ",".join(f"{name}={peer}" for name, peer in zip(names, peers, strict=True))
        self.members: list[Member] = []
        for number, (name, peer) in enumerate(zip(names, peers, strict=True)):
            endpoint = f"127.0.0.1:{ports[members + number]}"
            metrics = f"http://127.0.0.1:{ports[2 * members + number]}"
            client = f"{'https' if tls else 'http'}://{endpoint}"
            command = (
                *("etcd", "--name", name, "--data-dir", str(self._folder / name), "--log-level", "warn"),
                *("--listen-client-urls", client, "--advertise-client-urls", client),
                *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
                *("--initial-cluster", everybody, "--initial-cluster-token", self._folder.name),
                *("--listen-metrics-urls", metrics),
                *("--election-timeout", str(election), "--heartbeat-interval", str(heartbeat)),
                *(*secure, *flags),
            )
            self.members.append(Member(name, self._folder, command, endpoint, metrics))
        try:
            for member in self.members:
                member.start()
            self.wait_healthy()
        except BaseException:
            self.stop()
            raise

    @property
    def endpoints(self) -> list[str]:
        """The host:port of every member, including members that are not running."""
        return [member.endpoint for member in self.members]

    def leader(self, timeout: float = START_TIMEOUT_S) -> Member:
        """Wait until exactly one member reports that it is the leader; return it.

        Raises:
            EtcdError: there is not exactly one leader in time.
        """

        def only() -> Member | None:
            leaders = [member for member in self.members if member.is_leader()]
            return leaders[0] if len(leaders) == 1 else None

        if (leader := eventually(only, timeout)) is None:
            raise EtcdError(f"there was not exactly one leader within {timeout:g} s")
        return leader

    def wait_healthy(self, timeout: float = START_TIMEOUT_S) -> None:
        """Wait until every member that is alive and not paused answers and has a leader.

        Raises:
            EtcdError: a member is not healthy in time, or none is alive; the message has the end of its log.
        """
        deadline = time.monotonic() + timeout
        awaited = [member for member in self.members if member.alive and not member.paused]
        if not awaited:
            raise EtcdError("no member of etcd is alive")
        for member in awaited:
            left = max(0.0, deadline - time.monotonic())
            if not eventually(partial(_has_begun_or_ended, member), left):
                raise EtcdError(f"etcd was not healthy within {timeout:g} s:\n{member.last_words()}")
            if not member.alive:
                raise EtcdError(f"a member of etcd ended:\n{member.last_words()}")

    def ask(self, path: str, **fields: str | dict[str, str]) -> dict[str, Any]:
        """Call a method of etcd's JSON gateway over HTTP, such as ``ask("auth/enable")``; return the answer.

        Keys, values and ranges are in base64.

        Raises:
            EtcdError: the call is refused, or no member answers.
        """
        from urllib.error import HTTPError

        assert self._tls is None, "ask() does not support TLS"
        member = next((member for member in self.members if member.alive and not member.paused), None)
        if member is None:
            raise EtcdError("no member of etcd is alive")
        headers = {"Authorization": self._token} if self._token else {}
        url, data = f"http://{member.endpoint}/v3/{path}", json.dumps(fields).encode()
        try:
            with open_url(url, timeout=10.0, data=data, headers=headers) as answer:
                fields_answered: dict[str, Any] = json.load(answer)
                return fields_answered
        except HTTPError as error:
            raise EtcdError(f"{path}: {error.read().decode(errors='replace')}") from None
        except OSError as error:
            raise EtcdError(f"{path}: {error}") from None

    def enable_auth(self, user: str, password: str) -> None:
        """Enable authentication: only ``user`` and root may read and write, each with this password."""
        self.ask("auth/user/add", name="root", password=password)
        self.ask("auth/user/grant", user="root", role="root")
        self.ask("auth/role/add", name="everything")
        everything = {"permType": "READWRITE", "key": "AA==", "range_end": "AA=="}
        self.ask("auth/role/grant", name="everything", perm=everything)
        if user != "root":
            self.add_user(user, password)
        self.ask("auth/enable")
        self._token = self.ask("auth/authenticate", name="root", password=password)["token"]

    def add_user(self, user: str, password: str) -> None:
        """Add a user with the right to read and write everything."""
        self.ask("auth/user/add", name=user, password=password)
        self.ask("auth/user/grant", user=user, role="everything")

    def stop(self) -> None:
        """Kill all members, and delete their data."""
        for member in self.members:
            member.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _has_begun_or_ended(member: Member) -> bool:
    return member.is_healthy() or not member.alive


def missing() -> str:
    """Return a sentence that etcd is not installed and how to install it; empty if it is installed."""
    return "" if shutil.which("etcd") else "etcd is not installed: apt-get install etcd-server"


def main() -> None:
    """Run a cluster until Ctrl-C or SIGTERM; print errors on stderr and exit with code 1."""
    parser = argparse.ArgumentParser(
        prog="python -m varbridge.conformance.faults.etcd",
        description="Run an etcd cluster on loopback until Ctrl-C.",
    )
    parser.add_argument(
        "--members", type=int, default=1, choices=(1, 3), help="number of members of the cluster (default: 1)"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    try:
        with Cluster(options.members) as cluster:
            print(f"etcd://{','.join(cluster.endpoints)}", flush=True)
            print("Press Ctrl-C to stop the cluster and delete its data.", file=sys.stderr)
            with suppress(KeyboardInterrupt):
                signal.pause()
    except EtcdError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
