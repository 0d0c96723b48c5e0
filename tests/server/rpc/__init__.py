"""Tests of the RPC layer between gRPC and the core."""
