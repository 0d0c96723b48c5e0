"""Rules for ids and names: 1 to 256 characters, without control characters."""

from __future__ import annotations

import os
import re

from .errors import invalid

MAX_LENGTH = 256

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def random_hex() -> str:
    """Return sixteen random hexadecimal digits, which make an id unique and hard to guess."""
    return os.urandom(8).hex()  # not secrets.token_hex, whose module takes long to import


def check_name(name: str, field: str) -> str:
    """Return ``name`` if it is valid; otherwise raise an ``InvalidArgumentError`` about ``field``."""
    if not name:
        raise invalid(field, "must not be empty")
    if len(name) > MAX_LENGTH:
        raise invalid(field, f"must be at most {MAX_LENGTH} characters, not {len(name)}")
    if _CONTROL.search(name):
        raise invalid(field, "must not hold control characters")
    return name


def is_name(text: str) -> bool:
    """Return True if a text is valid as an id or a name."""
    return 0 < len(text) <= MAX_LENGTH and not _CONTROL.search(text)
