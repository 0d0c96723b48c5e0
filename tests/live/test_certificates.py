"""Tests of ``python -m server.certificates``, which creates the files of a bridge for other machines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

from varbridge import BridgeError, Connection, Tls
from varbridge.process import ServerProcess

FILES = {"ca.pem", "ca-key.pem", "cert.pem", "key.pem", "token"}


def certificates(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server.certificates", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30.0, check=False)


def names(path: Path) -> list[str]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in extension]


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "not" / "there"
    run = certificates(path, "bridge.test", "192.0.2.7")
    assert (run.returncode, run.stderr) == (0, "")
    return path


def test_a_bridge_serves_with_the_files_and_clients_trust_it(folder: Path) -> None:
    tls = ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]
    flags = ["--host", "0.0.0.0", "--port", "0", *tls, "--token-file", str(folder / "token")]
    process = ServerProcess([sys.executable, "-m", "server", *flags])
    token = (folder / "token").read_text().strip()
    try:
        port = process.wait_ready()
        for address, name in (
            ("localhost", ""),
            ("127.0.0.1", ""),
            ("127.0.0.1", "bridge.test"),
            ("127.0.0.1", "192.0.2.7"),
        ):
            with Connection(
                f"{address}:{port}", tls=Tls(folder / "ca.pem", name=name), token=token
            ) as connection:
                connection.ping()
        wrong_name = Tls(folder / "ca.pem", name="other.test")
        connection = Connection(f"localhost:{port}", tls=wrong_name, token=token)
        with connection, pytest.raises(BridgeError, match="UNAVAILABLE"):
            connection.ping()
    finally:
        process.kill()
        process.wait_ended(60.0)


def test_clients_can_authenticate_with_the_certificate(folder: Path) -> None:
    tls = ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]
    process = ServerProcess(
        [sys.executable, "-m", "server", "--port", "0", *tls, "--tls-ca", str(folder / "ca.pem")]
    )
    try:
        peer = Tls(folder / "ca.pem", cert=folder / "cert.pem", key=folder / "key.pem")
        with Connection(f"localhost:{process.wait_ready()}", tls=peer) as connection:
            connection.ping()
    finally:
        process.kill()
        process.wait_ended(60.0)


def test_secrets_are_readable_only_by_their_owner(folder: Path) -> None:
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes.keys() == FILES
    assert {name for name, mode in modes.items() if mode == 0o600} == {"ca-key.pem", "key.pem", "token"}
    assert len((folder / "token").read_text().strip()) >= 32


def test_a_second_run_replaces_only_the_certificate_and_its_key(folder: Path) -> None:
    before = contents(folder)
    assert names(folder / "cert.pem") == ["localhost", "127.0.0.1", "::1", "bridge.test", "192.0.2.7"]
    assert certificates(folder, "bridge.test", "[2001:db8::7]").returncode == 0
    after = contents(folder)
    assert after.keys() == FILES
    assert {name for name in FILES if after[name] == before[name]} == {"ca.pem", "ca-key.pem", "token"}
    assert names(folder / "cert.pem") == ["localhost", "127.0.0.1", "::1", "bridge.test", "2001:db8::7"]


def test_an_error_is_one_line_and_changes_nothing(folder: Path, tmp_path: Path) -> None:
    before = contents(folder)

    def refused(code: int, reason: str, *arguments: str | Path) -> None:
        run = certificates(*arguments)
        assert (run.returncode, run.stdout) == (code, "")
        assert run.stderr.startswith("certificates: ")
        assert reason in run.stderr
        assert run.stderr.count("\n") == 1

    refused(1, "'https://bridge' is not a valid host name", folder, "https://bridge")
    refused(2, "DIR", *())
    refused(1, "cert.pem", folder / "cert.pem")
    assert contents(folder) == before
    (folder / "ca-key.pem").rename(tmp_path / "elsewhere")
    refused(1, "ca-key.pem", folder)
    (folder / "ca-key.pem").write_bytes(before["key.pem"])
    refused(1, "is not the key of", folder)
    assert contents(folder) == {**before, "ca-key.pem": before["key.pem"]}
