"""The system under test: its options and capabilities, its processes, and the connections to it."""
