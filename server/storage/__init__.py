"""Persistence: the records, the port to the stores, and the stores.

``server.backend`` chooses the store. A new store for a single process implements ``storage.store.Store`` and
is added to ``server.backend``. A store that several bridges share (such as PostgreSQL) also needs an owner
for each session, so that no two bridges change the same session: see ``server.cluster``, which uses
``storage.etcd``.
"""
