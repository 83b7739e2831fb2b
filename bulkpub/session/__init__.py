"""Where things are put together: the portal, the sources, the state and the observers of a run.

The command line and the library are both users of this room.
"""
