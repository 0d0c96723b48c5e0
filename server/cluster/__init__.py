"""A cluster of bridges over one etcd: membership, and the ownership of sessions.

Each session is owned by one bridge at a time. Its owner holds the state in memory, as a single bridge does,
and writes every change to etcd before any client sees it. Other bridges forward calls to the owner. If an
owner fails, another bridge takes the session over.
"""
