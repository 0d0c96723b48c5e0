"""The store that persists the state in a data directory, with SQLite."""
