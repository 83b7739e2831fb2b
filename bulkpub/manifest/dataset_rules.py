"""The rules that hold between the keys of one dataset."""

from collections.abc import Collection, Iterator, Sequence

from bulkpub.core.names import key_of
from bulkpub.manifest.form import DatasetForm, TemporalForm

__all__ = ["dataset_rules"]


def dataset_rules(form: DatasetForm, said: Collection[str]) -> Iterator[tuple[Sequence[str], str]]:
    """The rules the dataset breaks: where in it, and the sentence; `said` are the keys written."""
    if "id" not in said:
        yield from _creation_rules(form, said)
    if "description" in said and "description_file" in said:
        yield (
            ("description_file",),
            "a dataset has only one of 'description' and 'description_file'",
        )
    if form.organization is not None and form.personal:
        yield ("personal",), "a dataset is either in an 'organization' or 'personal', not both"
    if form.spatial is not None and form.spatial.zones is None and form.spatial.granularity is None:
        yield ("spatial",), "'spatial' needs 'zones' or a 'granularity'"
    if form.temporal_coverage is not None:
        yield from _period_rules(form.temporal_coverage)


def _creation_rules(
    form: DatasetForm, said: Collection[str]
) -> Iterator[tuple[Sequence[str], str]]:
    """The rules for a dataset that may have to be created, since it has no `id`."""
    if "title" not in said:
        yield (), "a dataset needs a 'title', or the 'id' of one that is on the portal already"
    elif form.title is not None and "key" not in said and not key_of(form.title):
        yield ("title",), "nothing of this title can serve as a key: give the dataset a 'key'"
    if "organization" not in said and ("personal" not in said or form.personal is False):
        yield (
            (),
            (
                "say who publishes this dataset: 'organization' (its id or slug; at the top of the "
                "manifest for all datasets), or 'personal: true' for the account of the API key"
            ),
        )
    if "description" not in said and "description_file" not in said:
        yield (
            (),
            (
                "a dataset needs a 'description' or a 'description_file': the portal creates none "
                "without (only one with an 'id' may leave it out)"
            ),
        )


def _period_rules(period: TemporalForm) -> Iterator[tuple[Sequence[str], str]]:
    if period.start is None:
        yield ("temporal_coverage",), "'temporal_coverage' needs a 'start'"
    elif period.end is not None and period.end < period.start:
        sentence = f"the period ends on {period.end}, before it starts on {period.start}"
        yield ("temporal_coverage", "end"), sentence
