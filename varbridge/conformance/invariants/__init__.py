"""The invariants: conditions that every reply, every watch and every history must satisfy."""
