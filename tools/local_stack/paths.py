"""Paths in the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
TOOLS = ROOT / ".tools"
# The web console, and what its build makes of it.
CONSOLE = ROOT / "console"
CONSOLE_BUILT = CONSOLE / "dist"

SAM = TOOLS / "sam" / "bin" / "sam"
CFN_LINT = TOOLS / "sam" / "bin" / "cfn-lint"
CARGO_LAMBDA = TOOLS / "sam" / "bin" / "cargo-lambda"
SCHEMATHESIS = TOOLS / "schemathesis" / "bin" / "schemathesis"
MINISTACK_PYTHON = TOOLS / "ministack" / "bin" / "python"

# State that `make dev` keeps from one start to the next.
DEV = ROOT / ".dev"
# Logs of the last `make test`.
E2E = ROOT / "target" / "e2e"
