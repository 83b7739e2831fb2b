"""From what exists elsewhere to a manifest: each kind of catalogue → datasets, one at a time.

`kinds` lists the kinds; each is one module that tells its whole story. Below them, `copying` makes
what a portal has one for another portal, `paging` leads through the pages of a catalogue,
`described` and `iso` read a dataset out of RDF and ISO 19139, `entries` makes datasets of what
catalogues say, `offers` tells files from APIs, `identity` gives each its key, `reading` reads what
they send, `words` maps their words to those of a manifest, `base` is what every kind takes and
gives, and `local_addresses` takes out what only their own network knows. Imports go down this list
only.
"""
