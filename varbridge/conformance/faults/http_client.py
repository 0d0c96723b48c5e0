"""HTTP requests to servers of this machine, which no proxy forwards.

``urllib.request`` is imported for the first one: its import takes longer than most scenarios.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from urllib.request import OpenerDirector


def open_url(
    url: str, *, timeout: float, data: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Any:
    """Return the answer to a request, which is a POST if it has data. Raises OSError or HTTPException."""
    from urllib.request import Request

    return _opener().open(Request(url, data, dict(headers or {})), timeout=timeout)


@cache
def _opener() -> OpenerDirector:
    from urllib.request import ProxyHandler, build_opener

    return build_opener(ProxyHandler({}))
