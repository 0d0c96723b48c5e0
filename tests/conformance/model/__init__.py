"""Tests of the model of the contract and of the random walks."""
