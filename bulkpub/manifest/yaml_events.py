"""The structure of a YAML text, as a stream of events: quickly where that is sure, else carefully.

libyaml is twenty times as quick as ruamel.yaml, but it is YAML 1.1's, stops at the first thing it
does not like, and says so in other words. So it reads what both understand alike: whatever is
in doubt (a tag, an alias, a tab, a colon within brackets, any error) is ruamel's, which has the
last word. Both give events whose classes and fields have the same names.
"""

import re
from collections.abc import Iterator
from typing import Any

from bulkpub.manifest.nodes import Doubtful

__all__ = ["careful_events", "quick_events"]

_DOUBTFUL = re.compile(
    r"[\t\x85\u2028\u2029\ufeff]"  # line ends, and white space, of one version and not the other
    r"|^%|(?:^|[:,\[{]|[-?] ) *[&*!]"  # directives, anchors, aliases, tags
    r"|^(?:---|\.\.\.)"  # documents
    r"|[|>][-+0-9]*(?:#|[ ]*(?:#[^\r\n]*)?(?>\r\n|\r|\n)[ ]*[\r\n])",  # or nothing at first
    re.MULTILINE,
)
_SIGNS = (*"\t\x85\u2028\u2029\ufeff%&*!|>", "---", "...")
"""Nothing is in doubt, at first, without one of these."""
_DOUBTFUL_IN_FLOW = re.compile(r":(?![^\s,\[\]{}])|^[:?]|\n")


def quick_events(text: str) -> Iterator[Any]:
    """The events of `text`; raises `Doubtful`, at the beginning or on the way."""
    import yaml  # noqa: PLC0415 - only where YAML is read

    if not yaml.__with_libyaml__ or (
        any(map(text.__contains__, _SIGNS)) and _DOUBTFUL.search(text)
    ):
        raise Doubtful
    in_flow = 0
    try:
        parser: Any = yaml.cyaml.CParser(text)  # type: ignore[attr-defined] # the stubs leave it out
        while (event := parser.get_event()) is not None:
            match event:
                case yaml.ScalarEvent():
                    if not event.style and _doubtful(event.value, in_flow=in_flow > 0):
                        raise Doubtful
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    in_flow += in_flow > 0 or bool(event.flow_style)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    in_flow -= in_flow > 0
            yield event
    except (yaml.YAMLError, ValueError) as error:  # no text, too: half a character
        raise Doubtful from error


def _doubtful(plain: str, *, in_flow: bool) -> bool:
    """Whether the libraries may see another plain word there, or nothing at another place."""
    return not plain or (in_flow and _DOUBTFUL_IN_FLOW.search(plain) is not None)


def careful_events(text: str) -> Iterator[Any]:
    """The events of `text` by YAML 1.2; raises ruamel's `YAMLError`."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - only where it is needed

    yield from YAML(typ="safe", pure=True).parse(text)
