"""`make deploy`: builds the functions and deploys the stack to a real account.

Asks for the settings and keeps the answers in samconfig.toml, where `sam` finds them too. Without a terminal it asks nothing and
takes the kept answers, what --set names, and the template's defaults. Checks everything that can be checked before AWS creates
anything. Uses the AWS credentials and region of the environment (AWS_PROFILE, AWS_REGION, ...).
"""

import argparse
import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib

import boto3
import botocore.exceptions

import console
import template as templates
from deployed_stack import aws_failures_explained
from local_stack import paths
from local_stack.failure import Failure, run_main
from local_stack.private_file import write_private

CONFIG = paths.ROOT / "samconfig.toml"
# The longest name of an S3 bucket.
BUCKET_LENGTH = 63
# What follows the stack's name in the name of the bucket: -data-{account}-{region}.
BUCKET_REST = len("-data-") + 12 + len("-")
# Stands for the value of a secret that the stack has.
UNCHANGED = "unchanged"
# What AWS leaves for functions without instances of their own, if the account's quota is larger.
UNRESERVED = 100
# Parameters that have the account keep instances for a function.
KEEP_INSTANCES = ("RedirectConcurrency", "LoadImportConcurrency", "InspectFileConcurrency")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", default="", help="name of the CloudFormation stack")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the template")
    arguments = parser.parse_args()
    asking = sys.stdin.isatty()
    template = templates.read()
    saved = saved_answers(CONFIG.read_text() if CONFIG.is_file() else "")
    given = dict(named(text) for text in arguments.set)
    templates.require_known(template["Parameters"], [*given, *saved["parameters"]])
    stack = arguments.stack or ask("Stack name", saved["stack"] or "waypost", asking)
    region = boto3.Session().region_name or saved["region"]
    if not region:
        raise Failure("no region is set: set AWS_REGION, or a region in the profile that AWS_PROFILE names")
    check_stack_name(stack, region)
    parameters = answers(template, saved["parameters"] | given, asking)
    with aws_failures_explained():
        exists = stack_exists(boto3.client("cloudformation", region_name=region), stack)
        if not exists:
            check_account(stack, region, parameters)
    write_private(CONFIG, config(stack, region, without_secrets(template, parameters)))
    build(parameters["Architecture"])
    command = [
        str(paths.SAM), "deploy",
        "--stack-name", stack,
        "--region", region,
        "--resolve-s3",
        "--capabilities", "CAPABILITY_IAM",
        "--no-fail-on-empty-changeset",
        "--confirm-changeset" if asking else "--no-confirm-changeset",
        "--parameter-overrides", *overrides(parameters),
    ]  # fmt: skip
    if subprocess.run(command, cwd=paths.ROOT, check=False).returncode != 0:
        raise Failure("`sam deploy` failed, see its output above")
    with aws_failures_explained():
        outputs = protect(stack, region)
        publish_console(boto3.client("s3", region_name=region), outputs["DataBucket"], paths.CONSOLE_BUILT)


