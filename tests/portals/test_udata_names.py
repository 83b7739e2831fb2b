"""Which names of files a udata takes: most are seen to be sound at a glance."""

from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from bulkpub.portals.udata import names


class _Nothing:
    @staticmethod
    def fullmatch(_name: str) -> None:
        return None


@given(st.text("aZ09_-. é", max_size=12) | st.text(max_size=8))
@example("a.csv")
@example("_.csv")
@example("a_.-")
def test_what_is_seen_at_a_glance_is_what_a_longer_look_finds(name: str) -> None:
    at_a_glance = names.name_fault(name)
    with patch.object(names, "_USUAL", _Nothing):
        assert names.name_fault(name) == at_a_glance


def test_the_usual_name_needs_no_longer_look() -> None:
    with patch.object(names, "extension_of", side_effect=AssertionError):
        assert names.name_fault("counts-2024_01.csv") == ""
