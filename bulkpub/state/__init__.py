"""What this machine remembers and holds: the journal of hashes and uploads, and the lock.

Nothing is ever believed because it is here; deleting all of it is always safe.
"""
