"""A model of the contract, which answers as a bridge must, and random walks that compare a bridge with it."""
