"""Where bytes come from: local files, and what other servers have."""

from bulkpub.sources.local import FileContent, fingerprint, sha1_of, sha1s_of, sha256_of

__all__ = ["FileContent", "fingerprint", "sha1_of", "sha1s_of", "sha256_of"]
