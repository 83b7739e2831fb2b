"""What the tests of the pipeline leave out on a cluster: as little as can be, and why."""

import ast
from pathlib import Path

PIPELINE = Path(__file__).parent / "pipeline"
MOST = 6
"""Tests that cannot be carried out there. Whoever adds one says why, and changes this number."""


def test_hardly_anything_is_tested_on_this_process_alone() -> None:
    reasons = [
        decorator.args
        for path in PIPELINE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("local_only")
    ]
    assert len(reasons) == MOST
    assert all(len(why) == 1 and isinstance(why[0], ast.Constant) for why in reasons)
