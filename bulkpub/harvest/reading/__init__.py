"""Documents → values: RDF, JSON, sidecars, shapes, read loosely as others write them."""
