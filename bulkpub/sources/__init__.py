"""Where bytes come from: what the pipeline needs of a source, and local files behind it."""

from bulkpub.sources.local import Extent, FileBody, fingerprint, sha1_of
from bulkpub.sources.multipart import FormBody

__all__ = ["Extent", "FileBody", "FormBody", "fingerprint", "sha1_of"]
