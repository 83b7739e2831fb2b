"""Writes manifests: what a harvest found, one dataset at a time, for a person to read and edit.

What is written can be loaded, and gives what was handed over. What no manifest can say (a tag
of two letters, an extra without a value) is left out, and a comment above the dataset says so.
A manifest without any dataset is none: loading it says that there is nothing to publish.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TextIO

import orjson

from bulkpub.core.model import DatasetSpec, Json
from bulkpub.core.rules import Rules
from bulkpub.manifest.speller import Shapes, Speller
from bulkpub.manifest.spelling import Spelled
from bulkpub.manifest.starting import with_lines_to_fill_in
from bulkpub.manifest.yaml_emit import comment as comment_line
from bulkpub.manifest.yaml_emit import entry_lines, list_item_lines, spread_lines

__all__ = ["LinesWriter", "ManifestWriter", "Writer"]


class Writer(ABC):
    """Writes a manifest to `out`: the header once, then one dataset after the other.

    `rules` are those of the portal it is for, `shapes` puts shapes into files beside it.
    """

    def __init__(self, out: TextIO, *, rules: Rules, shapes: Shapes | None = None) -> None:
        self._out = out
        self._rules = rules
        self._shapes = shapes
        self._speller = Speller(rules, shapes=shapes)
        self._fill_in = False
        self.count = 0
        """How many datasets were written."""

    def header(
        self,
        *,
        portal: str | None = None,
        organization: str | None = None,
        defaults: Mapping[str, Json] | None = None,
        comment: str | None = None,
        fill_in: bool = False,
    ) -> None:
        """Writes the top, `comment` above it; what it says is not repeated in the datasets.

        With `fill_in`, there are lines for what every dataset should say and these defaults do not.

        `defaults` are as in a manifest, only those that a dataset can undo with `null`
        (ValueError).
        """
        self._speller = Speller(self._rules, organization, defaults, shapes=self._shapes)
        self._fill_in = fill_in
        top: Spelled = {
            "version": 1,
            "portal": portal,
            "organization": organization,
            "defaults": dict(defaults or {}) or None,
        }
        self._write_top(
            {key: value for key, value in top.items() if value is not None}, comment or ""
        )

    def dataset(self, spec: DatasetSpec, notes: Sequence[str] = ()) -> tuple[str, ...]:
        """Writes one dataset, with the notes where there is a place for them.

        Returns all its notes: those given, then those on what could not be written. One with
        the id of an earlier dataset is not written at all.
        """
        spelled, more = self._speller.dataset(spec)
        said = (*notes, *more)
        self._write_dataset(spelled, said)
        self.count += spelled is not None
        return said

    @abstractmethod
    def _write_top(self, top: Spelled, comment: str) -> None: ...

    @abstractmethod
    def _write_dataset(self, spelled: Spelled | None, notes: Sequence[str]) -> None: ...


class ManifestWriter(Writer):
    """Writes YAML, with comments."""

    def _write_top(self, top: Spelled, comment: str) -> None:
        self._out.writelines(f"{comment_line(line, 0)}\n" for line in comment.splitlines())
        lines: list[str] = []
        for key, value in top.items():
            spread = self._fill_in and key == "defaults"
            lines += spread_lines(key, value) if spread else entry_lines(key, value, 0)
        lines.append("datasets:")
        if self._fill_in:
            of_top = {*top, "portal", "organization"}
            lines = with_lines_to_fill_in(lines, of_top, top.get("defaults", ()))
        self._out.writelines(f"{line}\n" for line in lines)

    def _write_dataset(self, spelled: Spelled | None, notes: Sequence[str]) -> None:
        if self.count:
            self._out.write("\n")
        self._out.writelines(f"{comment_line(note, 2)}\n" for note in notes)
        if spelled is not None:
            self._out.writelines(f"{line}\n" for line in list_item_lines(spelled, 2))


class LinesWriter(Writer):
    """Writes JSONL, one dataset a line; it has no place for comments."""

    def _write_top(self, top: Spelled, comment: str) -> None:  # noqa: ARG002 # no comments in JSON
        self._line(top)

    def _write_dataset(self, spelled: Spelled | None, notes: Sequence[str]) -> None:  # noqa: ARG002 # as above
        if spelled is not None:
            self._line(spelled)

    def _line(self, value: Spelled) -> None:
        self._out.write(orjson.dumps(value).decode() + "\n")
