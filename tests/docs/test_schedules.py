"""What a user copies to publish by the clock or from a CI system works, as far as it can be tried.

Windows' Task Scheduler, GitHub and GitLab are not here: of theirs the commands, inputs and names
are held, and the scripts run.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bulkpub.reports.metrics import metrics_of
from tests.docs.test_documented_commands import faults_of, fences
from tests.reports.examples import report

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how-to"
MACHINES = HOW_TO / "cron-systemd-windows.md"

MANIFEST = """\
version: 1
datasets:
  - {key: a, title: A, description: A., personal: true, resources: [{path: a.csv}]}
"""


def documents(text: str) -> list[Any]:
    return list(YAML(typ="safe", pure=True).load_all(text))


def ran(script: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """What a script of a shell comes to, with nothing in its environment but `env`."""
    return subprocess.run(  # noqa: S603 - our own scripts
        ["/bin/bash", "-c", script],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def program(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


# --- cron ---------------------------------------------------------------------------------


@pytest.mark.served
def test_the_line_for_cron_is_silent_unless_it_fails(tmp_path: Path) -> None:
    (text,) = [each for each in fences(MACHINES, "text") if "MAILTO" in each]
    (line,) = [each for each in text.splitlines() if re.match(r"\d", each)]
    assert not re.search(r"(?<!\\)%", line), "a line ends there, for cron"
    command = line.split(maxsplit=5)[5].replace("/srv/opendata", shlex.quote(str(tmp_path)))
    body = f'exec "{sys.executable}" -m bulkpub "$@"'
    program(tmp_path / "venv" / "bin" / "bulkpub", body)
    (tmp_path / "nightly.yaml").write_text(MANIFEST)
    (tmp_path / "a.csv").write_text("a;b\n")
    portal = "BULKPUB_PORTAL=memory://cron\nBULKPUB_API_KEY=any\n"
    (tmp_path / ".env").write_text(f"{portal}BULKPUB_STATE_DIR={tmp_path}/state\n")
    (tmp_path / ".env").chmod(0o600)
    # Cron's, and the way to a checkout that is not installed.
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    fine = ran(command, Path("/"), **env)
    assert (fine.stdout, fine.stderr) == ("", "")
    assert (tmp_path / "bulkpub-report.json").exists()
    (tmp_path / "a.csv").write_text("")
    failed = ran(command, Path("/"), **env)
    assert "the file is empty" in failed.stdout


# --- systemd ------------------------------------------------------------------------------


@pytest.mark.served
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    names = []
    for unit in fences(MACHINES, "ini"):
        names.append(re.findall(r"/([\w.]+)$", unit.splitlines()[0])[0])
        here = unit.replace("/srv/opendata/venv/bin/bulkpub", "/bin/true")
        (tmp_path / names[-1]).write_text(here)
    assert names == ["bulkpub.service", "bulkpub.timer"]
    paths = [str(tmp_path / name) for name in names]
    done = ran(shlex.join(["systemd-analyze", "verify", *paths]), tmp_path, PATH=os.environ["PATH"])
    ours = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_the_commands_that_clocks_start_exist() -> None:
    units = "\n".join(fences(MACHINES, "ini"))
    (started,) = re.findall(r"^ExecStart=/srv/opendata/venv/bin/(.*)$", units, re.MULTILINE)
    assert faults_of(started) == []
    (windows,) = fences(MACHINES, "powershell")
    (argument,) = re.findall(r'-Argument "(.*?)"', windows)
    assert faults_of(f"bulkpub {argument}") == []


def test_the_alert_asks_for_figures_that_there_are() -> None:
    there = set(re.findall(r"bulkpub_\w+", b"".join(metrics_of(report())).decode()))
    (alert,) = [each for each in fences(MACHINES, "yaml") if "alert:" in each]
    asked = set(re.findall(r"bulkpub_\w+", alert))
    assert asked
    assert asked <= there


# --- GitHub -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def action() -> Any:
    return documents((ROOT / "action.yml").read_text())[0]


def test_the_action_asks_for_what_it_declares_and_hands_nothing_into_a_script(action: Any) -> None:
    text = (ROOT / "action.yml").read_text()
    asked = set(re.findall(r"\$\{\{ inputs\.([\w-]+) }}", text))
    assert asked == set(action["inputs"])
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
    assert action["inputs"]["key"].get("default") is None


def test_the_page_of_the_action_shows_its_inputs_and_no_others(action: Any) -> None:
    page = HOW_TO / "github-actions.md"
    rows = re.findall(r"^\| `([\w-]+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [*action["inputs"]]
    workflow = documents(next(fences(page, "yaml")))[0]
    (step,) = [
        each for each in workflow["jobs"]["publish"]["steps"] if "bulkpub@" in each.get("uses", "")
    ]
    assert set(step["with"]) <= set(action["inputs"])
    required = {name for name, each in action["inputs"].items() if each.get("required")}
    assert required <= set(step["with"])


@pytest.mark.served
@pytest.mark.parametrize("code", [0, 1])
def test_the_script_of_the_action_gives_the_command_what_it_was_given(
    action: Any, tmp_path: Path, code: int
) -> None:
    (script,) = [s["run"] for s in action["runs"]["steps"] if s.get("id") == "publish"]
    program(tmp_path / "bulkpub", f'printf "%s\\n" "$@"; exit {code}')
    output = tmp_path / "output"
    done = ran(
        script,
        tmp_path,
        PATH=f"{tmp_path}:/usr/bin:/bin",
        GITHUB_OUTPUT=str(output),
        COMMAND="run",
        PORTAL="demo",
        ARGUMENTS="--only\nvelos $(touch broken)/*\n",
        MANIFESTS="a b.yaml\n\n--odd.yaml; touch broken",
    )
    assert done.stdout.splitlines() == [
        *("run", "--portal", "demo", "--only", "velos $(touch broken)/*", "--"),
        *("a b.yaml", "--odd.yaml; touch broken"),
    ]
    assert (done.returncode, output.read_text()) == (code, f"exit-code={code}\n")
    assert not (tmp_path / "broken").exists()


# --- GitLab -------------------------------------------------------------------------------


def test_the_component_asks_for_what_it_declares_and_runs_what_there_is() -> None:
    text = (ROOT / "templates" / "publish.yml").read_text()
    head, jobs = documents(text)
    inputs = head["spec"]["inputs"]
    assert set(re.findall(r"\$\[\[ inputs\.(\w+) ]]", text)) == set(inputs)
    job = jobs["bulkpub"]
    command = job["script"][-1].replace("$[[ inputs.manifest ]]", "m.yaml")
    assert faults_of(command.replace("$[[ inputs.arguments ]]", "")) == []
    assert job["artifacts"]["reports"]["junit"] in command
    assert job["variables"]["BULKPUB_STATE_DIR"].endswith(f"/{job['cache']['paths'][0][:-1]}")
    page = (HOW_TO / "gitlab-ci.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", page, re.MULTILINE)
    assert set(re.findall(r"\w+", " ".join(named))) == set(inputs)


# --- a container --------------------------------------------------------------------------


def test_the_image_is_made_of_what_is_let_in_and_is_not_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = {
        name
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }
    allowed = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users[-1:] not in ([], ["root"], ["0"])
    assert {"README.md", "LICENSE", "manifests", "bulkpub"} <= copied  # as pyproject.toml has it


@pytest.mark.served
def test_hadolint_finds_nothing(tmp_path: Path) -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = ran(shlex.join([str(linter), str(ROOT / "Dockerfile")]), tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_commands_of_containers_exist() -> None:
    for block in fences(HOW_TO / "docker.md", "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("docker run"):
                assert faults_of(line[line.index(" bulkpub ") + 1 :]) == []
