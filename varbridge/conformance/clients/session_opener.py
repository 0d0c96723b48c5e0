"""The opening of sessions before their first use, so that only scenarios about sessions depend on clause S1.

RegisterVariable, RegisterTools and ListVariables open a session that is not open. A bridge that lacks this
fails the scenarios about sessions, and not all others as well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc

from varbridge import BridgeError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages.traits import traits_of

OPENING = "InitializeSession"


class SessionOpener:
    """An opener of the sessions of one scenario after the other, each once.

    Args:
        active: True if the bridge implements InitializeSession, as far as its profile says.
    """

    def __init__(self, active: bool) -> None:
        self._implemented = active
        self._active = active
        self._opened: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def begin(self, active: bool) -> None:
        """Begin a scenario; ``active`` is False if the scenario itself is about the opening of sessions."""
        self._active = active and self._implemented
        self._opened.clear()

    def prepare(self, address: str, method: str, request: Any, call: Callable[[str, Any], Any]) -> None:
        """Open the session of a request if its method would open it, and nothing has done so before.

        Args:
            address: the host:port of the bridge.
            method: the method that is to be called.
            request: its request.
            call: the function that calls a method.
        """
        if not self._active or not traits_of(method).opens_session:
            return
        key = (address, request.session_id)
        if method == OPENING:
            self._opened.add(key)
            return
        with self._lock:  # a second client waits until the session is open
            if key in self._opened:
                return
            try:
                call(OPENING, pb.InitializeSessionRequest(session_id=request.session_id))
            except BridgeError as error:
                if error.code is not grpc.StatusCode.UNIMPLEMENTED:
                    raise
                self._implemented = self._active = False
