"""Where datasets go: a protocol with what the pipeline needs, and the kinds of portals."""

from bulkpub.portals.base import Account, Content, Organization, Page, Portal

__all__ = ["Account", "Content", "Organization", "Page", "Portal"]
