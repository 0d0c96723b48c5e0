"""One scenario: its world, its people, and what became of what they did."""
