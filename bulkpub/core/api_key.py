"""What an API key looks like; it is never shown."""

__all__ = ["can_be_key"]


def can_be_key(text: str) -> bool:
    """Whether an API key can look so: no white space, no line ends, nothing that has no shape."""
    return text.isascii() and text.isprintable() and " " not in text
