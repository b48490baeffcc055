"""The Terraform module: its names always; format, types and plans where Terraform and its AWS provider are here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import hcl2
import pytest

from serving.aws import plan
from tests.conftest import ROOT

MODULE = ROOT / "serving" / "aws" / "terraform"
PROVIDER = "registry.terraform.io/hashicorp/aws"


def _mirror() -> Path | None:
    """A folder of providers: $TF_PLUGIN_MIRROR, Terraform's implied ones, or one of that layout under /opt."""
    shares = [Path.home() / ".terraform.d", Path.home() / ".local/share/terraform", Path("/usr/local/share/terraform")]
    places = [Path(named)] if (named := os.environ.get("TF_PLUGIN_MIRROR")) else []
    places += [share / "plugins" for share in (*shares, Path("/usr/share/terraform"))]
    places += sorted(Path("/opt").glob("*"))
    return next((place for place in places if (place / PROVIDER).is_dir()), None)


def _parsed() -> dict[str, dict[str, object]]:
    """Kind of block (a resource's with its type) to names, of all files."""
    found: dict[str, dict[str, object]] = {}
    for path in MODULE.glob("*.tf"):
        for kind, blocks in hcl2.loads(path.read_text()).items():
            for block in blocks if isinstance(blocks, list) else []:
                for name, body in block.items():
                    found.setdefault(kind, {})[str(name).strip('"')] = body
    return found


def test_its_names_are_what_the_command_calls_them() -> None:
    blocks = _parsed()
    variables = {"name", "bundle", "bucket", "image", "role_arn", "instance_type", "instance_count", "scale_to"}
    assert blocks["variable"].keys() >= variables | {"memory_mb", "max_concurrency", "invocations_per_minute"}
    for name, variable in blocks["variable"].items():
        assert isinstance(variable, dict) and "description" in variable, name
        assert name == "tags" or "validation" in variable, name
    made = {f"aws_sagemaker_{thing}" for thing in ("model", "endpoint_configuration", "endpoint")}
    assert blocks["resource"].keys() >= made | {"aws_s3_object", "aws_appautoscaling_policy", "aws_iam_role"}
    text = "".join(path.read_text() for path in MODULE.glob("*.tf"))
    for shared in (plan.DIMENSION, plan.METRIC, f'"{plan.VARIANT}"', "sentibench/${var.name}/"):
        assert shared in text, shared
    assert f"{list(deployment.MEMORY_MB)}, var.memory_mb" in text


@pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not installed")
def test_it_is_formatted() -> None:
    ran = subprocess.run(["terraform", "fmt", "-check", "-diff"], cwd=MODULE, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.skipif(shutil.which("terraform") is None, reason="Terraform is not installed")
def test_it_plans_both_kinds_and_refuses_what_is_wrong(tmp_path: Path) -> None:
    mirror = _mirror()
    if mirror is None:
        pytest.skip(f"no mirror with {PROVIDER}: set TF_PLUGIN_MIRROR to one that `terraform providers mirror` made")
    module = tmp_path / "module"
    shutil.copytree(MODULE, module, ignore=shutil.ignore_patterns(".terraform*"))
    for folder in ("tests", "bundle"):
        (module / folder).mkdir()
    shutil.copy(Path(__file__).parent / "endpoint.tftest.hcl", module / "tests")
    (module / "bundle" / "bundle.json").write_text(json.dumps({"artifact": "0123abcd"}))
    (module / "bundle" / "model.tar.gz").write_bytes(b"archive")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TF_")} | {
        "CHECKPOINT_DISABLE": "1"
    }
    for command in (["init", "-backend=false", "-input=false", f"-plugin-dir={mirror}"], ["validate"], ["test"]):
        ran = subprocess.run(
            ["terraform", *command, "-no-color"], cwd=module, env=clean, capture_output=True, text=True, timeout=120
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "4 passed, 0 failed" in ran.stdout
