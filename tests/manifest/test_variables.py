"""Variables: what is put into texts when a manifest is read, and what is no variable."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bulkpub.core.model import DatasetMetadata, DatasetSpec, TemporalCoverage
from bulkpub.manifest import Given, given_fault
from bulkpub.manifest.variables import Values, escaped, filled
from tests.every_field import document
from tests.manifests import Loaded, load, parse

VALUES = Values(
    {
        "count": "42",
        "first_date": "2025-03-03",
        "last": "2026-11-20T08:30:00Z",
        "braces": "{today}",
        "today": "2026-01-31",
    },
    date(2026, 1, 31),
)
AT = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("{count} services", "42 services"),
        ("{count:05}", "00042"),
        ("{today}", "2026-01-31"),
        ("{today:%d/%m/%Y}", "31/01/2026"),
        ("{first_date:%d/%m/%Y}{last:%Y}", "03/03/20252026"),
        ("{{count}}", "{count}"),
        ("{{{count}}}", "{{count}}"),
        ("{{count}", "{42"),
        ("{braces}", "{today}"),
        ('{"count": 1}', '{"count": 1}'),
        ("{ count }", "{ count }"),
        ("{}", "{}"),
        ("{1}", "{1}"),
        ("{a b}", "{a b}"),
        ("{https://x}", "{https://x}"),
    ],
)
def test_what_a_text_becomes(text: str, becomes: str) -> None:
    assert filled(text, VALUES) == becomes


@given(st.text("{}count:%Y today_0", max_size=30))
def test_what_is_escaped_is_the_text_itself(text: str) -> None:
    assert filled(escaped(text), VALUES) == text


def read(header: str, dataset: str, **more: Any) -> Loaded:
    text = {"organization": "o", **_yaml(header)}
    text["datasets"] = [{"key": "k", "title": "T", "description": "D", **_yaml(dataset)}]
    return parse(text, given=Given(more.pop("given", {}), AT), **more)


def _yaml(text: str) -> Any:
    return YAML(typ="safe").load(text) or {}


def metadata(header: str, dataset: str, **more: Any) -> DatasetMetadata:
    loaded = read(header, dataset, **more)
    assert loaded.problems == ()
    return loaded.datasets[0].metadata


# --- where they come from -----------------------------------------------------------------


def test_a_datasets_own_come_before_the_defaults_and_those_at_the_top() -> None:
    header = "{vars: {a: top, b: top, c: top}, defaults: {vars: {b: default, c: default}}}"
    said = metadata(header, "{vars: {c: own}, description: '{a} {b} {c}'}")
    assert said.description == "top default own"


def test_who_starts_the_run_comes_first(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text('{"a": "file", "b": "file", "c": "file", "d": [1], "e-f": 1}')
    said = metadata(
        "{vars_file: f.json}",
        "{vars: {b: vars, c: vars}, description: '{a} {b} {c}'}",
        base=tmp_path,
        given={"c": "given"},
    )
    assert said.description == "file vars given"


def test_null_takes_a_variable_away() -> None:
    (problem,) = read("{vars: {a: 1}}", "{vars: {a: null}, description: '{a}'}").problems
    assert problem.message.startswith("there is no variable 'a'")


@pytest.mark.parametrize(
    ("zone", "day"), [("", "2026-01-31"), ("timezone: Europe/Paris", "2026-02-01")]
)
def test_it_is_today_in_the_time_zone_of_the_manifest(zone: str, day: str) -> None:
    said = metadata(zone, "{description: '{today}', temporal_coverage: {start: 2024, end: today}}")
    assert said.description == day
    assert said.temporal_coverage == TemporalCoverage(date(2024, 1, 1), date.fromisoformat(day))


def test_today_can_be_another_day() -> None:
    said = metadata(
        "timezone: Europe/Paris",
        "{description: '{today:%d/%m}', temporal_coverage: {start: today, end: today}}",
        given={"today": "2024-02-29"},
    )
    assert said.description == "29/02"
    assert said.temporal_coverage == TemporalCoverage(date(2024, 2, 29), date(2024, 2, 29))


# --- where they stand ---------------------------------------------------------------------


def test_they_stand_in_every_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n")
    (tmp_path / "d.md").write_text("Fichier {x}, {{x}}\n")
    loaded = read(
        "vars: {x: 7}",
        """
