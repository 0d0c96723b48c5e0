"""Authentication: users, passwords and tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

import grpc
import pytest

from server.etcd.errors import RefusedError
from tests.server.etcd.builders import TIMEOUT_S, at_least, connect, read, write
from varbridge.conformance.faults.etcd import Cluster
from varbridge.conformance.faults.fault_proxy import FaultProxy

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def locked() -> Iterator[Cluster]:
    with Cluster() as cluster:
        cluster.enable_auth("bridge", PASSWORD)
        yield cluster


def renew(cluster: Cluster, user: str = "bridge") -> None:
    """Delete a user and add it again, which makes all of the user's tokens invalid."""
    cluster.ask("auth/user/delete", name=user)
    cluster.add_user(user, PASSWORD)


async def test_a_client_with_the_password_may_do_everything(locked: Cluster, prefix: bytes) -> None:
    async with connect(*locked.endpoints, user="bridge", password=PASSWORD) as etcd:
        revisions = await asyncio.gather(*(write(etcd, prefix + b"%d" % number) for number in range(20)))
        got = await read(etcd.watch(prefix, after=min(revisions) - 1), at_least(20))
        assert [event.kv.mod_revision for batch in got for event in batch] == sorted(revisions)
        await etcd.compact(max(revisions))


@pytest.mark.parametrize(
    "proof",
    [
        {"user": "bridge", "password": "wrong"},
        {"user": "stranger", "password": PASSWORD},
        {},
    ],
    ids=["wrong password", "unknown user", "nobody"],
)
async def test_a_client_without_it_may_do_nothing(
    locked: Cluster, prefix: bytes, proof: dict[str, str]
) -> None:
    async with connect(*locked.endpoints, **proof) as etcd:
        for ask in (
            lambda: etcd.range(prefix, timeout=5.0),
            lambda: write(etcd, prefix),
            lambda: read(etcd.watch(prefix, after=1), at_least(1)),
        ):
            with pytest.raises(RefusedError) as refused:
                await ask()
            assert refused.value.code in (
                grpc.StatusCode.INVALID_ARGUMENT,
                grpc.StatusCode.PERMISSION_DENIED,
            )
            assert PASSWORD not in str(refused.value)


async def test_a_user_without_permissions_may_do_nothing(locked: Cluster, prefix: bytes) -> None:
    locked.ask("auth/user/add", name="guest", password=PASSWORD)
    async with connect(*locked.endpoints, user="guest", password=PASSWORD) as etcd:
        for ask in (
            lambda: etcd.range(prefix, timeout=5.0),
            lambda: write(etcd, prefix),
            lambda: read(etcd.watch(prefix, after=1), at_least(1)),
        ):
            with pytest.raises(RefusedError, match="permission denied") as refused:
                await ask()
            assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED


async def test_an_invalid_token_is_renewed(locked: Cluster, prefix: bytes) -> None:
    async with connect(*locked.endpoints, user="bridge", password=PASSWORD) as etcd:
        await write(etcd, prefix)
        await asyncio.to_thread(renew, locked)
        assert (await etcd.range(prefix, timeout=5.0)).kvs
        await asyncio.to_thread(renew, locked)
        await asyncio.gather(*(write(etcd, prefix) for _ in range(10)))
        (kv,) = (await etcd.range(prefix, timeout=5.0)).kvs
        assert kv.version == 11


async def test_a_watch_renews_its_token(locked: Cluster, prefix: bytes) -> None:
    proxy = FaultProxy(locked.endpoints[0])
    proof = {"user": "bridge", "password": PASSWORD}
    async with connect(proxy.address, **proof) as etcd, connect(*locked.endpoints, **proof) as direct:
        after = await write(direct, b"elsewhere")
        async with asyncio.timeout(TIMEOUT_S), aclosing(etcd.watch(prefix, after=after)) as batches:
            for _ in range(3):
                written = await write(direct, prefix)
                ((event,),) = [await anext(batches)]
                assert event.kv.mod_revision == written
                await asyncio.to_thread(renew, locked)
                await asyncio.to_thread(proxy.cut)
    proxy.close()


async def test_a_member_that_forgot_its_tokens(locked: Cluster, prefix: bytes) -> None:
    async with connect(*locked.endpoints, user="bridge", password=PASSWORD) as etcd:
        await write(etcd, prefix)
        (member,) = locked.members
        member.kill()
        member.start()
        assert (await etcd.range(prefix, timeout=TIMEOUT_S)).kvs
        await write(etcd, prefix)


async def test_authentication_is_enabled_later(prefix: bytes) -> None:
    with Cluster() as cluster:
        proxy = FaultProxy(cluster.endpoints[0])
        async with connect(proxy.address, user="bridge", password=PASSWORD) as etcd:
            after = await write(etcd, prefix)
            reading = asyncio.create_task(read(etcd.watch(prefix, after=after), at_least(2)))
            await write(etcd, prefix)
            await asyncio.to_thread(cluster.enable_auth, "bridge", PASSWORD)
            await asyncio.to_thread(proxy.cut)
            (kv,) = (await etcd.range(prefix, timeout=10.0)).kvs
            assert kv.version == 2
            await write(etcd, prefix)
            assert await reading
        proxy.close()
