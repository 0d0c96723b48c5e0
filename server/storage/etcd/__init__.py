"""The store that persists the sessions of a cluster in etcd."""
