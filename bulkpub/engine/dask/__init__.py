"""Jobs worked on by the workers of a Dask cluster; the only place that knows Dask.

`cluster` finds or makes one (`connecting` reaches one that exists). `coordinator` is this process's
side and `worker` the others', which say to each other what `messages` has, through the queues of
`channel`. The coordinator has `known_workers` for who is there, `to_come` for what is next, and
`errands` for what goes with it. ADR 25 tells why so.
"""
