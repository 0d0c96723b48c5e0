"""Many bridges over one etcd: who lives, who has which session, and how its state is kept there.

Each session has one bridge at a time, its owner, which keeps its state in memory, as a single bridge does,
and keeps every change in etcd before it is told to anyone. The others pass calls on to it. When an owner is
gone, another bridge takes the session over.
"""
