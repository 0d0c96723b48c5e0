"""Tools: declared, loaded, checked, run, contained, and passed on to where they are hosted."""
