"""Ids and names: 1 to 256 characters, none of them a control character."""

from __future__ import annotations

import os
import re

from .errors import invalid

MAX_LENGTH = 256

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def random_hex() -> str:
    """Sixteen digits that nobody can guess, for what makes an id unique."""
    return os.urandom(8).hex()  # not secrets.token_hex: that imports much for the same


def check_name(given: str, field: str) -> str:
    """Return ``given``, or refuse it as the value of ``field``."""
    if not given:
        raise invalid(field, "must not be empty")
    if len(given) > MAX_LENGTH:
        raise invalid(field, f"must be at most {MAX_LENGTH} characters, not {len(given)}")
    if _CONTROL.search(given):
        raise invalid(field, "must not hold control characters")
    return given


def is_name(given: str) -> bool:
    """Whether it can be an id or a name."""
    return 0 < len(given) <= MAX_LENGTH and not _CONTROL.search(given)
