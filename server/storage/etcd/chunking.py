"""Values that are too long for one key: etcd takes requests of 1.5 MiB by default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import storage_pb2 as stored
from .keys import SessionKeys
from .layout import Delete, Put, Write

MAX_WHOLE_BYTES = 2**19
"""Bytes of a value that is kept whole: two of them may have to go into one request, and some more."""

CHUNK_BYTES = 2**20
"""Bytes of a part."""

_WHOLE, _IN_PARTS = b"\x00", b"\x01"
"""What a value begins with: then come its bytes, or the ``Manifest`` that says where they are."""


class Chunks:
    """Which of a session's values are in parts.

    Args:
        keys: of the session.
        incarnation: of its owner: what makes the names of the parts unlike those of any other owner.
    """

    def __init__(self, keys: SessionKeys, incarnation: int) -> None:
        self._keys = keys
        self._incarnation = incarnation
        self._made = 0
        self._tokens: dict[bytes, str] = {}  # of the values that are in parts, by key

    def know(self, key: bytes, token: str) -> None:
        """Learn of a value in parts."""
        self._tokens[key] = token

    def split(self, write: Write, before: list[Put]) -> Iterator[Write]:
        """A write as etcd takes it.

        Args:
            write: as it is meant.
            before: gets the parts, which must be written before.
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
            token = f"{self._incarnation}-{self._made}"
            self._made += 1
            self._tokens[write.key] = token
            view = memoryview(write.value)
            for number, start in enumerate(range(0, len(view), CHUNK_BYTES)):
                before.append(Put(self._keys.part(token, number), bytes(view[start : start + CHUNK_BYTES])))
            manifest = stored.Manifest(token=token, size=len(view))
            yield Put(write.key, _IN_PARTS + manifest.SerializeToString())


def whole(value: bytes) -> bytes:
    """A value that is never in parts."""
    return value[1:]


def join(
    keys: SessionKeys, found: Iterable[tuple[bytes, bytes]], parts: Chunks, stray: list[bytes]
) -> dict[bytes, bytes]:
    """A session's values by key, whole.

    Args:
        keys: of the session.
        found: keys and values in the order of keys.
        parts: learns which of them are in parts.
        stray: gets the keys that nothing leads to: parts of what was never finished.

    Raises:
        ValueError: a part is missing.
    """
    values: dict[bytes, bytes] = {}
    pieces: dict[str, list[tuple[bytes, bytes]]] = {}
    manifests: dict[bytes, stored.Manifest] = {}
    for key, value in found:
        if key.startswith(keys.parts):
            token = key[len(keys.parts) :].split(b"/")[0].decode()
            pieces.setdefault(token, []).append((key, value))
        elif value[:1] == _IN_PARTS:
            manifests[key] = stored.Manifest.FromString(value[1:])
            values[key] = b""  # keeps its place
        else:
            values[key] = value[1:]
    for key, manifest in manifests.items():
        whole = b"".join(value for _, value in pieces.pop(manifest.token, ()))
        if len(whole) != manifest.size:
            raise ValueError(f"a part of {key!r} is missing")
        values[key] = whole
        parts.know(key, manifest.token)
    stray.extend(key for left in pieces.values() for key, _ in left)
    return values
