"""The store that keeps the state in a data directory, with SQLite."""
