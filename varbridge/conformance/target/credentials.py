"""The certificates and tokens of a scenario's bridge, and the credentials of its clients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from varbridge import Tls

OWN = "own"
STRANGER = "stranger"
"""The two certificate authorities of a scenario: the bridge's own, and one that the bridge does not know."""

HOSTS = ("localhost", "127.0.0.1")
"""The host names in the certificates of bridges."""


class ClientCredentials(NamedTuple):
    """The credentials of a client.

    Attributes:
        tls: the TLS settings; None for plain text.
        token: the token of every call; empty for none.
        authorization: the value of the ``authorization`` metadata, if it is not ``Bearer`` and a token.
    """

    tls: Tls | None = None
    token: str = ""
    authorization: str = ""


NO_CREDENTIALS = ClientCredentials()
"""The credentials for a bridge that needs none."""


class Access:
    """The certificates and tokens of a bridge, in a temporary directory that is made when it is needed."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._authorities: dict[str, Any] = {}
        self._certificate: Sequence[str] = ()

    @property
    def folder(self) -> Path:
        """The directory of the certificates and tokens."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="judge-")
        return Path(self._folder.name)

    # Tokens

    def write_tokens(self, lines: Iterable[str]) -> Sequence[str]:
        """Replace the token file atomically by these lines; return the flags that name it."""
        return ["--token-file", self._write("tokens", _file_of(lines))]

    def tokens(self, lines: Iterable[str]) -> Sequence[str]:
        """Return the flags that name a token file of these lines; equal lines have the same file."""
        from hashlib import sha256

        content = _file_of(lines)
        return ["--token-file", self._write(f"tokens-{sha256(content).hexdigest()[:12]}", content)]

    def remove_tokens(self) -> None:
        """Delete the token file that ``write_tokens`` wrote."""
        (self.folder / "tokens").unlink()

    # Certificates

    def certificate(self) -> Sequence[str]:
        """Return the flags that name the bridge's certificate, which the first call writes."""
        self._certificate = self._certificate or self.write_certificate()
        return self._certificate

    def write_certificate(self, authority: str = OWN) -> Sequence[str]:
        """Write a certificate of the bridge signed by this authority; return the flags that name it."""
        issued = self._authority(authority).issue_cert(*HOSTS)
        certificate = self._write("cert.pem", b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        return [
            "--tls-cert",
            certificate,
            "--tls-key",
            self._write("key.pem", issued.private_key_pem.bytes()),
        ]

    def spoil_certificate(self) -> None:
        """Overwrite the certificate of the bridge with invalid content."""
        self._write("cert.pem", b"this is not a certificate\n")

    def authority_flags(self) -> Sequence[str]:
        """Return the flags of a bridge that requires client certificates signed by its own authority."""
        return ["--tls-ca", self._authority_file(OWN)]

    def tls(self, trusted: str = OWN, signed_by: str = "") -> Tls:
        """Return the TLS settings of a client.

        Args:
            trusted: the authority that must have signed the bridge's certificate.
            signed_by: the authority that signed the client's certificate; "" for no certificate.
        """
        name = HOSTS[0]  # whatever address the bridge is reached at
        if not signed_by:
            return Tls(self._authority_file(trusted), name=name)
        issued = self._authority(signed_by).issue_cert("client.test")
        certificate = self._write("client.pem", b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        key = self._write("client-key.pem", issued.private_key_pem.bytes())
        return Tls(self._authority_file(trusted), cert=certificate, key=key, name=name)

    def close(self) -> None:
        """Delete all certificates and tokens."""
        if self._folder is not None:
            self._folder.cleanup()

    def _authority(self, name: str) -> Any:
        if name not in self._authorities:
            import trustme  # only if a scenario needs certificates: the import takes long

            self._authorities[name] = trustme.CA(organization_name=f"judge: {name}")
        return self._authorities[name]

    def _authority_file(self, name: str) -> str:
        return self._write(f"{name}-ca.pem", self._authority(name).cert_pem.bytes())

    def _write(self, name: str, content: bytes) -> str:
        """Write or replace a file atomically; return its path."""
        path, fresh = self.folder / name, self.folder / f"{name}.new"
        fresh.write_bytes(content)
        fresh.replace(path)
        return str(path)


def _file_of(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
