"""The words of all datasets that only the portal can judge, each once.

Most manifests use few of them, over and over: when the portal knows them all, no dataset has to be
looked at one by one.
"""

from bulkpub.core.model import DatasetMetadata, DatasetSpec, FileSource, UrlSource, is_sent
from bulkpub.core.rules import Rules, Vocabulary
from bulkpub.pipeline.judged import Told, kept_license
from bulkpub.portals import Portal
from bulkpub.sources.file_names import told_by_address

__all__ = ["Words"]


class Words:
    """What is to be judged, as `Vocabulary` sorts it; `rules` are those of the manifest's reader.

    `names` has a file name for each ending, as far as nothing else of it matters to a portal.
    `has_schemas`: some resource follows one. `odd_name`: a file has a name that the rules refuse.
    `sends`: there is a file to be sent. `community`: some are put beside another's dataset.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.said: dict[Vocabulary, set[str]] = {
            Vocabulary.LICENSES: set(),
            Vocabulary.FREQUENCIES: set(),
            Vocabulary.RESOURCE_TYPES: set(),
        }
        self.names: dict[str, str] = {}
        self.has_schemas = False
        self.odd_name = False
        self.sends = False
        self.community = False

    def add(self, spec: DatasetSpec) -> None:
        """Take note of what `spec` says."""
        said, metadata = self.said, spec.metadata
        self.community = self.community or spec.community
        if metadata.license:
            said[Vocabulary.LICENSES].add(metadata.license)
        if metadata.frequency:
            said[Vocabulary.FREQUENCIES].add(metadata.frequency)
        types = said[Vocabulary.RESOURCE_TYPES]
        for entry in spec.resources:
            if entry.metadata.type:
                types.add(entry.metadata.type)
            if entry.metadata.schema is not None:
                self.has_schemas = True
            match entry.source:
                case FileSource() as source:  # the reader has seen whether it can have its name
                    self.sends, name = True, source.name
                    self.names.setdefault(_ending(name), name)
                case UrlSource(url=url):
                    self.sends = True
                    if name := told_by_address(url):
                        self.names.setdefault(_ending(name), name)
                        self.odd_name = self.odd_name or bool(self.rules.file_fault(name))
                case source:
                    self.sends = self.sends or is_sent(source)

    def needs(self, which: Vocabulary) -> bool:
        """Whether the portal has to be asked for this vocabulary."""
        return self.sends if which is Vocabulary.EXTENSIONS else bool(self.said.get(which))

    def are_known(self, portal: Portal, told: Told) -> bool:
        """Whether there is surely nothing wrong with any of them, by what the portal told."""
        rules, said = portal.rules, self.said
        if self.odd_name or self.has_schemas or self.community:
            return False
        if self.rules != rules or not rules.holds_all:
            return False
        kept = {
            rules.normalized(DatasetMetadata(frequency=each), told.words).frequency or ""
            for each in said[Vocabulary.FREQUENCIES]
        }
        licenses = {kept_license(each, told) or "" for each in said[Vocabulary.LICENSES]}
        judged = {**said, Vocabulary.FREQUENCIES: kept, Vocabulary.LICENSES: licenses}
        extensions = told.words.get(Vocabulary.EXTENSIONS)
        refused = extensions is not None and any(
            portal.file_refusal(name, extensions) for name in self.names.values()
        )
        return not refused and all(
            words <= told.words[which] for which, words in judged.items() if which in told.words
        )


def _ending(name: str) -> str:
    """What of a file's name tells its extension: what comes after the last dot, or all of it."""
    plain = name[0].isascii() and name[0].isalnum()
    return name[name.rfind(".") :] if plain and "." in name else name
