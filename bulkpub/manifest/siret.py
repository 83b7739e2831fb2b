"""SIRET: the number of an establishment in France, in whose name essential data is published."""

from bulkpub.language import say

__all__ = ["fails_luhn", "siret_fault"]

DIGITS = 14


def siret_fault(text: str) -> str:
    """Why this is no SIRET, in a sentence; empty when it may be one."""
    if len(text) == DIGITS and text.isascii() and text.isdecimal():
        return ""
    return say(
        "a SIRET has {digits} digits, without spaces, and '{text}' is none",
        digits=DIGITS,
        text=text[:40],
    )


def fails_luhn(text: str) -> bool:
    """Whether the check digit of a SIRET is another one than its digits give (Luhn's algorithm).

    That alone makes it no wrong one: La Poste's have another check, and the example in the
    official guide has none.
    """
    digits = [int(digit) for digit in reversed(text)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 != 0
