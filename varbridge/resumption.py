"""The decisions of a follower, without I/O: what it delivers, and when and where its next watch begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import grpc

from varbridge.errors import BridgeError
from varbridge.messages.traits import HEARTBEAT_INTERVAL_S
from varbridge.update import Update

SILENT_INTERVALS = 2.5
"""The number of silent heartbeat intervals after which a connection counts as dead."""

RESUMABLE = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.INTERNAL,  # a proxy's reset
        grpc.StatusCode.UNKNOWN,  # an answer of a proxy that is not gRPC
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,  # the lost watch still counts
    }
)
"""The statuses of a lost watch after which opening another one may succeed."""

MIN_SILENCE_S = 1.0
"""The shortest time of silence that follows from a stated interval, in seconds: machines may be busy."""

Silence = float | Literal["auto"] | None


class Opening(NamedTuple):
    """The beginning of a watch."""

    initial: bool
    resume_after: int | None


class Resumption:
    """The state of a follower over all its watches; see ``Follower`` for the arguments."""

    def __init__(
        self,
        identifiers: Sequence[str],
        *,
        initial: bool,
        resume_after: int | None,
        backoff: float,
        max_backoff: float,
        patience: float | None,
        silence: Silence,
    ) -> None:
        if initial and resume_after is not None:
            raise ValueError(
                "initial and resume_after exclude each other: a resumed watch does not begin with the present"
                " values"
            )
        self._identifiers = frozenset(identifiers)
        self._initial = initial
        self._seen = resume_after
        self._reported: dict[str, int] = {}  # versions of the present values that were delivered, by id
        self._beginning = initial  # True while some of the present values may be missing
        self._backoff = backoff
        self._max_backoff = max_backoff
        self._patience = patience
        self._silence = silence
        self._pause = backoff
        self._away = 0.0

    def first(self) -> Opening:
        """Return the beginning of the first watch; present values are requested for their sequence."""
        return Opening(self._seen is None, self._seen)

    def next(self) -> Opening:
        """Return the beginning of the next watch: the last sequence, unless present values are missing.

        If there is no last sequence, the lost watch was of a session without variables: the present values
        show what was registered since.
        """
        if self._seen is None or self._beginning:
            self._initial = True
            return Opening(initial=True, resume_after=None)
        return Opening(initial=False, resume_after=self._seen)

    def silence_s(self, interval_s: float | None) -> float | None:
        """Return the idle timeout of a watch, by the heartbeat interval that its bridge states."""
        if self._silence == "auto":
            return max(MIN_SILENCE_S, SILENT_INTERVALS * (interval_s or HEARTBEAT_INTERVAL_S))
        return self._silence

    def delivers(self, update: Update) -> bool:
        """Take note of an update; return True if it is to be delivered."""
        self._pause, self._away = self._backoff, 0.0
        self._seen = update.sequence
        if update.variable is None:
            return False  # a heartbeat
        if update.kind != "initial_value":
            self._beginning = False
            return True
        if not self._initial or self._reported.get(update.variable_id) == update.variable.version:
            return False
        self._reported[update.variable_id] = update.variable.version
        if self._identifiers and len(self._reported) == len(self._identifiers):
            self._beginning = False
        return True

    def pause_after(self, error: BridgeError) -> float:
        """Return the pause before the next watch, in seconds.

        Raises:
            BridgeError: the error with which the last watch ended, if no other one can be opened or patience
                is at its end.
        """
        if error.code not in RESUMABLE or (self._patience is not None and self._away >= self._patience):
            raise error
        pause = self._pause
        self._pause = min(2 * pause, self._max_backoff)
        return pause

    def waited(self, seconds: float) -> None:
        """Take note of time that was spent without a connection."""
        self._away += seconds


def ended_without_error() -> BridgeError:
    """Return the error of a follower whose bridge ended a watch with OK, which no bridge should."""
    return BridgeError(grpc.StatusCode.UNAVAILABLE, "the bridge ended the watch without an error")
