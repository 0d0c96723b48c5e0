"""Tests of runs against bridges that ask for TLS or a token."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.conformance.project import GREEN, ROOT
from tests.conformance.verdict_builders import MakeProject, example
from varbridge.conformance.target.connection_pool import ConnectionPool
from varbridge.conformance.target.options import Options
from varbridge.conformance.target.server_pool import ServerPool
from varbridge.credentials import read_token
from varbridge.process import ServerProcess

X = 'Given a float variable "x" holding 0.5'

CONNECTIONS = GREEN + "".join(
    [
        example(
            X,
            'And Ada watches "x"',
            'When as Ben, "x" is set to 0.75',
            "Then Ada receives:",
            "  | update       | variable | value | version |",
            "  | value change | x        | 0.75  | 2       |",
            name="People",
        ),
        example(
            X,
            'When Ada reads 2 chunks of the tool "count" with {"n": 1000}',
            "Then all is well",
            name="Slowly",
        ),
        example(X, 'And 20 clients watch "x"', "Then all is well", name="Many"),
        example(
            X, 'When under the older service name, "x" is read', 'Then "x" holds 0.5 at version 1', name="Old"
        ),
    ]
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the certificates and the token that README's command makes."""
    folder = tmp_path_factory.mktemp("credentials")
    make = [sys.executable, "-m", "server.certificates", "tls", "bridge.test"]
    subprocess.run(make, cwd=folder, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    return folder / "tls"


def flags(files: Path) -> list[str]:
    tls = ["--tls-cert", str(files / "cert.pem"), "--tls-key", str(files / "key.pem")]
    return [*tls, "--token-file", str(files / "token")]


@pytest.fixture(scope="module")
def port(files: Path) -> Iterator[int]:
    """The port of a bridge that takes only TLS and requires a token."""
    command = [sys.executable, "-m", "varbridge.server", "--port", "0", "--host", "0.0.0.0", *flags(files)]
    process = ServerProcess(command)
    yield process.wait_ready()
    process.close()


def options(files: Path) -> list[str]:
    return ["-D", f"ca={files}/ca.pem", "-D", f"token-file={files}/token"]


def test_a_target_with_tls_and_a_token_is_judged(make_project: MakeProject, files: Path, port: int) -> None:
    run = make_project(CONNECTIONS).run("-D", f"target=localhost:{port}", *options(files))
    assert run.data["counts"]["failed"] == 0, run.out
    assert run.data["counts"]["passed"] == 6


def test_a_target_that_asks_for_a_certificate_is_judged(
    make_project: MakeProject, files: Path, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued = authority.issue_cert("judge.test")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    command = [sys.executable, "-m", "varbridge.server", "--port", "0", *flags(files)]
    process = ServerProcess([*command, "--tls-ca", str(tmp_path / "ca.pem")])
    try:
        target = ["-D", f"target=localhost:{process.wait_ready()}", *options(files)]
        own = ["-D", f"cert={tmp_path}/cert.pem", "-D", f"key={tmp_path}/key.pem"]
        project = make_project()
        assert project.run(*target).word == "not judged"
        run = project.run(*target, *own)
    finally:
        process.close()
    assert run.data["counts"]["passed"] == 2, run.out


def test_retrying_connections_have_the_credentials(files: Path, port: int) -> None:
    read = Options.read(
        {"target": f"localhost:{port}", "ca": f"{files}/ca.pem", "token-file": f"{files}/token"}
    )
    pool = ConnectionPool(read, ServerPool(read), lambda _: None)
    with pool.retrying(read.address or "", 5.0) as connection, connection.another() as other:
        assert [connection.ping("a"), other.ping("b")] == ["a", "b"]


def test_the_command_that_runs_a_scenario_again_has_the_credentials(
    make_project: MakeProject, files: Path, port: int
) -> None:
    text = GREEN + example(X, 'Then "x" holds 1.5 at version 1')
    run = make_project(text).run("-D", f"target=localhost:{port}", *options(files), "--name", "One more")
    assert run.code == 1
    rerun = f"-D target=localhost:{port} -D ca={files}/ca.pem -D token-file={files}/token"
    assert run.data["scenarios"][0]["rerun"].endswith(rerun)


def test_a_command_with_tls_and_a_token_is_judged(make_project: MakeProject, files: Path) -> None:
    command = " ".join([sys.executable, "-m", "varbridge.server", *flags(files)])
    text = GREEN + "".join(
        [
            example(
                "Given a worker with a running bridge", X, 'Then "x" holds 0.5 at version 1', name="Worker"
            ),
            example(
                'Given a bridge with the flags "--grace 1"', X, 'Then "x" holds 0.5 at version 1', name="Own"
            ),
            example(
                'Given a new bridge with TLS and the token "a-token-of-this-scenario"',
                X,
                'When without a token, "x" is read',
                "Then it is refused as unauthenticated",
                name="Other credentials",
            ),
        ]
    )
    run = make_project(text).run("-D", f"command={command}", *options(files))
    assert run.data["counts"]["failed"] == 0, run.out
    assert run.data["counts"]["passed"] == 5


@pytest.mark.parametrize(
    ("names", "hint"),
    [([], "if it asks for TLS, name its authority: -D ca=FILE"), (["ca"], "-D token-file=FILE")],
)
def test_a_target_that_asks_for_credentials_is_not_judged_without_them(
    make_project: MakeProject, files: Path, port: int, names: list[str], hint: str
) -> None:
    more = ["-D", f"ca={files}/ca.pem"] if names else []
    run = make_project().run("-D", f"target=localhost:{port}", *more)
    assert (run.code, run.word) == (2, "not judged")
    assert hint in run.sentence


def test_a_command_that_asks_for_tls_is_not_judged_without_it(make_project: MakeProject, files: Path) -> None:
    command = " ".join([sys.executable, "-m", "varbridge.server", *flags(files)])
    run = make_project().run("-D", f"command={command}")
    assert (run.code, run.word) == (2, "not judged")
    assert "if it asks for TLS, name its authority: -D ca=FILE" in run.sentence


def test_a_token_is_not_sent_to_another_machine_in_plain_text(make_project: MakeProject, files: Path) -> None:
    run = make_project().run("-D", "target=192.0.2.1:50051", "-D", f"token-file={files}/token")
    assert (run.code, run.word) == (2, "not judged")
    assert "a token is sent to 192.0.2.1:50051 only over TLS" in run.sentence


def test_the_token_of_a_file_for_a_server_has_no_scope_and_no_comment(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("# tokens\n\n3f9c1e0a7b5d42e8 read  # for reading\nanother-token\n")
    assert read_token(tmp_path / "tokens") == "3f9c1e0a7b5d42e8"
