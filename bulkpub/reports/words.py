"""The words of the page's script, which has none of its own, and fills in what is in braces."""

from collections.abc import Iterable

from bulkpub.language import spoken, tr
from bulkpub.reports.verdict import status_word

__all__ = ["words_of"]


def words_of(statuses: Iterable[str]) -> dict[str, object]:
    """By the names that `page.js` has for them; columns in the order of the table."""
    return {
        "language": spoken(),
        "statuses": [status_word(each) for each in statuses],
        "columns": [
            tr("Status"),
            tr("File"),
            tr("Dataset"),
            tr("Format"),
            tr("Size"),
            tr("Sent at (UTC)"),
            tr("Took"),
            tr("Address"),
        ],
        "itself": tr("(the dataset itself)"),
        "permalink": tr("permalink"),
        "units": tr("B kB MB GB TB").split(),
        "rows": tr("Rows {{from}} to {{until}} of {{n}}."),
        "of_all": tr("Rows {{from}} to {{until}} of {{n}} ({{all}} in all)."),
        "none": tr("No file is like that."),
        "unsorted": tr("the manifest's order"),
    }
