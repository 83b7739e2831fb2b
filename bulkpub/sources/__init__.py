"""Where bytes come from: what the pipeline needs of a source, and local files behind it."""

from bulkpub.sources.local import FileBody, fingerprint, sha1_of

__all__ = ["FileBody", "fingerprint", "sha1_of"]
