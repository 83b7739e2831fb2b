"""Where datasets go: what the pipeline needs of a portal, as a Protocol, and udata behind it."""

from bulkpub.portals.base import Account, Organization, Page, PartedUpload, Portal, Vocabulary

__all__ = ["Account", "Organization", "Page", "PartedUpload", "Portal", "Vocabulary"]
