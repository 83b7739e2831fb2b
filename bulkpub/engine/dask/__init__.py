"""Jobs worked on by the workers of a Dask cluster; the only place that knows Dask.

`cluster` finds or makes one; `coordinator` is this process's side and `worker` the others', which
say to each other what `messages` has, through the queues of `channel`. ADR 25 tells why so.
"""
