"""``python -m server.certificates``: create the certificates and the token for calls from other machines.

The command writes them to one directory: a certificate authority (ca.pem, ca-key.pem), a certificate for the
bridge that the authority signs (cert.pem, key.pem), and a token. A second run keeps the authority and the
token and issues a new certificate, for the hosts on its command line. Clients need ca.pem and the token. Only
this command needs ca-key.pem, which may be stored elsewhere between runs.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFICATE_DAYS = 825
"""The validity of a bridge's certificate, in days. Some systems refuse certificates that are valid for
longer."""

AUTHORITY_DAYS = 3650
"""The validity of the authority's certificate, in days."""

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
"""The names of a bridge on its own machine, which every certificate includes."""


_HOST = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


class UnusableFileError(Exception):
    """A certificate file, a key file or the name of a host is invalid; the message names it."""


class Authority:
    """A certificate authority, which signs the certificates of bridges.

    Args:
        certificate: the certificate that clients trust.
        key: the private key that signs certificates.
    """

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def new(cls) -> Authority:
        """Return a new authority, with a new private key and a self-signed certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"Bridge authority {secrets.token_hex(4)}")
        certificate = (
            _draft(name, name, key, AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def read(cls, certificate: Path, key: Path) -> Authority:
        """Read an authority from the files of its certificate and its private key.

        Raises:
            OSError: a file cannot be read.
            UnusableFileError: a file does not contain a certificate or a private key, or the key is not that
                of the certificate.
        """
        try:
            loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
            secret = serialization.load_pem_private_key(key.read_bytes(), None)
        except (ValueError, TypeError) as error:
            raise UnusableFileError(
                f"{certificate} and {key} cannot be used: {error}; restore or delete both"
            ) from None
        if not isinstance(secret, ec.EllipticCurvePrivateKey) or secret.public_key() != loaded.public_key():
            raise UnusableFileError(f"{key} is not the key of {certificate}: restore or delete both")
        return cls(loaded, secret)

    @property
    def key_pem(self) -> bytes:
        """The private key of the authority, in PEM form; it must be kept secret."""
        return _key_pem(self._key)

    def issue(self, hosts: Sequence[str]) -> tuple[x509.Certificate, bytes]:
        """Return a new certificate for a bridge with these host names or IP addresses, and its key in PEM
        form.

        The certificate is valid for a client as well, since the bridges of a cluster call each other.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _draft(_name("bridge"), self.certificate.subject, key, CERTIFICATE_DAYS, self._key)
            .add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        return certificate, _key_pem(key)


def make(directory: Path, hosts: Sequence[str]) -> x509.Certificate:
    """Write a new certificate for the bridge, and an authority and a token unless these exist already.

    Return the certificate.

    Raises:
        OSError: a file cannot be read or written.
        UnusableFileError: the files of the existing authority are invalid, or the name of a host is.
    """
    directory.mkdir(parents=True, exist_ok=True)
    ca, ca_key, token = (directory / name for name in ("ca.pem", "ca-key.pem", "token"))
    if ca.exists():
        authority = Authority.read(ca, ca_key)
    else:
        authority = Authority.new()
        _write(ca_key, authority.key_pem, secret=True)
        _write(ca, _pem(authority.certificate))
    certificate, key = authority.issue([*dict.fromkeys([*LOOPBACK_HOSTS, *hosts])])
    _write(directory / "key.pem", key, secret=True)
    _write(directory / "cert.pem", _pem(certificate))
    if not token.exists():
        _write(token, f"{secrets.token_urlsafe(32)}\n".encode(), secret=True)
    return certificate


def _draft(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    days: int,
    signer: ec.EllipticCurvePrivateKey | None = None,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    by = (signer or key).public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # for clients whose clocks are slow
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text.strip("[]")))
    except ValueError:
        pass
    try:
        name = text.encode("idna").decode()
    except ValueError:
        name = ""
    if not _HOST.fullmatch(name):
        raise UnusableFileError(f"{text!r} is not a valid host name or IP address")
    return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, *, secret: bool = False) -> None:
    """Write a file atomically. A secret file can only be read by its owner, from its creation on."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644), "wb"
    ) as to:
        to.write(content)
    fresh.replace(path)


class _Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line on stderr."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"certificates: {message} (--help lists the arguments)\n")


def main(arguments: Sequence[str]) -> int:
    """Run the command, and return its exit code."""
    parser = _Parser(
        prog=f"python -m {__package__}.certificates",
        description="Create a certificate authority, a certificate that it signs for a bridge, and a token.",
        epilog="A second run keeps the authority and the token and issues a new certificate.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "directory", metavar="DIR", type=Path, help="directory of the files; it is created if it is missing"
    )
    parser.add_argument(
        "hosts",
        metavar="HOST",
        nargs="*",
        help="host names or IP addresses of the bridge to include in the certificate, in addition to"
        f" {', '.join(LOOPBACK_HOSTS)}",
    )
    options = parser.parse_args(arguments)
    try:
        certificate = make(options.directory, options.hosts)
    except OSError as error:
        print(f"certificates: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except UnusableFileError as error:
        print(f"certificates: {error}", file=sys.stderr)
        return 1
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    print(
        f"  for the bridge: cert.pem, key.pem, token, valid until {certificate.not_valid_after_utc:%Y-%m-%d}"
    )
    print(f"           hosts: {', '.join(str(name.value) for name in names)}")
    print("     for clients: ca.pem, token")
    print("for this command: ca-key.pem")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
