"""One scenario: its world, its people, and the outcomes of their calls."""
