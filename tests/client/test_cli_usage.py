"""Tests of ``python -m varbridge``: wrong usage, exit codes, the environment, and unusual terminals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.cli_builders import COMMAND, RunningCommand, client, environment, lines, refused
from varbridge import Session
from varbridge.process import ServerProcess

# Usage, exit codes, and unusual terminals


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "COMMAND"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["get", "s"], "required: NAME"),
        (["get", "s", "x", "y"], "unrecognized arguments: y"),
        (["ping", "--address", "nowhere"], "'nowhere' is not HOST:PORT"),
        (["ping", "--address", "a:1,b"], "'b' is not HOST:PORT"),
        (["ping", "--address", "a:65536"], "'a:65536' is not HOST:PORT"),
        (["ping", "--timeout", "soon"], "must be a number of seconds above 0, not 'soon'"),
        (["ping", "--token", "secret"], "unrecognized arguments: --token"),
        (["set", "s", "x", "1", "--expected-version", "-1"], "--expected-version"),
        (
            ["set", "s", "x", "1", "--expected-version", "2147483648"],
            "must be a whole number, 0 to 2147483647",
        ),
        (["set", "s", "x", "1", "--meta", "novalue"], "must be KEY=VALUE, not 'novalue'"),
        (["rollback", "s", "x", "first"], "must be a whole number"),
        (["watch", "s", "--initial", "--resume-after", "1"], "not allowed with"),
        (["run", "s", "add", "a"], "must be NAME=JSON, not 'a'"),
        (["ping", "--ca", "/nowhere/ca.pem"], "cannot read /nowhere/ca.pem: No such file or directory"),
        (["ping", "--cert", "/nowhere/cert.pem"], "belong together"),
        (["ping", "--token-file", "/nowhere/token"], "cannot read /nowhere/token: No such file or directory"),
        (["ping", "--token-file", os.devnull], "holds no token"),
        (["get", "s", os.fsdecode(b"\xff")], "is not UTF-8"),
    ],
)
def test_wrong_usage_is_reported_in_one_line(address: str, arguments: list[str], reason: str) -> None:
    refused(client(address, *arguments), 2, reason)


def test_a_token_for_another_machine_requires_tls(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("# comment\n\n  correct-horse-battery \n")
    run = client("192.0.2.1:50051", "ping", token_file=str(token))
    refused(run, 2, "only over TLS")
    assert "horse" not in run.stderr


def test_the_exit_code_is_3_if_no_bridge_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at = f"127.0.0.1:{silent.getsockname()[1]}"
        refused(client(at, "ping", "--timeout", "0.2"), 3, "varbridge: ")
    for command in (["ping"], ["list", "s"], ["watch", "s"]):
        refused(client(at, *command), 3, "UNAVAILABLE: ")


def test_ctrl_c_before_an_answer_is_quiet(start: Callable[..., RunningCommand]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30.0)
        waiting = start("ping", "--timeout", "60", at=f"127.0.0.1:{silent.getsockname()[1]}")
        accepted, _ = silent.accept()
        with accepted:
            assert waiting.end(signal.SIGINT) == (130, "")


def test_options_of_the_command_line_override_the_environment(address: str) -> None:
    unreachable = "127.0.0.1:1"
    assert lines(client(unreachable, "--address", address, "ping"))
    assert lines(client(unreachable, "ping", "--address", address))
    refused(client(address, "ping", ca="/nowhere/ca.pem"), 2, "/nowhere/ca.pem")
    refused(client(address, "ping", cert="/nowhere/c.pem", key="/nowhere/k.pem"), 2, "cannot read /nowhere/")
    assert lines(client(address, "ping", ca=""))
    help_text = "\n".join(lines(client(address, "--help")))
    for name in ("ADDRESS", "CA", "CERT", "KEY", "TOKEN_FILE"):
        assert f"BRIDGE_{name}" in help_text


def test_tls_and_a_token_as_flags_and_in_the_environment(tmp_path: Path) -> None:
    import trustme

    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    (tmp_path / "token").write_text("correct-horse-battery-staple\n")
    ca, cert, key, token = (str(tmp_path / name) for name in ("ca.pem", "cert.pem", "key.pem", "token"))
    flags = ["--tls-cert", cert, "--tls-key", key, "--tls-ca", ca, "--token-file", token]
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0", *flags])
    try:
        at = f"localhost:{process.wait_ready()}"
        assert lines(client(at, "ping", "--ca", ca, "--cert", cert, "--key", key, "--token-file", token))
        assert lines(client(at, "ping", ca=ca, cert=cert, key=key, token_file=token))
        refused(client(at, "ping", ca=ca, cert=cert, key=key), 1, "UNAUTHENTICATED: ")
        refused(client(at, "ping", ca=ca, token_file=token), 3, "UNAVAILABLE: ")
        refused(client(at, "ping", token_file=token), 3, "UNAVAILABLE: ")
        trustme.CA().cert_pem.write_to_path(tmp_path / "other-ca.pem")
        # gRPC itself would print another line about this failure.
        other_ca = str(tmp_path / "other-ca.pem")
        refused(client(at, "ping", ca=other_ca, token_file=token), 3, "CERTIFICATE_VERIFY_FAILED")
    finally:
        process.kill()
        process.wait_ended(60.0)


def test_a_closed_pipe_ends_a_command_quietly(address: str, session: Session) -> None:
    for arguments in (["run", session.id, "count", "n=1000000000"], ["--help"]):
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(address=address),
        )
        assert process.stdout is not None
        assert process.stderr is not None
        if arguments[0] == "run":
            assert process.stdout.readline() == "1\n"
        process.stdout.close()
        assert (process.wait(30.0), process.stderr.read()) == (0, "")
        process.stderr.close()


def test_stdout_can_be_closed_or_full(address: str, session: Session) -> None:
    session.register("x", "integer", 1)
    for shell, expected in (
        (">&-", (0, "")),
        (">/dev/full", (1, "varbridge: cannot write: No space left on device\n")),
    ):
        command = ["sh", "-c", f'"$@" {shell}', "sh", *COMMAND, "get", session.id, "x"]
        run = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=30.0,
            check=False,
            env=environment(address=address),
        )
        assert (run.returncode, run.stderr) == expected


def test_characters_that_the_terminal_lacks_are_escaped(address: str, session: Session) -> None:
    session.register("x", "string", "é→")
    run = subprocess.run(
        [*COMMAND, "list", session.id],
        capture_output=True,
        timeout=30.0,
        check=False,
        env={**environment(address=address), "PYTHONIOENCODING": "latin-1"},
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.splitlines()[1].endswith(b'"\xe9\\u2192"')
