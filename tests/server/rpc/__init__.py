"""Tests of the edge: what stands between gRPC and the core."""
