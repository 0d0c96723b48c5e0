"""The tools for fault injection: a fault proxy, the control of processes, and members of etcd."""