title: T {x}
description: null
description_file: d.md
description_short: S {x}
acronym: A{x}
extras: {a: "{x}", b: {c: ["{x}", 1, "{{x}}"]}, "{x}": 1}
temporal_coverage: {start: "202{x}", end: "{x}"}
vars: {x: 4}
resources:
- {path: a.csv, title: "{stem} {x} {{x}}", description: "D {x}", extras: {a: "{x}"}}
- {link: "https://x/{x}", title: "{x} {{stem}}", description: "{x}"}
""".replace(', end: "{x}"', ""),
        base=tmp_path,
    )
    assert loaded.problems == ()
    (dataset,) = loaded.datasets
    said = dataset.metadata
    assert (said.title, said.description_short, said.acronym) == ("T 4", "S 4", "A4")
    assert said.description == "Fichier 4, {x}"
    assert said.extras == {"a": "4", "b": {"c": ["4", 1, "{x}"]}, "{x}": 1}
    assert said.temporal_coverage == TemporalCoverage(date(2024, 1, 1))
    file, link = dataset.resources
    assert (file.metadata.title, file.metadata.description) == ("a 4 {x}", "D 4")
    assert file.metadata.extras == {"a": "4"}
    assert (link.metadata.title, link.metadata.description) == ("4 {stem}", "4")
    assert link.source.shown == "https://x/{x}"


def test_of_a_moment_a_period_takes_the_day() -> None:
    said = metadata(
        "vars: {last: '2026-11-20T08:30:00Z'}",
        "temporal_coverage: {start: '{last}', end: '{last:%Y-%m}'}",
    )
    assert said.temporal_coverage == TemporalCoverage(date(2026, 11, 20), date(2026, 11, 30))


# --- what is wrong ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dataset", "sentence"),
    [
        ("description: '{cuont}'", "there is no variable 'cuont' (did you mean 'count'?); for"),
        ("description: '{x}'", "there is no variable 'x'; there are today, count; for the text"),
        ("description: '{stem}'", "{stem} is only known of files, in their 'title', 'key' and"),
        ("extras: {a: ['{tody}']}", "there is no variable 'tody' (did you mean 'today'?)"),
        ("description: '{count:%Y}'", "in {count:%Y}, 'count' is '42', which is no day"),
        ("description: '{today:%d %B}'", "in {today:%d %B}, only %Y %m %d %H"),
        ("temporal_coverage: {start: '{frist}'}", "there is no variable 'frist'"),
        ("vars: {name: a}", "no variable can be called 'name': that is the file's own"),
        ("vars: {first-date: a}", "no variable can be called 'first-date': write letters"),
        ("vars: {a: [1]}", "the variable 'a' must be text or a number, not a list"),
        ("vars: {a: true}", "the variable 'a' must be text or a number, not true"),
        ("vars: [a]", "'vars' must be a mapping of names and values, not a list"),
        ("vars: {today: tomorrow}", "'today' must be a day, as in 2024-01-31, not 'tomorrow'"),
        ("timezone: Europe/Pariss", "'timezone' must be one such as Europe/Paris, not"),
        ("timezone: ../x", "'timezone' must be one such as Europe/Paris, not '../x'"),
        ("vars_file: none.json", "the file of variables none.json does not exist"),
        ("vars_file: .", "the file of variables . is a folder"),
        ("vars_file: list.json", "the file of variables list.json must hold a JSON object"),
        ("vars_file: latin.json", "the file of variables latin.json is not UTF-8 text"),
        ("vars_file: broken.json", "this is not JSON"),
        ("description_file: d.md", "in the description file d.md, there is no variable 'x'"),
        ("resources: [{link: 'https://x/', title: '{x}'}]", "there is no variable 'x'"),
        ("resources: [{path: d.md, title: '{cuont}'}]", "there is no variable 'cuont' (did"),
        ("resources: [{path: d.md, title: '{nome}'}]", "the placeholder {nome} is not known"),
    ],
)
def test_what_is_wrong_is_said_once(dataset: str, sentence: str, tmp_path: Path) -> None:
    for name, text in {
        "d.md": b"{x}",
        "list.json": b"[]",
        "latin.json": b"\xe9",
        "broken.json": b"{",
    }.items():
        (tmp_path / name).write_bytes(text)
    if "description_file" in dataset:
        dataset += "\ndescription: null"
    (problem,) = read("vars: {count: 42}", dataset, base=tmp_path).problems
    assert sentence in problem.message


def test_a_fault_in_a_file_of_variables_has_its_place(tmp_path: Path) -> None:
    (tmp_path / "stats.json").write_text('{"a": 1,\n "b": }')
    (problem,) = read("vars_file: stats.json", "{}", base=tmp_path).problems
    assert (problem.file, problem.line) == (str(tmp_path / "stats.json"), 2)
    assert problem.dataset is None or problem.dataset == "k"


def test_what_is_wrong_in_a_default_is_one_problem(write: Callable[..., Path]) -> None:
    manifest = write(
        "m.yaml",
        "organization: o\nvars_file: none.json\ndefaults: {description: '{x}'}\n"
        "datasets:\n- {key: a, title: A}\n- {key: b, title: B}\n",
    )
    assert [each.line for each in load([manifest]).problems] == [2, 3]


def test_a_title_that_changes_needs_a_key() -> None:
    loaded = parse(
        {
            "organization": "o",
            "datasets": [
                {"title": "T {today}", "description": "D"},
                {"title": "U {today}", "description": "D", "key": "u"},
                {"title": "V {today}", "id": "v"},
                {"title": "W {{today}} {}", "description": "D"},
            ],
        }
    )
    assert [each.message for each in loaded.problems] == [
        "a title with variables changes with them: give the dataset a 'key'"
    ]


def test_variables_are_put_in_before_lengths_are_looked_at() -> None:
    (problem,) = read("vars: {x: " + "y" * 351 + "}", "title: '{x}'").problems
    assert problem.message == "'title' has 351 characters; the portal takes 350 at most"


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ({"today": "x"}, "'today' must be a day, as in 2024-01-31, not 'x'"),
        ({"stem": "x"}, "no variable can be called 'stem': that is the file's own"),
        ({"a b": "x"}, "no variable can be called 'a b'"),
        ({"today": "2024-01-31", "a": ""}, ""),
    ],
)
def test_what_cannot_be_given(given_: dict[str, str], sentence: str) -> None:
    fault = given_fault(given_)
    assert sentence in fault if sentence else not fault


def test_a_spec_with_braces_is_written_so_that_it_is_read_as_it_was() -> None:
    text = "{id}, {{id}}, {today}, {a b} and {'"
    spec = DatasetSpec(
        "k",
        DatasetMetadata(title=text, description=text, extras={"a": [text, {"b": text}]}),
        organization="o",
    )
    (loaded,) = parse(document(spec)).datasets
    assert loaded.metadata == spec.metadata


# --- tags of releases ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "dataset", "tag"),
    [
        ("", "", ""),
        ("{defaults: {release_tag: 'v-{key}'}}", "", "v-k"),
        (
            "{defaults: {release_tag: 'v-{key}'}}",
            "{release_tag: '{key}-{today}-{x}', vars: {x: 1}}",
            "k-2026-01-31-1",
        ),
        ("", "{release_tag: '{today:%Y.%m}', vars: {key: other}}", "2026.01"),
        ("", "{release_tag: '{key}', vars: {key: other}}", "k"),
        ("", "{release_tag: '{{key}}'}", "{key}"),
    ],
)
def test_the_tag_of_a_release_is_a_text_with_variables(header: str, dataset: str, tag: str) -> None:
    loaded = read(header, dataset)
    assert loaded.problems == ()
    assert loaded.datasets[0].release_tag == tag


def test_an_unknown_variable_in_a_tag_is_a_problem() -> None:
    (problem,) = read("", "{release_tag: '{kez}'}").problems
    assert "there is no variable 'kez'; there are today, key" in problem.message
