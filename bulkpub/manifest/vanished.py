"""What a manifest says of datasets and resources that their source no longer has.

A sentence for people, a comment above each, once, and for a dataset what was asked for: that it
is archived, or a draft. Nothing is taken away.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from bulkpub.core.addresses import place_of
from bulkpub.core.model import DatasetSpec, ResourceSpec
from bulkpub.core.origin import ID_EXTRA, PAGE_EXTRA, Gone, address_of, place_said
from bulkpub.language import say
from bulkpub.manifest.layout import Piece
from bulkpub.manifest.yaml_emit import comment, entry_lines

__all__ = ["Looked", "Vanished", "vanished"]

_NO_LONGER = "no longer found in"
_FIELDS = {Gone.ARCHIVE: "archived", Gone.DRAFT: "private"}
_FEW = 5


@dataclass(frozen=True, slots=True)
class Looked:
    """That a harvest went to the end of its sources, so that what it did not find is gone.

    `datasets`: whether it would have found every dataset that another harvest of the same places
    did. `gone` is what to say of a dataset.
    """

    datasets: bool = True
    gone: Gone = Gone.NOTE


@dataclass(slots=True)
class Vanished:
    """What there is to say, the lines to add by the offset they go to, and the changed specs.

    `changed` has the datasets of which the manifest says something else by that, by their keys.
    """

    notes: list[str] = field(default_factory=list)
    lines: list[tuple[int, list[str]]] = field(default_factory=list)
    changed: dict[str, DatasetSpec] = field(default_factory=dict)


def vanished(
    datasets: Iterable[tuple[DatasetSpec, Piece]],
    left: dict[str, tuple[ResourceSpec, ...]],
    places: Collection[str],
    looked: Looked,
    text: str,
) -> Vanished:
    """What of the manifest `text` was not found in `places`, which are as `harvest:source` has it.

    `datasets` are those of the manifest with where they are; `left` has, by the key of each
    dataset that was found, those of its resources that were not.
    """
    result = Vanished()
    theirs = [each for each in datasets if place_said(each[0]) in places]
    gone = [each for each in theirs if each[0].key not in left and looked.datasets]
    how = looked.gone
    if len(theirs) == len(gone):  # then it is the source that is not what it was
        _tell_of_all(gone, result)
        gone = []
    elif how is not Gone.NOTE and 2 * len(gone) > len(theirs):
        result.notes.append(
            say(
                "{count} of {all} datasets are no longer at their source: so many are noted only; "
                "if that is meant, write `{key_name}: true` yourself",
                count=len(gone),
                all=len(theirs),
                key_name=_FIELDS[how],
            )
        )
        how = Gone.NOTE
    for spec, piece in gone:
        _tell_of(spec, piece, how, text, result)
    for spec, piece in theirs:
        if spec.key in left:
            _tell_of_return(spec, piece, text, result)
            _tell_of_resources(spec, piece, left[spec.key], text, result)
    if looked.datasets:
        _tell_of_unknown(datasets, left, places, result)
    return result


def _tell_of_all(gone: list[tuple[DatasetSpec, Piece]], result: Vanished) -> None:
    if gone:
        result.notes.append(
            say(
                "none of the {count} datasets that the manifest has from {gone} was found: they "
                "are left as they are",
                count=len(gone),
                gone=place_said(gone[0][0]),
            )
        )


def _tell_of(spec: DatasetSpec, piece: Piece, how: Gone, text: str, result: Vanished) -> None:
    sentence = f"{_NO_LONGER} {place_said(spec)}"
    result.lines += _comment(piece, sentence, text)
    field_name = _FIELDS.get(how)
    if field_name is None:
        result.notes.append(
            say("{key}: it is {sentence}, and stays as it is", key=spec.key, sentence=sentence)
        )
        return
    says = f"`{field_name}: true`"
    if getattr(spec.metadata, field_name):
        result.notes.append(
            say(
                "{key}: it is {sentence}; the manifest says {says} already",
                key=spec.key,
                sentence=sentence,
                says=says,
            )
        )
    elif field_name in piece.keys or not piece.block:
        result.notes.append(
            say(
                "{key}: it is {sentence}; {says} is for you to write there",
                key=spec.key,
                sentence=sentence,
                says=says,
            )
        )
    else:
        result.notes.append(
            say(
                "{key}: it is {sentence}; the manifest says {says} now",
                key=spec.key,
                sentence=sentence,
                says=says,
            )
        )
        lines = list(entry_lines(field_name, value=True, indent=piece.column))
        result.lines.append((_before_resources(piece), lines))
        metadata = (
            replace(spec.metadata, archived=True)
            if how is Gone.ARCHIVE
            else replace(spec.metadata, private=True)
        )
        result.changed[spec.key] = replace(spec, metadata=metadata)


def _before_resources(piece: Piece) -> int:
    """The offset of a line that is one of the dataset's own, and not the one with the dash."""
    offset = piece.keys.get("resources", piece.end)
    return offset if offset > piece.start else piece.end


