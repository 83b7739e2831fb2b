"""What was measured, as values: they go into JSON and come back, and tables are made of them."""

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["At", "Results", "Row", "Run"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one command: its figures by name, or what went wrong.

    Seconds, bytes, and plain numbers; `tables.QUANTITIES` names them all.
    """

    figures: Mapping[str, float]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """All runs of one way at one step of a work; a `note` tells why there are none."""

    work: str
    step: str
    way: str
    runs: tuple[Run, ...] = ()
    note: str = ""

    @property
    def fault(self) -> str:
        """What went wrong; a row with a fault is no figure, however fast it was."""
        wrong = [run.fault for run in self.runs if run.fault]
        if not wrong:
            return ""
        some = f" in {len(wrong)} of {len(self.runs)} runs" if len(self.runs) > 1 else ""
        return f"FAILED{some}: {'; '.join(dict.fromkeys(wrong))}"

    def median(self, quantity: str) -> float | None:
        """The middle of its runs; None where nothing was measured, or a run failed."""
        values = [run.figures[quantity] for run in self.runs if quantity in run.figures]
        return statistics.median(values) if values and not self.fault else None


@dataclass(frozen=True, slots=True)
class At:
    """Where a figure is found."""

    work: str
    step: str
    way: str
    quantity: str


@dataclass(slots=True)
class Results:
    """Everything of one benchmark, and the machine it ran on."""

    machine: str
    quick: bool = False
    rows: list[Row] = field(default_factory=list)

    def works(self) -> list[str]:
        """The works that there are rows of, in the order of the rows."""
        return list(dict.fromkeys(row.work for row in self.rows))

    def of(self, work: str) -> list[Row]:
        """The rows of a work."""
        return [row for row in self.rows if row.work == work]

    def find(self, work: str, step: str, way: str) -> Row | None:
        """One row, if it was measured."""
        for row in self.rows:
            if (row.work, row.step, row.way) == (work, step, way):
                return row
        return None

    def value(self, at: At) -> float | None:
        """A median, if it was measured and nothing failed."""
        row = self.find(at.work, at.step, at.way)
        return row.median(at.quantity) if row else None

    def failed(self, at: At) -> bool:
        """Whether it was tried, and went wrong."""
        row = self.find(at.work, at.step, at.way)
        return row is not None and bool(row.fault)

    def merge(self, rows: Iterable[Row]) -> None:
        """Take over rows of works that were not measured this time."""
        own = set(self.works())
        self.rows += [row for row in rows if row.work not in own]

    def to_json(self) -> dict[str, Any]:
        """With the medians, for those who read it without this program."""
        rows = [asdict(row) | {"median": _medians(row), "fault": row.fault} for row in self.rows]
        return {"machine": self.machine, "quick": self.quick, "rows": rows}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Results":
        """What `to_json` gave."""
        rows = [
            Row(
                each["work"],
                each["step"],
                each["way"],
                tuple(Run(run["figures"], run["fault"]) for run in each["runs"]),
                each["note"],
            )
            for each in told["rows"]
        ]
        return cls(told["machine"], told["quick"], rows)


def _medians(row: Row) -> dict[str, float]:
    names = dict.fromkeys(name for run in row.runs for name in run.figures)
    medians = ((name, row.median(name)) for name in names)
    return {name: value for name, value in medians if value is not None}
