"""A run to watch: a clock that moves when told to, and the events of a run in short."""

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

import pytest
from rich.console import Console


@dataclass(slots=True)
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_console() -> Callable[..., Console]:
    def make(width: int = 80, height: int = 25, *, terminal: bool = True) -> Console:
        return Console(
            file=StringIO(),
            width=width,
            height=height,
            force_terminal=terminal,
            legacy_windows=False,
            color_system="standard" if terminal else None,
        )

    return make
