"""From what exists elsewhere to a manifest: each kind of catalogue → datasets, one at a time."""
