"""What comes from outside, as it is shown.

The rule: a message of a portal, a cell of a table, a name in a catalogue is never repeated
longer than people read; how long it was is said. Values that are published are never cut.
"""

from functools import partial

from bulkpub.language import after

__all__ = ["LONGEST", "LONGEST_SENTENCE", "bounded"]

LONGEST = 300
"""Characters of what comes from outside that are shown at most."""
LONGEST_SENTENCE = 2 * LONGEST
"""Characters of a sentence of ours that repeats such things, whatever they were."""


def bounded(text: str, most: int = LONGEST) -> str:
    """`text` in at most `most` characters; one that is longer loses its middle.

    Its length is said in the gap. Both ends are kept: a sentence of ours ends with what to do.
    """
    return text if len(text) <= most else after(text, partial(_cut, most))


def _cut(most: int, text: str) -> str:
    if len(text) <= most:
        return text
    gap = f" … ({len(text):,} characters) … "
    end = most // 4
    return f"{text[: most - end - len(gap)]}{gap}{text[-end:]}"
