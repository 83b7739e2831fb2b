"""Documents → values: tables, listings, RDF, JSON, folders, read loosely as others write them."""
