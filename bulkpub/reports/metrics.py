"""The figures of a run as Prometheus' text files have them, for node_exporter's textfile collector.

The rule: every metric is a gauge of the last run, labelled by its manifests and its portal, so that
two nightly runs on one machine write two files of the same metrics. One number says whether to
worry: `bulkpub_last_run_exit_code`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from bulkpub.core.report import RunReport

__all__ = ["metrics_of"]


def metrics_of(report: RunReport) -> Iterator[bytes]:
    """The text, piece by piece."""
    run, totals = report.run, report.totals
    labels = {"portal": run.portal, "manifest": ",".join(run.manifests)}
    yield _gauge("exit_code", "How the last run ended.", labels, run.exit_code)
    yield _gauge(
        "timestamp_seconds", "When the last run ended.", labels, run.finished_at.timestamp()
    )
    yield _gauge("duration_seconds", "How long the last run took.", labels, run.duration_s)
    for name, counts, what in (
        ("files", asdict(totals.resources), "Files of the last run"),
        ("datasets", asdict(totals.datasets), "Datasets of the last run"),
    ):
        values = [({**labels, "status": status}, number) for status, number in counts.items()]
        yield _gauges(name, f"{what}, by what became of them.", values)
    for name, number, what in (
        ("uploaded_bytes", totals.bytes.uploaded, "Bytes that the last run sent."),
        ("spared_bytes", totals.bytes.spared, "Bytes that needed no sending."),
        ("requests", totals.requests.total, "Requests that the last run sent."),
        ("retried_requests", totals.requests.retried, "Requests that were sent again."),
        ("quota_wait_seconds", totals.waited_s.quota, "How long it waited for the quota."),
    ):
        yield _gauge(name, what, labels, number)
    quotas = [
        ({**labels, "portal": each.portal}, each.rate_limit.remaining) for each in run.destinations
    ] or [(labels, report.rate_limit.remaining)]
    if told := [(each, left) for each, left in quotas if left is not None]:
        yield _gauges("quota_remaining", "Requests that the quota had left.", told)


def _gauge(name: str, what: str, labels: dict[str, str], value: float) -> bytes:
    return _gauges(name, what, [(labels, value)])


def _gauges(name: str, what: str, values: Sequence[tuple[dict[str, str], float]]) -> bytes:
    full = f"bulkpub_last_run_{name}"
    lines = [f"# HELP {full} {what}", f"# TYPE {full} gauge"]
    for labels, value in values:
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{full}{{{told}}} {value:.15g}")
    return "".join(f"{line}\n" for line in lines).encode(errors="replace")


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
