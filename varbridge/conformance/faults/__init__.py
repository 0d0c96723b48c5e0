"""Faults: the fault proxy, the control of processes, members of etcd."""
