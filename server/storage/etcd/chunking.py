"""Chunking: splitting values that are too large for one key. By default, etcd accepts requests of 1.5 MiB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import storage_pb2 as stored
from .keys import SessionKeys
from .layout import Delete, Put, Write

MAX_WHOLE_BYTES = 2**19
"""The maximum size of a value that is not split, in bytes: one request has space for at least two of them."""

CHUNK_BYTES = 2**20
"""The size of a chunk, in bytes."""

_WHOLE, _CHUNKED = b"\x00", b"\x01"
"""The first byte of a stored value, which is followed by the value itself or by the ``Manifest`` of its
chunks."""


class Chunks:
    """The chunked values of a session.

    Args:
        keys: the keys of the session.
        incarnation: the fencing token of the owner, which makes the names of its chunks unique.
    """

    def __init__(self, keys: SessionKeys, incarnation: int) -> None:
        self._keys = keys
        self._incarnation = incarnation
        self._count = 0
        self._tokens: dict[bytes, str] = {}  # the names of the chunks of each chunked value, by its key

    def know(self, key: bytes, token: str) -> None:
        """Record that the value under a key is stored already, in chunks with a token in their names."""
        self._tokens[key] = token

    def split(self, write: Write, before: list[Put]) -> Iterator[Write]:
        """Yield the writes to apply in place of ``write``: a large value is replaced by its manifest.

        Args:
            write: the write of a value of any size, or a deletion.
            before: the list to which the chunks are added; they must be written first.
        """
        if isinstance(write, Delete) and write.whole_prefix:
            self._tokens.clear()
            yield write
            return
        if (token := self._tokens.pop(write.key, None)) is not None:
            yield Delete(self._keys.parts_of(token), whole_prefix=True)
        if isinstance(write, Delete):
            yield write
        elif len(write.value) <= MAX_WHOLE_BYTES:
            yield Put(write.key, _WHOLE + write.value)
        else:
            token = f"{self._incarnation}-{self._count}"
            self._count += 1
            self._tokens[write.key] = token
            view = memoryview(write.value)
            for number, start in enumerate(range(0, len(view), CHUNK_BYTES)):
                before.append(Put(self._keys.part(token, number), bytes(view[start : start + CHUNK_BYTES])))
            manifest = stored.Manifest(token=token, size=len(view))
            yield Put(write.key, _CHUNKED + manifest.SerializeToString())


def whole(value: bytes) -> bytes:
    """Return a value that is never chunked, without the marker byte with which it is stored."""
    return value[1:]


def join(
    keys: SessionKeys, stored_values: Iterable[tuple[bytes, bytes]], chunks: Chunks, stray: list[bytes]
) -> dict[bytes, bytes]:
    """Return a session's values by key, with their chunks joined.

    Args:
        keys: the keys of the session.
        stored_values: the keys and stored values, in the order of the keys.
        chunks: the record of chunked values, to which those found are added.
        stray: the list to which the keys of chunks without a manifest are added, which unfinished writes have
            left.

    Raises:
        ValueError: a chunk is missing.
    """
    values: dict[bytes, bytes] = {}
    pieces: dict[str, list[tuple[bytes, bytes]]] = {}
    manifests: dict[bytes, stored.Manifest] = {}
    for key, value in stored_values:
        if key.startswith(keys.parts):
            token = key[len(keys.parts) :].split(b"/")[0].decode()
            pieces.setdefault(token, []).append((key, value))
        elif value[:1] == _CHUNKED:
            manifests[key] = stored.Manifest.FromString(value[1:])
            values[key] = b""  # reserves the position in the dictionary
        else:
            values[key] = value[1:]
    for key, manifest in manifests.items():
        whole = b"".join(value for _, value in pieces.pop(manifest.token, ()))
        if len(whole) != manifest.size:
            raise ValueError(f"a chunk of {key!r} is missing")
        values[key] = whole
        chunks.know(key, manifest.token)
    stray.extend(key for left in pieces.values() for key, _ in left)
    return values
