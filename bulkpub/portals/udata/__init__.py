"""udata, the software of data.gouv.fr: all that is true of it alone stands in this folder."""

from bulkpub.portals.udata.calls import PAGE_SIZE, Udata

__all__ = ["PAGE_SIZE", "Udata"]