def _tell_of_return(spec: DatasetSpec, piece: Piece, text: str, result: Vanished) -> None:
    says = [name for name in _FIELDS.values() if getattr(spec.metadata, name)]
    above = _comments_above(piece, text)
    if says and any(each.startswith(f"# {_NO_LONGER} ") for each in above):
        result.notes.append(
            say(
                "{key}: it is in {spec} again; take the comment and `{says}: true` away if it is "
                "to be as before",
                key=spec.key,
                spec=place_said(spec),
                says=says[0],
            )
        )


def _tell_of_resources(
    spec: DatasetSpec,
    piece: Piece,
    left: Iterable[ResourceSpec],
    text: str,
    result: Vanished,
) -> None:
    """Of what has an address alone: files beside the manifest are no catalogue's."""
    items = piece.entries["resources"].items if "resources" in piece.entries else []
    by_line = {item.line: item for item in items}
    for each in left:
        if address_of(each.source) is None:
            continue
        name = each.metadata.title or each.key
        result.notes.append(
            say(
                "{key}: '{name}' is not, or no longer, in {spec}",
                key=spec.key,
                name=name,
                spec=place_said(spec),
            )
        )
        item = by_line.get(each.place.line)
        if item is not None and piece.entries["resources"].block:
            result.lines += _comment(item, f"not, or no longer, in {place_said(spec)}", text)


def _comment(piece: Piece, sentence: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """The comment above an item of a list that begins a line, unless it is there already."""
    end = text.find("\n", piece.start)
    item = text[piece.start : end if end >= 0 else len(text)]
    line = comment(sentence, len(item) - len(item.lstrip(" ")))
    if item.lstrip(" ").startswith("-") and line.strip() not in _comments_above(piece, text):
        yield piece.start, [line]


def _comments_above(piece: Piece, text: str) -> Iterator[str]:
    """The comments right above a piece, the nearest first."""
    end = piece.start
    while end > 0:
        start = text.rfind("\n", 0, end - 1) + 1
        line = text[start:end].strip()
        if not line.startswith("#"):
            return
        yield line
        end = start


def _tell_of_unknown(
    datasets: Iterable[tuple[DatasetSpec, Piece]],
    left: dict[str, tuple[ResourceSpec, ...]],
    places: Collection[str],
    result: Vanished,
) -> None:
    """What was harvested when manifests did not say from where, and may be from here."""
    hosts = {place.partition("/")[0] for place in places}
    unknown = [
        spec.key
        for spec, _ in datasets
        if spec.key not in left
        and not place_said(spec)
        and (extras := spec.metadata.extras or {}).get(ID_EXTRA)
        and place_of(str(extras.get(PAGE_EXTRA, ""))).partition("/")[0] in hosts
    ]
    if unknown:
        more = say(" and {others} more", others=len(unknown) - _FEW) if len(unknown) > _FEW else ""
        result.notes.append(
            say(
                "not found, and the manifest does not say (by `harvest:source`) whether they were "
                "harvested from here: {unknown}{more}",
                unknown=", ".join(unknown[:_FEW]),
                more=more,
            )
        )
