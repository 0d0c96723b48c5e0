"""Invariants: what every reply, every watch and every history must satisfy."""
