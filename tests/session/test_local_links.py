"""Links that nobody can follow from a public portal: a warning, and published all the same."""

import pytest

from bulkpub.core.model import DatasetSpec, LinkSource, Place, ResourceSpec, Source, UrlSource
from bulkpub.session.wanted import local_links
from tests.manifests import load


def dataset(*sources: Source) -> DatasetSpec:
    resources = (
        ResourceSpec(str(number), source, place=Place("m.yaml", number, 5))
        for number, source in enumerate(sources, 3)
    )
    return DatasetSpec("k", resources=tuple(resources))


LINKS = dataset(
    LinkSource("http://geo.intranet/a?token=abc"),
    LinkSource("https://example.org/b"),
    LinkSource("http://geo.intranet/c"),
    LinkSource("http://localhost:8080/d"),
    UrlSource("http://10.1.2.3/fetched.csv"),
)


@pytest.mark.parametrize("portal", [None, "www", "https://www.data.gouv.fr/api/1"])
def test_each_host_is_warned_of_once_at_its_first_link(portal: str | None) -> None:
    geo, machine = local_links([LINKS], portal)
    assert (geo.file, geo.line) == ("m.yaml", 3)
    assert geo.message == (
        "only its own network knows where http://geo.intranet/a leads (and 1 more to that host): "
        "nobody who sees the portal can follow the link"
    )
    assert machine.line == 6
    assert "http://localhost:8080/d leads: " in machine.message


@pytest.mark.parametrize(
    "portal",
    ["http://127.0.0.1:7000/api/1", "https://data.intranet/api/1", "http://udata:7000/api/1"],
)
def test_a_portal_of_a_private_network_may_well_have_such_links(portal: str) -> None:
    assert local_links([LINKS], portal) == ()


def test_a_warning_is_no_problem(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("m") / "m.yaml"
    path.write_text(
        "version: 1\norganization: o\ndatasets:\n- key: k\n  title: T\n  description: D\n"
        "  resources:\n  - {link: 'http://geo.intranet/a', title: A}\n",
        encoding="utf-8",
    )
    loaded = load([path])
    assert loaded.problems == ()
    (warning,) = local_links(loaded.datasets, loaded.portal)
    assert (warning.line, warning.column) == (8, 5)
