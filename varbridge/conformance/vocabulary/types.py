"""The types of variables, and the names of the constraints that each type takes."""

from __future__ import annotations

CONSTRAINTS = {
    "float": ("min", "max"),
    "integer": ("min", "max"),
    "string": ("min_length", "max_length", "pattern", "enum"),
    "boolean": (),
    "choice": ("choices",),
    "module": ("choices", "allowed_modules"),
    "embedding": ("dimensions",),
    "tensor": ("shape", "dtype"),
}
"""The names of the constraints by type."""

SOURCES = ("ELIXIR", "PYTHON")
"""The runtimes that a change can come from."""

TYPES = tuple(CONSTRAINTS)
"""The names of the types."""
