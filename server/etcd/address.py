"""The address of etcd, with credentials and options: ``etcd://host:port,host:port?prefix=...``."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NamedTuple, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

from ..core.errors import StartupError

PORT = 2379
"""The default port of etcd."""

TTL_RANGE_S = (1.0, 60.0)
"""The smallest and the largest permitted ``ttl``, in seconds."""

_URL = re.compile(r"(etcds?)://([^/?#]*)([^?#]*)\??([^#]*)#?(.*)", re.S)

_OPTIONS = ("ca", "cert", "key", "machine", "password-file", "prefix", "tls", "ttl")


class Address(NamedTuple):
    """The address of etcd, with credentials and options.

    Attributes:
        endpoints: the host:port of each member.
        prefix: the common prefix of all keys.
        user: the name of etcd's user; empty without authentication.
        password: the user's password.
        ca: the certificates of the trusted authorities, in PEM form; empty to trust those of the system.
        cert: the client certificate, in PEM form; empty for none.
        key: the private key of the client certificate, in PEM form.
        tls: True if connections use TLS.
        ttl: the time without a renewed liveness record after which a bridge counts as gone, in seconds.
        machine: the name of this machine, unique in the cluster; empty to use Linux's boot id.
    """

    endpoints: tuple[str, ...]
    prefix: str = "bridge"
    user: str = ""
    password: str = ""
    ca: bytes = b""
    cert: bytes = b""
    key: bytes = b""
    tls: bool = False
    ttl: float = 3.0
    machine: str = ""

    def __repr__(self) -> str:
        """Return a text without secrets, which can be logged."""
        return f"Address({','.join(self.endpoints)}, prefix={self.prefix!r}, tls={self.tls})"


def parse(url: str) -> Address:
    """Read the address of etcd from a URL.

    Raises:
        StartupError: the address is invalid, or a file that it names cannot be read. The message has a
            remedy, and shows no part of the address that may be the password.
    """
    parts = _URL.fullmatch(
        url
    )  # not urlsplit, which knows one host only, and refuses brackets after the first
    if parts is None:
        _refuse("must begin with etcd://, or with etcds:// for TLS")
    scheme, authority, path, query, fragment = parts.groups()
    credentials, _, hosts = authority.rpartition("@")
    if hosts.count("[") != hosts.count("]"):
        _refuse("is not valid: it looks like etcd://host:port,host:port?prefix=bridge")
    if "@" in path + query + fragment:
        # Otherwise the rest of such a password would be taken for an option, and shown.
        _refuse("has an @ after its hosts: write / ? # @ in a password or an option as %2F %3F %23 %40")
    if path not in ("", "/") or fragment:
        _refuse("has something between its hosts and ?, or a #: use prefix=... for the prefix of the keys")
    options = _options(query)
    user, password = _credentials(credentials, options.get("password-file"))
    tls = _tls(scheme, options)
    prefix = options.get("prefix", "bridge")
    if not prefix:
        _refuse("has an empty prefix: leave the option out for the default, bridge")
    return Address(
        endpoints=tuple(_endpoint(host) for host in hosts.split(",")),
        prefix=prefix,
        user=user,
        password=password,
        ca=_pem(options.get("ca"), b"CERTIFICATE"),
        cert=_pem(options.get("cert"), b"CERTIFICATE"),
        key=_pem(options.get("key"), b"PRIVATE KEY"),
        tls=tls,
        ttl=_ttl(options.get("ttl", "3")),
        machine=options.get("machine", ""),
    )


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        _refuse("has an option without a value: write options as name=value&name=value")
    options = dict(pairs)
    for name in options:
        if name not in _OPTIONS:
            _refuse(f"has an unknown option {name!r}: the options are {', '.join(_OPTIONS)}")
    if len(options) < len(pairs):
        _refuse("has an option twice: name each option only once")
    return options


def _endpoint(text: str) -> str:
    """Return the host:port in a text.

    The error does not show the text: if the @ was forgotten, the text is a user's name and password.
    """
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        _refuse("has a port that is not a number from 1 to 65535: its hosts look like host:port,host:port")
    if not host or port == 0:
        _refuse("has an empty host, or port 0: its hosts look like host:port,host:port")
    return f"[{host}]:{port or PORT}" if ":" in host else f"{host}:{port or PORT}"


def _credentials(credentials: str, password_file: str | None) -> tuple[str, str]:
    """Return the user's name and password."""
    user, colon, password = credentials.partition(":")
    if password_file is not None:
        if colon:
            _refuse("has a password and a password-file: name only one of them")
        try:
            password = _read(password_file).decode().rstrip("\r\n")
        except UnicodeDecodeError:
            _refuse(f"names the password-file {password_file}, whose content is not UTF-8")
        user = unquote(user)
    else:
        user, password = unquote(user), unquote(password)
    if bool(user) != bool(password):
        _refuse("needs a user and a password, or neither: user@host:port?password-file=FILE")
    return user, password


def _tls(scheme: str, options: dict[str, str]) -> bool:
    if options.get("tls", "1") not in ("0", "1"):
        _refuse("has an option tls that is neither 0 nor 1")
    if ("cert" in options) != ("key" in options):
        _refuse("needs cert and key together: name both or neither")
    implied = scheme == "etcds" or any(name in options for name in ("ca", "cert", "key"))
    if implied and options.get("tls") == "0":
        _refuse("asks for TLS and has tls=0: leave one of them out")
    return implied or options.get("tls") == "1"


def _ttl(text: str) -> float:
    least, most = TTL_RANGE_S
    try:
        ttl = float(text)
    except ValueError:
        ttl = math.nan
    if not least <= ttl <= most:  # also refuses NaN
        _refuse(f"has ttl={text!r}, which must be a number of seconds from {least:g} to {most:g}")
    return ttl


def _pem(path: str | None, label: bytes) -> bytes:
    if path is None:
        return b""
    content = _read(path)
    if label not in content:
        _refuse(f"names {path}, which holds no {label.decode().lower()} in PEM form")
    return content


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a zero byte in a name
        reason = error.strerror if isinstance(error, OSError) else error
        raise StartupError(f"the address of etcd names {path!r}, which cannot be read: {reason}") from None


def _refuse(fault: str) -> NoReturn:
    raise StartupError(f"the address of etcd {fault}") from None
