"""TLS: encrypted connections, and the certificates of both sides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from server.etcd.errors import NoAnswerError
from tests.server.etcd.builders import at_least, connect, read, write
from varbridge.conformance.faults.etcd import Cluster, Tls

AUTHORITY, STRANGER = trustme.CA(), trustme.CA()


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A member that requires client certificates."""
    folder: Path = tmp_path_factory.mktemp("tls")
    issued = AUTHORITY.issue_cert("127.0.0.1", "localhost")
    issued.private_key_pem.write_to_path(folder / "key")
    issued.cert_chain_pems[0].write_to_path(folder / "cert")
    AUTHORITY.cert_pem.write_to_path(folder / "ca")
    with Cluster(tls=Tls(str(folder / "cert"), str(folder / "key"), str(folder / "ca"))) as cluster:
        yield cluster


def proof(authority: trustme.CA) -> dict[str, bytes]:
    """Return the options of ``Address`` for a client certificate."""
    issued = authority.issue_cert("bridge.example")
    return {"cert": issued.cert_chain_pems[0].bytes(), "key": issued.private_key_pem.bytes()}


async def test_trusted_certificates_are_accepted(secure: Cluster, prefix: bytes) -> None:
    ca = AUTHORITY.cert_pem.bytes()
    async with connect(*secure.endpoints, tls=True, ca=ca, **proof(AUTHORITY)) as etcd:
        after = await write(etcd, prefix)
        assert await read(etcd.watch(prefix, after=after - 1), at_least(1))


@pytest.mark.parametrize(
    ("trusted", "issuer", "reason"),
    [
        pytest.param(STRANGER, AUTHORITY, "CERTIFICATE_VERIFY_FAILED", id="the member is not trusted"),
        pytest.param(AUTHORITY, STRANGER, "UNAVAILABLE", id="the client is not trusted"),
        pytest.param(AUTHORITY, None, "UNAVAILABLE", id="the client has no certificate"),
    ],
)
async def test_other_certificates_are_refused(
    secure: Cluster, prefix: bytes, trusted: trustme.CA, issuer: trustme.CA | None, reason: str
) -> None:
    certificate = {} if issuer is None else proof(issuer)
    async with connect(*secure.endpoints, tls=True, ca=trusted.cert_pem.bytes(), **certificate) as etcd:
        with pytest.raises(NoAnswerError, match=reason) as read_:
            await etcd.range(prefix, timeout=2.0)
        with pytest.raises(NoAnswerError, match=reason):
            await write(etcd, prefix, timeout=2.0)
        print(read_.value)


async def test_without_tls(secure: Cluster, prefix: bytes) -> None:
    async with connect(*secure.endpoints) as etcd:
        with pytest.raises(NoAnswerError, match="UNAVAILABLE"):
            await etcd.range(prefix, timeout=2.0)
