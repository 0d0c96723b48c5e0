"""The constraints that values of a variable satisfy in addition to its type. Registration sets them.

Each type has one class of constraints here. ``parse`` reads ``constraints_json`` into an instance of it;
``violations`` returns everything that is wrong with a value, not only the first violation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from . import jsontext
from .arrays import ITEM_SIZES, Layout, is_shape
from .errors import FieldViolation, InvalidArgumentError, ResourceExhaustedError, listed, shortened

MAX_PATTERN_BYTES = 2**18
"""The maximum memory of a compiled pattern, in bytes; RE2 compiles one in 2 ms or so at most."""

MAX_STEPS = 20_000_000
"""The maximum number of steps of matching a text: its bytes times the instructions of the pattern.

RE2 takes 100 ms or so for them if it has to try all instructions at each byte.
"""

ALWAYS_MATCHED_BYTES = 4096
"""The size of a text that is matched whatever its pattern."""

SMALL_PROGRAM = 20
"""The number of instructions of a pattern up to which texts of any size are matched quickly."""


class Constraints(Protocol):
    """The constraints of one variable."""

    def violations(self, value: Any) -> list[str]:
        """Return a description of each violation by a value of the type; an empty list if there is none."""
        ...


class InvalidConstraintsError(ValueError):
    """The constraints are invalid; each argument of the exception describes one fault."""


class NoConstraints:
    """The constraints of types that accept none."""

    @classmethod
    def of(cls, fields: dict[str, Any]) -> NoConstraints:
        return NO_CONSTRAINTS

    def violations(self, value: Any) -> list[str]:
        return []


NO_CONSTRAINTS = NoConstraints()


class Bounds(NamedTuple):
    """The constraints of a number: an inclusive minimum and maximum."""

    min: float | None = None
    max: float | None = None

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Bounds:
        bounds = cls(fields.get("min"), fields.get("max"))
        if bounds.min is not None and bounds.max is not None and bounds.min > bounds.max:
            raise InvalidConstraintsError("min must not be above max")
        return bounds

    def violations(self, value: float) -> list[str]:
        violations = []
        if math.isnan(value) and (self.min is not None or self.max is not None):
            return ["NaN is neither below nor above a bound, so it is refused if min or max is set"]
        if self.min is not None and value < self.min:
            violations.append(f"{value!r} is below minimum {self.min!r}")
        if self.max is not None and value > self.max:
            violations.append(f"{value!r} is above maximum {self.max!r}")
        return violations


class TextRules(NamedTuple):
    """The constraints of a string: its length in code points, an RE2 pattern, and permitted values."""

    min_length: int | None = None
    max_length: int | None = None
    pattern: Any = None  # a compiled RE2 pattern
    enum: tuple[str, ...] | None = None

    @classmethod
    def of(cls, fields: dict[str, Any]) -> TextRules:
        faults: list[str] = []
        shortest, longest = fields.get("min_length"), fields.get("max_length")
        if shortest is not None and longest is not None and shortest > longest:
            faults.append("min_length must not be above max_length")
        enum, pattern = fields.get("enum"), None
        if "pattern" in fields:
            try:
                pattern = _compile(fields["pattern"])
            except InvalidConstraintsError as fault:
                faults.extend(fault.args)
        if faults:
            raise InvalidConstraintsError(*faults)
        return cls(shortest, longest, pattern, None if enum is None else tuple(enum))

    def violations(self, value: str) -> list[str]:
        violations = []
        if self.min_length is not None and len(value) < self.min_length:
            violations.append(f"must be at least {self.min_length} characters, not {len(value)}")
        if self.max_length is not None and len(value) > self.max_length:
            violations.append(f"must be at most {self.max_length} characters, not {len(value)}")
        if self.pattern is not None:
            _check_steps(self.pattern, value)
            if self.pattern.search(value) is None:
                violations.append(f"must match pattern {shortened(self.pattern.pattern)}")
        if self.enum is not None and value not in self.enum:
            violations.append(f"must be one of {listed(self.enum)}")
        return violations


class Choices(NamedTuple):
    """The constraints of a choice: its permitted values."""

    choices: tuple[str, ...]

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Choices:
        if not fields.get("choices"):
            raise InvalidConstraintsError("choices must be a non-empty list of strings")
        return cls(tuple(fields["choices"]))

    def violations(self, value: str) -> list[str]:
        return [] if value in self.choices else [f"must be one of {listed(self.choices)}"]


class AllowedModules(NamedTuple):
    """The constraints of a module: the names that it may have, listed under one of two keys or both."""

    lists: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, fields: dict[str, Any]) -> AllowedModules:
        return cls(tuple(tuple(fields[key]) for key in KEYS[cls] if key in fields))

    def violations(self, value: str) -> list[str]:
        return [
            f"must be one of the allowed modules: {listed(allowed)}"
            for allowed in self.lists
            if value not in allowed
        ]


class Dimensions(NamedTuple):
    """The constraints of an embedding: its length."""

    dimensions: int | None = None

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Dimensions:
        if fields.get("dimensions") == 0:
            raise InvalidConstraintsError("dimensions must be at least 1, since no embedding is empty")
        return cls(fields.get("dimensions"))

    def violations(self, value: Layout) -> list[str]:
        if self.dimensions is None or value.shape == (self.dimensions,):
            return []
        return [f"must have exactly {self.dimensions} dimensions, not {value.shape[0]}"]


class TensorLayout(NamedTuple):
    """The constraints of a tensor: its shape and its dtype."""

    shape: tuple[int, ...] | None = None
    dtype: str | None = None

    @classmethod
    def of(cls, fields: dict[str, Any]) -> TensorLayout:
        shape = fields.get("shape")
        return cls(None if shape is None else tuple(shape), fields.get("dtype"))

    def violations(self, value: Layout) -> list[str]:
        violations = []
        if self.shape is not None and value.shape != self.shape:
            violations.append(f"shape must be {list(self.shape)}, not {list(value.shape)}")
        if self.dtype is not None and self.dtype not in value.dtypes:
            violations.append(f"dtype must be {self.dtype}, not {' or '.join(sorted(value.dtypes))}")
        return violations


OF_TYPE: Mapping[str, Any] = {
    "float": Bounds,
    "integer": Bounds,
    "string": TextRules,
    "boolean": NoConstraints,
    "choice": Choices,
    "module": AllowedModules,
    "embedding": Dimensions,
    "tensor": TensorLayout,
}
"""The class of constraints of each type."""

KEYS: Mapping[type, Mapping[str, str]] = {
    NoConstraints: {},
    Bounds: {"min": "number", "max": "number"},
    TextRules: {
        "min_length": "length",
        "max_length": "length",
        "pattern": "text",
        "enum": "list of text",
    },
    Choices: {"choices": "list of text"},
    AllowedModules: {"choices": "list of text", "allowed_modules": "list of text"},
    Dimensions: {"dimensions": "length"},
    TensorLayout: {"shape": "shape", "dtype": "dtype"},
}
"""The keys that each class accepts, and the kind of value under each key."""

_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "number": ("a number", lambda v: type(v) in (int, float)),
    "length": ("a whole number, not negative", lambda v: type(v) is int and v >= 0),
    "text": ("a string", lambda v: isinstance(v, str)),
    "list of text": (
        "a list of strings",
        lambda v: isinstance(v, list) and all(isinstance(item, str) for item in v),
    ),
    "shape": ("a list of whole numbers, none negative", is_shape),
    "dtype": (f"one of {', '.join(ITEM_SIZES)}", lambda v: isinstance(v, str) and v in ITEM_SIZES),
}


def parse(type_name: str, text: str) -> Any:
    """Read ``constraints_json`` as the constraints of a variable of a type.

    Raises:
        InvalidArgumentError: the text is invalid; the message, "Invalid constraints", lists every fault.
    """
    try:
        fields = jsontext.parse(text.encode()) if text else {}
    except jsontext.InvalidJsonError as error:
        raise _refused([f"the text {error}"]) from None
    if not isinstance(fields, dict):
        raise _refused(["must be a JSON object"])
    kind = OF_TYPE[type_name]
    faults = []
    for key, value in fields.items():
        if key not in KEYS[kind]:
            known = ", ".join(KEYS[kind]) or "none"
            faults.append(f"{shortened(key)} is not a constraint of this type (known: {known})")
        else:
            description, fits = _KINDS[KEYS[kind][key]]
            if not fits(value):
                faults.append(f"{key} must be {description}")
    if faults:
        raise _refused(faults)
    try:
        return kind.of(fields)
    except InvalidConstraintsError as error:
        raise _refused([*error.args]) from None


def _refused(faults: list[str]) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"Invalid constraints: {listed(faults, '; ', whole=True)}",
        [FieldViolation("constraints_json", fault) for fault in faults],
    )


def _compile(pattern: str) -> Any:
    import re2  # not at the top: most variables have no pattern

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PATTERN_BYTES
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise InvalidConstraintsError(
            f"pattern is not an RE2 expression ({shortened(_text(error))})"
        ) from None


def _check_steps(pattern: Any, text: str) -> None:
    """Refuse a text that would take too long to match."""
    if pattern.programsize <= SMALL_PROGRAM:
        return
    most = max(MAX_STEPS // pattern.programsize, ALWAYS_MATCHED_BYTES)
    if 4 * len(text) > most and (size := len(text.encode())) > most:
        raise ResourceExhaustedError(
            f"pattern {shortened(pattern.pattern)}: texts of at most {most} bytes are matched, not {size}"
        )


def _text(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
