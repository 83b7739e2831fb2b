"""Words of catalogues → words of a manifest: pure, by the vocabularies in `bulkpub.data`."""
