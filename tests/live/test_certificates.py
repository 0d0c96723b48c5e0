"""``python -m server.certificates``: from nothing to a bridge that other machines may call."""

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
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in found]


def contents(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in path.iterdir()}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "not" / "there"
    run = certificates(path, "bridge.test", "192.0.2.7")
    assert (run.returncode, run.stderr) == (0, "")
    return path


def test_a_bridge_listens_with_them_and_clients_trust_it(made: Path) -> None:
    tls = ["--tls-cert", str(made / "cert.pem"), "--tls-key", str(made / "key.pem")]
    flags = ["--host", "0.0.0.0", "--port", "0", *tls, "--token-file", str(made / "token")]
    process = ServerProcess([sys.executable, "-m", "server", *flags])
    token = (made / "token").read_text().strip()
    try:
        port = process.wait_ready(15.0)
        for address, name in (
            ("localhost", ""),
            ("127.0.0.1", ""),
            ("127.0.0.1", "bridge.test"),
            ("127.0.0.1", "192.0.2.7"),
        ):
            with Connection(
                f"{address}:{port}", tls=Tls(made / "ca.pem", name=name), token=token
            ) as connection:
                connection.ping()
        strange = Tls(made / "ca.pem", name="other.test")
        connection = Connection(f"localhost:{port}", tls=strange, token=token)
        with connection, pytest.raises(BridgeError, match="UNAVAILABLE"):
            connection.ping()
    finally:
        process.kill()
        process.wait_ended(10.0)


def test_bridges_that_know_each_other_by_the_authority_can_use_them(made: Path) -> None:
    tls = ["--tls-cert", str(made / "cert.pem"), "--tls-key", str(made / "key.pem")]
    process = ServerProcess(
        [sys.executable, "-m", "server", "--port", "0", *tls, "--tls-ca", str(made / "ca.pem")]
    )
    try:
        peer = Tls(made / "ca.pem", cert=made / "cert.pem", key=made / "key.pem")
        with Connection(f"localhost:{process.wait_ready(15.0)}", tls=peer) as connection:
            connection.ping()
    finally:
        process.kill()
        process.wait_ended(10.0)


def test_secrets_are_for_their_owner_alone(made: Path) -> None:
    modes = {one.name: one.stat().st_mode & 0o777 for one in made.iterdir()}
    assert modes.keys() == FILES
    assert {name for name, mode in modes.items() if mode == 0o600} == {"ca-key.pem", "key.pem", "token"}
    assert len((made / "token").read_text().strip()) >= 32


def test_again_it_makes_a_new_certificate_and_keeps_what_clients_have(made: Path) -> None:
    before = contents(made)
    assert names(made / "cert.pem") == ["localhost", "127.0.0.1", "::1", "bridge.test", "192.0.2.7"]
    assert certificates(made, "bridge.test", "[2001:db8::7]").returncode == 0
    after = contents(made)
    assert after.keys() == FILES
    assert {name for name in FILES if after[name] == before[name]} == {"ca.pem", "ca-key.pem", "token"}
    assert names(made / "cert.pem") == ["localhost", "127.0.0.1", "::1", "bridge.test", "2001:db8::7"]


def test_what_cannot_be_is_told_in_one_line_and_changes_nothing(made: Path, tmp_path: Path) -> None:
    before = contents(made)

    def refused(code: int, reason: str, *arguments: str | Path) -> None:
        run = certificates(*arguments)
        assert (run.returncode, run.stdout) == (code, "")
        assert run.stderr.startswith("certificates: ")
        assert reason in run.stderr
        assert run.stderr.count("\n") == 1

    refused(1, "'https://bridge' is not a valid host name", made, "https://bridge")
    refused(2, "DIR", *())
    refused(1, "cert.pem", made / "cert.pem")
    assert contents(made) == before
    (made / "ca-key.pem").rename(tmp_path / "elsewhere")
    refused(1, "ca-key.pem", made)
    (made / "ca-key.pem").write_bytes(before["key.pem"])
    refused(1, "is not the key of", made)
    assert contents(made) == {**before, "ca-key.pem": before["key.pem"]}
