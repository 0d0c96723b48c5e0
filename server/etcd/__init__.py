"""A client of etcd 3.4 or later: reads, transactions, and watches that survive the failure of members."""
