"""The vocabulary of steps: parameter types, literals, matchers."""
