"""What a new manifest leaves to be filled in: lines for people, each with what may stand there.

A line is a comment until somebody takes its `#` away; what it shows is sound then.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from bulkpub.language import in_language, say

__all__ = ["TO_FILL_IN", "fill_in_lines", "with_lines_to_fill_in"]

TO_FILL_IN = {
    "license": ("lov2", say("the licence, for what others may do: lov2, fr-lo, odc-odbl, cc-by…")),
    "frequency": (
        "annual",
        say("how often it is updated: daily, weekly, monthly, annual, irregular…"),
    ),
}
"""Keys that every dataset should have, with an example and what to write."""
_WIDTH = 30


def fill_in_lines(said: Collection[str], indent: int = 2) -> Iterator[str]:
    """A line for each of `TO_FILL_IN` that is not said."""
    yield from (_line(key, *TO_FILL_IN[key], indent) for key in TO_FILL_IN if key not in said)


def with_lines_to_fill_in(
    lines: Sequence[str],
    said: Collection[str],
    defaults: Collection[str],
    top: Mapping[str, tuple[str, str]] | None = None,
) -> list[str]:
    """The lines of a manifest in YAML, and those to be filled in where it says nothing.

    `said` are the keys of its top, `defaults` those in its defaults; `top` are keys that it should
    have at its top, as in `TO_FILL_IN`.
    """
    top = top or {}
    out: list[str] = []
    for line in lines:
        if line == "datasets:":
            out += (_line(key, *top[key], 0) for key in top if key not in said)
            out += [] if "defaults" in said else ["defaults:", *fill_in_lines(())]
        out.append(line)
        if line == "defaults:":
            out += fill_in_lines(defaults)
    return out


def _line(key: str, example: str, about: str, indent: int) -> str:
    return f"{' ' * indent}{f'# {key}: {example}':<{_WIDTH}}  # {in_language(about)}"
