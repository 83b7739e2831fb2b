"""The options that several commands share: each with one name, as flag and as variable."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from bulkpub.cli.units import duration, share, size

__all__ = [
    "AllowMassDelete",
    "AllowPrivateSources",
    "CaFile",
    "ChunkAbove",
    "ChunkSize",
    "Concurrency",
    "GiveUpAfter",
    "HeaderLimit",
    "HeaderRemaining",
    "HeaderReset",
    "Insecure",
    "KeepGoing",
    "LogFormat",
    "Manifests",
    "MaxWait",
    "Portal",
    "Quiet",
    "QuotaReserve",
    "ReportFile",
    "Retries",
    "SpoolDir",
    "SpoolSize",
    "StateDir",
    "Timeout",
    "Uploads",
    "Verbose",
]

_PACE = "Pace and patience"
_OUTPUT = "Output"
_FETCHING = "Files fetched from elsewhere"

Manifests = Annotated[
    list[Path],
    typer.Argument(
        metavar="MANIFEST...", help="YAML, TOML, JSON, JSONL or CSV files: what should be there."
    ),
]
Portal = Annotated[
    str | None,
    typer.Option(
        "--portal",
        envvar="BULKPUB_PORTAL",
        metavar="www|demo|sandbox|URL",
        help="The portal; by default the one the manifest names.",
    ),
]
KeepGoing = Annotated[
    bool,
    typer.Option(
        "--keep-going",
        envvar="BULKPUB_KEEP_GOING",
        help="Publish the sound datasets although others have problems (exit code 1).",
    ),
]
AllowMassDelete = Annotated[
    bool,
    typer.Option(
        "--allow-mass-delete",
        envvar="BULKPUB_ALLOW_MASS_DELETE",
        help="Let `prune` delete more than half of a dataset's resources.",
    ),
]
Insecure = Annotated[
    bool,
    typer.Option(
        "--insecure",
        envvar="BULKPUB_INSECURE",
        help="Send the API key over plain http to another machine.",
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        envvar="BULKPUB_CA_FILE",
        exists=True,
        dir_okay=False,
        help="Trust the certificates in this file (PEM) besides the system's.",
        show_default="none",
    ),
]
StateDir = Annotated[
    Path | None,
    typer.Option(
        "--state-dir",
        envvar="BULKPUB_STATE_DIR",
        file_okay=False,
        help="Remember file hashes there, to be quicker next time; deleting it is always safe.",
        show_default="the user's state directory",
    ),
]
SpoolDir = Annotated[
    Path | None,
    typer.Option(
        "--spool-dir",
        envvar="BULKPUB_SPOOL_DIR",
        file_okay=False,
        help="Keep fetched files there until they are published.",
        show_default="the user's cache directory",
        rich_help_panel=_FETCHING,
    ),
]
SpoolSize = Annotated[
    int,
    typer.Option(
        "--spool-size",
        envvar="BULKPUB_SPOOL_SIZE",
        parser=size,
        metavar="SIZE",
        help="Keep at most so much there; fetching waits when it is full.",
        show_default="2GiB",
        rich_help_panel=_FETCHING,
    ),
]
AllowPrivateSources = Annotated[
    bool,
    typer.Option(
        "--allow-private-sources",
        envvar="BULKPUB_ALLOW_PRIVATE_SOURCES",
        help="Fetch also from addresses of private networks and of this machine.",
        rich_help_panel=_FETCHING,
    ),
]
Concurrency = Annotated[
    int,
    typer.Option(
        "--concurrency",
        envvar="BULKPUB_CONCURRENCY",
        min=1,
        max=64,
        help="Datasets worked on at once.",
        rich_help_panel=_PACE,
    ),
]
Uploads = Annotated[
    int,
    typer.Option(
        "--uploads",
        envvar="BULKPUB_UPLOADS",
        min=1,
        max=32,
        help="Uploads at once within one dataset.",
        rich_help_panel=_PACE,
    ),
]
ChunkSize = Annotated[
    int,
    typer.Option(
        "--chunk-size",
        envvar="BULKPUB_CHUNK_SIZE",
        parser=size,
        metavar="SIZE",
        help="Send large files in parts of this size.",
        show_default="16MiB",
        rich_help_panel=_PACE,
    ),
]
ChunkAbove = Annotated[
    int,
    typer.Option(
        "--chunk-above",
        envvar="BULKPUB_CHUNK_ABOVE",
        parser=size,
        metavar="SIZE",
        help="Files larger than this are sent in parts.",
        show_default="256MiB",
        rich_help_panel=_PACE,
    ),
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        envvar="BULKPUB_TIMEOUT",
        min=0.1,
        metavar="SECONDS",
        help="Wait so long for an answer, without any progress, before it counts as lost.",
        rich_help_panel=_PACE,
    ),
]
Retries = Annotated[
    int,
    typer.Option(
        "--retries",
        envvar="BULKPUB_RETRIES",
        min=0,
        max=100,
        help="Send a request again so often, when that is safe.",
        rich_help_panel=_PACE,
    ),
]
QuotaReserve = Annotated[
    float,
    typer.Option(
        "--quota-reserve",
        envvar="BULKPUB_QUOTA_RESERVE",
        parser=share,
        metavar="PERCENT",
        help="Leave this share of the quota to others who use the same key.",
        show_default="5%",
        rich_help_panel=_PACE,
    ),
]
MaxWait = Annotated[
    float | None,
    typer.Option(
        "--max-wait",
        envvar="BULKPUB_MAX_WAIT",
        parser=duration,
        metavar="DURATION",
        help="Stop (exit code 4) rather than wait longer than this for the quota.",
        show_default="as long as it takes",
        rich_help_panel=_PACE,
    ),
]
GiveUpAfter = Annotated[
    float,
    typer.Option(
        "--give-up-after",
        envvar="BULKPUB_GIVE_UP_AFTER",
        parser=duration,
        metavar="DURATION",
        help="Stop (exit code 4) when the portal has been down for this long.",
        show_default="10m",
        rich_help_panel=_PACE,
    ),
]
_HEADER = "The header in which the portal tells"
HeaderLimit = Annotated[
    str,
    typer.Option(
        "--header-limit",
        envvar="BULKPUB_HEADER_LIMIT",
        help=f"{_HEADER} its rate limit.",
        rich_help_panel=_PACE,
    ),
]
HeaderRemaining = Annotated[
    str,
    typer.Option(
        "--header-remaining",
        envvar="BULKPUB_HEADER_REMAINING",
        help=f"{_HEADER} how many requests are left.",
        rich_help_panel=_PACE,
    ),
]
HeaderReset = Annotated[
    str,
    typer.Option(
        "--header-reset",
        envvar="BULKPUB_HEADER_RESET",
        help=f"{_HEADER} when the count begins anew.",
        rich_help_panel=_PACE,
    ),
]
ReportFile = Annotated[
    str,
    typer.Option(
        "--report",
        envvar="BULKPUB_REPORT",
        metavar="FILE",
        help="Write the JSON report there; '-' for stdout.",
        rich_help_panel=_OUTPUT,
    ),
]
LogFormat = Annotated[
    Literal["human", "json"],
    typer.Option(
        "--log-format",
        envvar="BULKPUB_LOG_FORMAT",
        help="Logs on stderr: for people, or one JSON object a line.",
        rich_help_panel=_OUTPUT,
    ),
]
Verbose = Annotated[
    int,
    typer.Option(
        "-v",
        "--verbose",
        count=True,
        metavar="",
        help="Log every file; twice: every request.",
        rich_help_panel=_OUTPUT,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "-q",
        "--quiet",
        help="No progress, only errors and the summary.",
        rich_help_panel=_OUTPUT,
    ),
]
