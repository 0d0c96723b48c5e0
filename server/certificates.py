"""``python -m server.certificates``: the files that a bridge needs to be called from other machines.

Into one directory: an authority of its own (ca.pem, ca-key.pem), a certificate for the bridge that the
authority signs (cert.pem, key.pem), and a token. The authority and the token stay when this is run again; the
certificate is a new one, for the hosts that are named then. Clients need ca.pem and the token. ca-key.pem is
needed only here, and may be kept elsewhere in between.
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

DAYS = 825
"""That a bridge's certificate is good for: some systems take none that is good for longer."""

AUTHORITY_DAYS = 3650

ALWAYS = ("localhost", "127.0.0.1", "::1")
"""What a bridge is called on its own machine."""


_HOST = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


class UnusableFileError(Exception):
    """Files or names that certificates cannot be made with."""


class Authority:
    """Who signs certificates.

    Args:
        certificate: what others trust.
        key: what it signs with.
    """

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def new(cls) -> Authority:
        """One that nobody trusts yet."""
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
        """One that was made before.

        Raises:
            OSError: a file cannot be read.
            UnusableFileError: a file holds no such thing, or they do not belong together.
        """
        try:
            made = x509.load_pem_x509_certificate(certificate.read_bytes())
            secret = serialization.load_pem_private_key(key.read_bytes(), None)
        except (ValueError, TypeError) as error:
            raise UnusableFileError(f"{certificate} and {key} cannot be used: {error}") from None
        if not isinstance(secret, ec.EllipticCurvePrivateKey) or secret.public_key() != made.public_key():
            raise UnusableFileError(f"{key} is not the key of {certificate}")
        return cls(made, secret)

    @property
    def key_pem(self) -> bytes:
        """What it signs with, for a file that nobody else reads."""
        return _key_pem(self._key)

    def issue(self, hosts: Sequence[str]) -> tuple[x509.Certificate, bytes]:
        """A certificate for a bridge that is reached under these names, and its key in PEM form.

        It is good for a client as well, since the bridges of a cluster are each other's clients.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _draft(_name("bridge"), self.certificate.subject, key, DAYS, self._key)
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
    """Make what is missing in a directory, and a new certificate for the bridge, which is returned.

    Raises:
        OSError: a file cannot be read or written.
        UnusableFileError: the authority that is there cannot sign, or a host is no name.
    """
    directory.mkdir(parents=True, exist_ok=True)
    ca, ca_key, token = (directory / name for name in ("ca.pem", "ca-key.pem", "token"))
    if ca.exists():
        authority = Authority.read(ca, ca_key)
    else:
        authority = Authority.new()
        _write(ca_key, authority.key_pem, secret=True)
        _write(ca, _pem(authority.certificate))
    certificate, key = authority.issue([*dict.fromkeys([*ALWAYS, *hosts])])
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
        .not_valid_before(now - timedelta(hours=1))  # for machines whose clocks are behind
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
        raise UnusableFileError(f"{text!r} is no name of a host")
    return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, *, secret: bool = False) -> None:
    """Write a file as a whole, one that is secret for its owner's eyes alone from the first moment."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644), "wb"
    ) as to:
        to.write(content)
    fresh.replace(path)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"certificates: {message} (--help lists what there is)\n")


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says, and return the exit code."""
    parser = _Parser(
        prog=f"python -m {__package__}.certificates",
        description="Makes an authority, a certificate that it signs for a bridge, and a token.",
        epilog="Run again, it keeps the authority and the token and makes a new certificate.",
        allow_abbrev=False,
    )
    parser.add_argument("directory", metavar="DIR", type=Path, help="where the files go")
    parser.add_argument(
        "hosts",
        metavar="HOST",
        nargs="*",
        help=f"a name or an address that clients reach the bridge under, besides {', '.join(ALWAYS)}",
    )
    given = parser.parse_args(arguments)
    try:
        certificate = make(given.directory, given.hosts)
    except OSError as error:
        print(f"certificates: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except UnusableFileError as error:
        print(f"certificates: {error}", file=sys.stderr)
        return 1
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    print(f"for the bridge: cert.pem, key.pem, token, until {certificate.not_valid_after_utc:%Y-%m-%d}")
    print(f"      known as: {', '.join(str(name.value) for name in names)}")
    print("   for clients: ca.pem, token")
    print(" for this only: ca-key.pem")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
