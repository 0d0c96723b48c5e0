"""Where the state is kept: a port, and what stands behind it."""
