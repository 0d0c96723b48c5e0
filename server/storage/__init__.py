"""What the bridge keeps: the records, the port to the stores, and the stores.

``server.backend`` chooses one. Another store that one process has for itself is one more implementation of
``storage.store.Store``, chosen there. A store that several bridges share (PostgreSQL, say) needs an owner for
each session as well, so that no two bridges change one: see ``server.cluster``, over ``storage.etcd``.
"""
