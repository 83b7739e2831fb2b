from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkpub.manifest.templates import FileFacts, Template, TemplateFault

FACTS = FileFacts(
    "rapport final.tar.gz", "archives", 7, datetime(2024, 3, 5, 23, 59, tzinfo=UTC).timestamp()
)


@pytest.mark.parametrize(
    ("template", "title"),
    [
        ("", ""),
        ("Rapport", "Rapport"),
        ("{name}", "rapport final.tar.gz"),
        ("{stem}", "rapport final.tar"),
        ("{suffix}", "gz"),
        ("{parent}", "archives"),
        ("{index}", "7"),
        ("{index:3}", "  7"),
        ("{index:03}", "007"),
        ("{index:03d}", "007"),
        ("{mtime}", "2024-03-05"),
        ("{mtime:%Y-%m}", "2024-03"),
        ("{mtime:%d/%m/%y à %H:%M:%S}", "05/03/24 à 23:59:00"),
        ("{mtime:100 %%}", "100 %"),
        ("{{{index}}}", "{7}"),
        ("{{name}}", "{name}"),
        ("a {stem} b {index} c", "a rapport final.tar b 7 c"),
    ],
)
def test_a_template_says_what_a_file_is(template: str, title: str) -> None:
    assert Template(template).render(FACTS) == title


@pytest.mark.parametrize("name", ["README", ".csv"])
def test_a_name_without_suffix_has_an_empty_one(name: str) -> None:
    assert Template("{stem}|{suffix}").render(FileFacts(name)) == f"{name}|"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{", "there is a '{' without its partner"),
        ("}", "there is a '}' without its partner"),
        ("{name", "there is a '{' without its partner"),
        ("{name}}", "there is a '}' without its partner"),
        ("{na{me}}", "there is a '{' without its partner"),
        ("{}", "the placeholder {} is not known; the known ones are {name}, {stem}"),
        ("{titel}", "the placeholder {titel} is not known"),
        ("{0}", "the placeholder {0} is not known"),
        ("{ name }", "the placeholder { name } is not known"),
        ("{name.__class__}", "the placeholder {name.__class__} is not known"),
        ("{name[0]}", "the placeholder {name[0]} is not known"),
        ("{name!r}", "the placeholder {name!r} is not known"),
        ("{name:>10}", "in {name:>10}, nothing can follow the name"),
        ("{index:999}", "in {index:999}, only a width can follow, as in {index:03}"),
        ("{index:x}", "in {index:x}, only a width can follow, as in {index:03}"),
        ("{mtime:%B}", "in {mtime:%B}, only %Y %m %d"),
        ("{mtime:%}", "in {mtime:%}, only %Y %m %d"),
    ],
)
def test_a_wrong_template_is_explained(template: str, message: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        Template(template)
    assert str(caught.value).startswith(message)


def test_a_time_no_calendar_has_is_a_fault() -> None:
    with pytest.raises(TemplateFault, match="not a date that exists"):
        Template("{mtime}").render(FileFacts("a.csv", mtime=1e18))


@given(
    st.lists(
        st.sampled_from(["{", "}", "name", "mtime", ":", "%", "Y", "!r", "[0]", "index", "03", "é"])
    ),
    st.floats(),
)
def test_a_template_never_raises_anything_else(pieces: list[str], mtime: float) -> None:
    try:
        title = Template("".join(pieces)).render(FileFacts("a.csv", "f", 1, mtime))
    except TemplateFault as error:
        assert str(error)  # noqa: PT017 # one of the two allowed ends
    else:
        assert isinstance(title, str)
