"""Releases as datasets: what hosts of software have in common when data is published there.

A repository is the portal, one of its releases a dataset, a file of that a resource. What a release
has no field for, our key first, stands behind its text in a comment that nobody sees.
"""
