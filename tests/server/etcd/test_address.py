"""Addresses of etcd: reading them, and refusing invalid ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from server.core.errors import StartupError
from server.etcd.address import Address, parse


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("etcd://a:1", Address(("a:1",))),
        ("etcd://a", Address(("a:2379",))),
        ("etcd://a:1,b,[::1]:3/", Address(("a:1", "b:2379", "[::1]:3"))),
        ("etcd://a?prefix=x%2Fy&ttl=1.5&machine=m", Address(("a:2379",), prefix="x/y", ttl=1.5, machine="m")),
        ("etcd://me:p%40%3A%2Fw@a", Address(("a:2379",), user="me", password="p@:/w")),
        ("etcd://me:p@w:x@a,b", Address(("a:2379", "b:2379"), user="me", password="p@w:x")),
        ("etcds://a", Address(("a:2379",), tls=True)),
        ("etcd://a?tls=1", Address(("a:2379",), tls=True)),
        ("etcd://a?tls=0", Address(("a:2379",))),
    ],
)
def test_valid_addresses(url: str, address: Address) -> None:
    assert parse(url) == address


def test_defaults() -> None:
    address = parse("etcd://a")
    assert (address.prefix, address.ttl, address.machine, address.user, address.tls) == (
        *("bridge", 3.0, "", "", False),
    )


def test_files(tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("localhost")
    names = {
        "cert": issued.cert_chain_pems[0],
        "key": issued.private_key_pem,
        "ca": issued.cert_chain_pems[0],
    }
    for name, pem in names.items():
        pem.write_to_path(tmp_path / name)
    (tmp_path / "password").write_text("s#cret\n")
    url = f"etcd://me@a?password-file={tmp_path}/password"
    address = parse(url + "".join(f"&{name}={tmp_path}/{name}" for name in names))
    assert (address.user, address.password, address.tls) == ("me", "s#cret", True)
    assert (address.cert, address.key, address.ca) == tuple(pem.bytes() for pem in names.values())
    assert "s#cret" not in repr(address)
    assert "PRIVATE" not in repr(address)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://a", "must begin with etcd://"),
        ("a:2379", "must begin with etcd://"),
        ("", "must begin with etcd://"),
        ("etcd://", "an empty host"),
        ("etcd://a,,b", "an empty host"),
        ("etcd://:1", "an empty host"),
        ("etcd://a:x", "a port that is not a number"),
        ("etcd://a:70000", "a port that is not a number"),
        ("etcd://a:0", "port 0"),
        ("etcd://[::1", "looks like etcd://host:port"),
        ("etcd://a/keys", "use prefix=... for the prefix of the keys"),
        ("etcd://a#x", "use prefix=... for the prefix of the keys"),
        ("etcd://a?colour=red", "unknown option 'colour': the options are ca, cert, key"),
        ("etcd://a?prefix", "an option without a value"),
        ("etcd://a?prefix=", "an empty prefix"),
        ("etcd://a?ttl=1&ttl=2", "an option twice"),
        ("etcd://a?ttl=0.5", "from 1 to 60"),
        ("etcd://a?ttl=61", "from 1 to 60"),
        ("etcd://a?ttl=nan", "from 1 to 60"),
        ("etcd://a?ttl=soon", "from 1 to 60"),
        ("etcd://a?tls=2", "neither 0 nor 1"),
        ("etcds://a?tls=0", "leave one of them out"),
        ("etcd://a?cert=/x", "cert and key together"),
        ("etcd://a?ca=/nowhere", "'/nowhere', which cannot be read: No such file"),
        ("etcd://a?ca=/dev/null", "holds no certificate in PEM form"),
        ("etcd://me@a", "a user and a password, or neither"),
        ("etcd://:pw@a", "a user and a password, or neither"),
        ("etcd://a?password-file=/dev/null", None),
        ("etcd://me@a?password-file=/nowhere", "cannot be read"),
        ("etcd://me:pw@a?password-file=/dev/null", "name only one of them"),
    ],
)
def test_invalid_addresses(url: str, message: str | None) -> None:
    if message is None:  # without a user, an empty password is ignored
        assert parse(url) == Address(("a:2379",))
        return
    with pytest.raises(StartupError, match=message.replace("?", r"\?")) as refused:
        parse(url)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("wrong", ["a?b", "a/b", "a#b", "a[b", "a?b=c&d", "p%"])
@pytest.mark.parametrize("end", ["@host", "@host:x", "@host?ttl=x", "@host?x=y", "", "@"])
def test_no_password_is_shown(wrong: str, end: str) -> None:
    message = ""
    try:
        parse(f"etcd://me:hush{wrong}hush{end}")
    except StartupError as refused:
        message = str(refused)
    assert "hush" not in message
