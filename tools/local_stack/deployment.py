"""Deploys template.yaml to MiniStack with the SAM CLI and reads the deployed stack."""

import hashlib
import json
import re
import subprocess

from . import paths
from .failure import Failure
from .processes import last_line

ARTIFACTS_BUCKET = "sam-artifacts"
_CODE_URI = re.compile(r"^(\s+CodeUri:) \.$", re.MULTILINE)


def write_placeholder_template(folder):
    """Copies template.yaml with a placeholder for the code, because the functions run elsewhere.

    Returns the path of the copy.
    """
    code = folder / "placeholder"
    code.mkdir(parents=True, exist_ok=True)
    bootstrap = code / "bootstrap"
    bootstrap.write_text("#!/bin/sh\necho 'this function runs under cargo lambda watch' >&2\nexit 1\n")
    bootstrap.chmod(0o755)
    text, replaced = _CODE_URI.subn(r"\1 placeholder", paths.TEMPLATE.read_text())
    if not replaced:
        raise Failure(f"{paths.TEMPLATE} has no line `CodeUri: .`, which the local stack replaces with a placeholder")
    copy = folder / "template.yaml"
    copy.write_text(text)
    return copy


def fingerprint(template, parameters):
    """Returns a value that changes when the stack must be deployed again."""
    lock = (paths.ROOT / "tools" / "requirements" / "ministack.txt").read_bytes()
    parts = [template.read_bytes(), json.dumps(parameters, sort_keys=True).encode(), lock]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def lint():
    """Runs cfn-lint; the Failure names the first error. MiniStack deploys many templates that AWS would refuse."""
    command = [str(paths.CFN_LINT), "--format", "parseable", str(paths.TEMPLATE)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        line = (done.stdout.splitlines() or done.stderr.splitlines() or ["cfn-lint failed"])[0]
        raise Failure(f"template.yaml has an error: {line[:300]}")


def deploy(ministack, template, stack_name, parameters, log):
    """Runs `sam deploy`; the Failure says why the stack could not be created."""
    buckets = ministack.client("s3")
    buckets.create_bucket(Bucket=ARTIFACTS_BUCKET)
    command = [
        str(paths.SAM), "deploy",
        "--template-file", str(template),
        "--stack-name", stack_name,
        "--s3-bucket", ARTIFACTS_BUCKET,
        "--capabilities", "CAPABILITY_IAM",
        "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar",
        # Without this, sam reads the answers that `make deploy` saved for a real account.
        "--config-file", str(paths.ROOT / "tools" / "local-samconfig.toml"),
    ]  # fmt: skip
    if parameters:
        command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as sink:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=ministack.environment() | {"SAM_CLI_TELEMETRY": "0"},
            cwd=log.parent,
            check=False,
        )
    if done.returncode != 0:
        raise Failure(f"`sam deploy` failed: {_reason(ministack, stack_name) or last_line(log)} (all: {log})")
    _make_concurrency_a_number(ministack)


def _make_concurrency_a_number(ministack):
    """Writes the concurrency of each queue as a number.

    CloudFormation makes a number of it. The local AWS keeps the parameter's string, and then stops reading the queue.
    """
    client = ministack.client("lambda")
    for page in client.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            limit = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
            if limit is not None:
                client.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": int(limit)})


def _reason(ministack, stack_name):
    """Returns the first resource of the stack that failed and the reason."""
    client = ministack.client("cloudformation")
    try:
        events = client.describe_stack_events(StackName=stack_name)["StackEvents"]
    except client.exceptions.ClientError:
        return None
    for event in reversed(events):
        reason = event.get("ResourceStatusReason")
        if event["ResourceStatus"].endswith("FAILED") and reason:
            return f"{event['LogicalResourceId']}: {reason}"
    return None


def is_deployed(ministack, stack_name):
    """Tells whether the stack exists and is complete."""
    client = ministack.client("cloudformation")
    try:
        stack = client.describe_stacks(StackName=stack_name)["Stacks"][0]
    except client.exceptions.ClientError:
        return False
    return stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


class Deployment:
    """The outputs and functions of a deployed stack."""

    def __init__(self, ministack, stack_name):
        cloudformation = ministack.client("cloudformation")
        stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_name)
        # Binary -> name, for example aggregate-clicks -> waypost-dev-aggregate-clicks.
        self.functions = {
            resource["PhysicalResourceId"].removeprefix(f"{stack_name}-"): resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::Lambda::Function"
        }
        self._lambda = ministack.client("lambda")

    def function_settings(self):
        """Merges the environment variables of all functions; a Failure if two functions disagree."""
        merged = {}
        for name in self.functions.values():
            configuration = self._lambda.get_function_configuration(FunctionName=name)
            for key, value in configuration.get("Environment", {}).get("Variables", {}).items():
                if merged.setdefault(key, value) != value:
                    raise Failure(
                        f"template.yaml gives {key} two values, {merged[key]} and {value}, "
                        "but functions under `cargo lambda watch` share one environment"
                    )
        return merged
