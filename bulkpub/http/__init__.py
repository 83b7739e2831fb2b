"""HTTP to one portal: one door for every request, paced, limited, repeated where that is safe.

`pace`, `signals` and `retry` decide and are pure, as `core` is; `gate` and `transport` act.
"""