def named(text):
    """Splits NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals:
        raise Failure(f"--set {text!r} is not NAME=VALUE")
    return name, value


def check_stack_name(name, region):
    """Checks the name by the strictest rule that a name made from it has to keep: that of the bucket."""
    longest = BUCKET_LENGTH - BUCKET_REST - len(region)
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or name.startswith(("xn--", "sthree-", "amzn-s3-demo-")):
        raise Failure(f"{name!r} cannot be the stack's name: use lower-case letters, digits and -, and begin with a letter")
    if len(name) > longest:
        raise Failure(f"{name!r} cannot be the stack's name: the bucket's name begins with it, so it has at most {longest} characters here")


def answers(template, known, asking):
    """Returns a value for each parameter. Asks for each if `asking`, until the value is one that CloudFormation takes.

    Leaves out a secret that nobody gives: CloudFormation keeps the one that the stack has.
    """
    found = {}
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    for group in groups:
        if asking:
            print(f"\n{group['Label']['default']}")
        for name in group["Parameters"]:
            parameter = template["Parameters"][name]
            value = known.get(name, UNCHANGED if parameter.get("NoEcho") else str(parameter["Default"]))
            if asking:
                print(f"  {parameter['Description']}")
            while True:
                value = ask(f"  {name}", value, asking)
                if value == UNCHANGED:
                    break
                wrong = templates.problem(parameter, value)
                if not wrong:
                    break
                if not asking:
                    raise Failure(f"{name}: {value!r} {wrong}")
                print(f"  {value!r} {wrong}")
                value = str(parameter["Default"])
            if value != UNCHANGED:
                found[name] = value
    return found


def without_secrets(template, parameters):
    """Leaves out what must not be kept in a file."""
    return {name: value for name, value in parameters.items() if not template["Parameters"][name].get("NoEcho")}


def ask(question, default, asking):
    """Returns what the user types, or `default`. A single - stands for nothing."""
    if not asking:
        return default
    typed = input(f"{question} [{default}]: ").strip()
    return "" if typed == "-" else typed or default


def saved_answers(text):
    """Reads samconfig.toml, as this tool or `sam deploy --guided` wrote it."""
    try:
        found = tomllib.loads(text).get("default", {})
    except tomllib.TOMLDecodeError as error:
        raise Failure(f"{CONFIG} is not valid TOML: {error}") from error
    found = found.get("global", {}).get("parameters", {}) | found.get("deploy", {}).get("parameters", {})
    kept = found.get("parameter_overrides", [])
    words = shlex.split(kept) if isinstance(kept, str) else kept
    parameters = dict(named(word) for word in words)
    return {"stack": found.get("stack_name", ""), "region": found.get("region", ""), "parameters": parameters}


def config(stack, region, parameters):
    """Returns the text of samconfig.toml. A JSON text is a TOML text too."""
    lines = {
        "stack_name": stack,
        "region": region,
        "capabilities": "CAPABILITY_IAM",
        "parameter_overrides": " ".join(overrides(parameters)),
    }
    body = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    return f"version = 0.1\n[default.deploy.parameters]\nresolve_s3 = true\nconfirm_changeset = true\n{body}"


def overrides(parameters):
    """Returns the parameters as `sam` takes them: in quotes, without which it refuses an empty value."""
    return [f"{name}={json.dumps(value)}" for name, value in parameters.items()]


def stack_exists(cloudformation, name):
    try:
        status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except botocore.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    return status != "REVIEW_IN_PROGRESS"


def check_account(stack, region, parameters):
    """Checks, before the stack is created, what would make AWS give up in the middle."""
    account = boto3.client("sts", region_name=region).get_caller_identity()["Account"]
    bucket = f"{stack}-data-{account}-{region}"
    with contextlib.suppress(botocore.exceptions.ClientError):
        boto3.client("s3", region_name=region).head_bucket(Bucket=bucket)
        raise Failure(f"the bucket {bucket} exists, probably of a deleted stack of this name: run `make adopt STACK={stack}` first")
    limits = boto3.client("lambda", region_name=region).get_account_settings()["AccountLimit"]
    check_concurrency(limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"], parameters)


def check_concurrency(quota, unreserved, parameters):
    """Checks that the account can keep the instances that the parameters ask for."""
    wanted = sum(int(parameters[name]) for name in KEEP_INSTANCES)
    if wanted and unreserved - wanted < min(UNRESERVED, quota):
        raise Failure(
            f"the account has {unreserved} instances of Lambda to keep and must leave {min(UNRESERVED, quota)}, but "
            f"{', '.join(KEEP_INSTANCES)} ask for {wanted}: set them to 0 (`--set LoadImportConcurrency=0`), or have the quota raised"
        )


def build(architecture):
    """Runs `sam build` for the processor of the deployment."""
    environment = os.environ | {"PATH": f"{paths.SAM.parent}{os.pathsep}{os.environ['PATH']}"}
    command = [str(paths.SAM), "build", "--beta-features", "--template", str(paths.TEMPLATE)]
    command += ["--parameter-overrides", f"Architecture={architecture}"]
    if subprocess.run(command, cwd=paths.ROOT, env=environment, check=False).returncode != 0:
        raise Failure("`sam build` failed, see its output above")


def publish_console(s3, bucket, folder):
    """Uploads the console if it is built. Without it the stack keeps the one that it has."""
    if not folder.is_dir():
        print(f"{folder} is not there, so the stack keeps the console that it has, if any: `npm run build` in console/ makes one")
        return
    print(f"uploaded {console.publish(s3, bucket, folder)} files of the console")


def protect(stack, region):
    """Protects the stack and its tables from deletion; returns the stack's outputs."""
    cloudformation = boto3.client("cloudformation", region_name=region)
    cloudformation.update_termination_protection(StackName=stack, EnableTerminationProtection=True)
    outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    dynamodb = boto3.client("dynamodb", region_name=region)
    for table in (outputs["LinksTable"], outputs["StatsTable"]):
        if not dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"):
            dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)
    return outputs


if __name__ == "__main__":
    run_main(main)
