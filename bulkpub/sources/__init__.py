"""Where bytes come from: local files, and what other servers have."""

from bulkpub.sources.local import FileContent, fingerprint, see_that_it_can_be_read, sha1_of

__all__ = ["FileContent", "fingerprint", "see_that_it_can_be_read", "sha1_of"]
