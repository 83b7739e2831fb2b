"""Figures as pictures: inline SVG, whose colours are those of the page it stands on.

The rule: pygal draws, and nothing of it but shapes, words and class names comes on the page:
neither style nor script nor id. What a shape stands for is its `<title>`.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import pygal  # type: ignore[import-untyped] # it comes without types
from defusedxml.ElementTree import fromstring
from pygal.style import Style  # type: ignore[import-untyped] # likewise

__all__ = ["bars", "lines", "lying_bars"]

# It looks for maps as plugins, in a way that Python warns of at any import that fails.
sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != "pygal"]

WIDTH, HEIGHT = 600, 280
LETTERS = 17
"""Pixels, at that width: readable still on a telephone, where it is drawn at two thirds."""
LABELS = 5
"""How many moments are written under a chart, or some less."""

_SVG = "{http://www.w3.org/2000/svg}"

Series = Sequence[tuple[str, str, Sequence[float | None]]]
"""The name of each series, its class, and its values."""


def bars(series: Series, labels: Sequence[str], alt: str, spelled: Callable[[float], str]) -> str:
    """Columns, those of several series on top of each other; `spelled` writes a value."""
    return _drawn(pygal.StackedBar, series, labels, alt, spelled, spacing=0)


def lines(series: Series, labels: Sequence[str], alt: str, spelled: Callable[[float], str]) -> str:
    """A line for each series; gaps where a value is None."""
    return _drawn(pygal.Line, series, labels, alt, spelled, show_dots=len(labels) == 1)


def lying_bars(
    series: Series, labels: Sequence[str], alt: str, spelled: Callable[[float], str]
) -> str:
    """A bar for each of `labels`, one below the other, the first on top."""
    upside_down = [(name, class_, values[::-1]) for name, class_, values in series]
    shape: dict[str, Any] = {"height": 70 + 30 * len(labels), "few": False, "ticks_at_most": 3}
    return _drawn(pygal.HorizontalBar, upside_down, labels[::-1], alt, spelled, **shape)


def _drawn(
    kind: Any,  # noqa: ANN401 - pygal comes without types
    series: Series,
    labels: Sequence[str],
    alt: str,
    spelled: Callable[[float], str],
    *,
    few: bool = True,
    ticks_at_most: int = 5,
    **more: object,
) -> str:
    style = Style(
        label_font_size=LETTERS,
        major_label_font_size=LETTERS,
        font_family="sans-serif",
    )
    chart = kind(
        **{
            "width": WIDTH,
            "height": HEIGHT,
            "style": style,
            "js": (),
            "disable_xml_declaration": True,
            "show_legend": False,  # the page has one, in words that can be read aloud
            "truncate_label": -1,
            "margin": 8,
            "margin_right": 28,  # half of the last label stands there
            "include_x_axis": True,
            "value_formatter": lambda value: "" if value is None else spelled(value),
            **more,
        }
    )
    tops = [sum(filter(None, each)) for each in zip(*(s[2] for s in series), strict=True)]
    ticks = ticks_of(max(tops, default=0.0), most=ticks_at_most)
    chart.y_labels, chart.range = ticks, (0, ticks[-1])
    chart.x_labels = list(labels)
    if few and len(labels) > LABELS:
        step = -(-len(labels) // LABELS)
        chart.x_labels_major = [each for n, each in enumerate(labels) if n % step == 0]
        chart.show_minor_x_labels = False
    for name, _, values in series:
        chart.add(name, list(values))
    return _as_markup(fromstring(chart.render()), [class_ for _, class_, _ in series], alt)


def ticks_of(top: float, *, most: int = 5) -> list[float]:
    """Round figures from 0 to `top` or a little more, few enough to be read."""
    power = 10.0 ** max(0, len(str(int(top / most))) - 1)
    step = next(each * power for each in (1, 2, 5, 10, 20) if each * power * most >= top)
    return [step * number for number in range(max(2, int(-(-top // step)) + 1))]


def _as_markup(drawing: Element, classes: Sequence[str], alt: str) -> str:
    """The drawing as a part of a page."""
    for each in list(drawing.iter()):
        _cleaned(each, classes)
    for each in [child for child in drawing if child.tag in {"defs", "title"}]:
        drawing.remove(each)  # pygal's own name
    drawing.set("role", "img")
    drawing.set("aria-label", alt)
    return tostring(drawing, encoding="unicode", short_empty_elements=True)


_DROPPED = frozenset({"style", "script", "desc"})
_KEPT_ATTRIBUTES = frozenset(
    {
        *("class", "d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy", "r"),
        *("rx", "ry", "transform", "viewBox", "points"),
    }
)


def _cleaned(element: Element, classes: Sequence[str]) -> None:
    tag = element.tag.removeprefix(_SVG)
    element.tag = tag
    for name in list(element.attrib):
        if name not in _KEPT_ATTRIBUTES:
            del element.attrib[name]
    words = element.get("class", "").split()
    for number, class_ in enumerate(classes):
        if f"color-{number}" in words or f"serie-{number}" in words:
            element.set("class", f"{element.get('class')} {class_}")
    told = [child.text or "" for child in element if child.tag.endswith("desc")]
    classes_told = [child.get("class", "") for child in element if child.tag.endswith("desc")]
    for child in [c for c in element if c.tag.removeprefix(_SVG) in _DROPPED]:
        element.remove(child)
    if tag == "g" and told:
        value = next((t for t, c in zip(told, classes_told, strict=True) if "value" in c), "")
        label = next((t for t, c in zip(told, classes_told, strict=True) if "x_label" in c), "")
        SubElement(element, "title").text = f"{label}: {value}" if label else value
