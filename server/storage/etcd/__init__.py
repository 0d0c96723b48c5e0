"""The store that keeps the state of many bridges in etcd."""
