"""Tests of the client of etcd, against members that are killed, stopped and cut off."""
