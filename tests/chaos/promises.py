"""What a broken promise is."""

__all__ = ["Wrong", "hold"]


class Wrong(AssertionError):
    """A promise that was broken; the first word says which: duplicate, loss, or state."""


def hold(truth: object, sentence: str) -> None:
    """Raise `Wrong`, with the sentence, unless it is true."""
    if not truth:
        raise Wrong(sentence)
