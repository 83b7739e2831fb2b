"""Where bytes come from: local files, and what other servers have."""

from bulkpub.sources.local import FileContent, digest_of, digests_of, fingerprint

__all__ = ["FileContent", "digest_of", "digests_of", "fingerprint"]
