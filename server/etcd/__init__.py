"""What the bridge needs of etcd, 3.4 or later: reads, transactions, and watches that survive members."""
