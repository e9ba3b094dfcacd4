"""The end-to-end part of `make test`.

Builds with `sam build`, deploys with `sam deploy` to a MiniStack that enforces IAM, runs
`cargo test --workspace --test end_to_end` against it, and takes all of it down again. Every port is a free one.
What is left for a look at a failure is in target/e2e/: ministack.log, deploy.log, logs/<function>.log.
Arguments are passed on to the tests: `tools/end_to_end.py some_test -- --nocapture`.
"""

import json
import os
import platform
import shutil
import sys

import botocore.exceptions

from local_stack import deployment, paths
from local_stack.admin_key import create_admin_key
from local_stack.failure import Failure, run_main
from local_stack.ministack import MiniStack
from local_stack.ports import free_port
from local_stack.processes import Child, Stopped, signals_raise

STACK = "waypost-test"
DOMAIN = "go.example.com"
BUILD = paths.E2E / "build"


def main():
    if sys.platform != "linux":
        raise Failure("end-to-end tests run the functions as they run on AWS, which needs Linux; `cargo test` has the others")
    with signals_raise():
        try:
            return run()
        except Stopped:
            return 1


def run():
    shutil.rmtree(paths.E2E, ignore_errors=True)
    architecture = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    build(architecture)
    with MiniStack(free_port(), paths.E2E / "ministack.log", enforce_iam=True) as ministack:
        require_enforcement(ministack)
        issuer = f"http://127.0.0.1:{free_port()}"
        parameters = {
            "Architecture": architecture,
            "Domains": DOMAIN,
            "JwtIssuer": issuer,
            "JwtAudience": "waypost",
            # So that files of tests have several parts.
            "ImportPartBytes": "20000",
        }
        deployment.deploy(ministack, BUILD / "template.yaml", STACK, parameters, paths.E2E / "deploy.log")
        stack = deployment.Deployment(ministack, STACK)
        allow_what_aws_allows(ministack, stack)
        try:
            code = run_tests(ministack, stack, issuer)
        finally:
            save_function_logs(ministack, stack)
    if code != 0:
        raise Failure(f"end-to-end tests failed; logs of the functions and of the local AWS are in {paths.E2E}")
    return code


def allow_what_aws_allows(ministack, stack):
    """Loosens the two things in which the local AWS is stricter than AWS."""
    # The bucket's policy demands TLS, which the local AWS enforces but does not speak.
    ministack.client("s3").delete_bucket_policy(Bucket=stack.outputs["DataBucket"])
    # AWS authorises a PartiQL batch by the action of each statement (dynamodb:PartiQLInsert), as the template has it;
    # the local AWS asks for an action named like the call, which does not exist on AWS.
    for function in ("load-import", "load-part"):
        settings = ministack.client("lambda").get_function_configuration(FunctionName=stack.functions[function])
        ministack.client("iam").put_role_policy(
            RoleName=settings["Role"].rpartition("/")[2],
            PolicyName="partiql-batch-as-the-local-aws-names-it",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "dynamodb:BatchExecuteStatement", "Resource": "*"}],
                }
            ),
        )


def build(architecture):
    """`sam build`, as for a real deploy but for this machine's processor."""
    command = [
        paths.SAM, "build", "--beta-features",
        "--template", paths.TEMPLATE,
        "--build-dir", BUILD,
        "--parameter-overrides", f"Architecture={architecture}",
        "--config-file", paths.ROOT / "tools" / "local-samconfig.toml",
    ]  # fmt: skip
    # cargo-lambda and zig come from the same environment.
    env = dict(os.environ) | {"PATH": f"{paths.SAM.parent}{os.pathsep}{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"}
    with Child("sam build", command, env=env, cwd=paths.ROOT) as child:
        if child.wait() != 0:
            raise Failure("`sam build` failed, see above")


def require_enforcement(ministack):
    """Makes sure that the local AWS refuses what no policy allows; without that the tests prove less."""
    iam = ministack.client("iam")
    iam.create_user(UserName="without-policies")
    key = iam.create_access_key(UserName="without-policies")["AccessKey"]
    try:
        ministack.client("dynamodb", key["AccessKeyId"], key["SecretAccessKey"]).list_tables()
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "AccessDeniedException":
            return
        raise
    raise Failure("the local AWS does not enforce IAM policies: check the version in tools/requirements/ministack.in")


def run_tests(ministack, stack, issuer):
    """Runs the tests with settings that describe the stack; returns their exit code."""
    env = ministack.environment() | {
        # The path form: a host name under localhost does not resolve everywhere.
        "WAYPOST_URL": f"{ministack.endpoint}/_aws/execute-api/{stack.outputs['HttpApiId']}/$default",
        # The domain whose links are served, as a custom domain would send it.
        "WAYPOST_HOST_HEADER": DOMAIN,
        "WAYPOST_KEY": create_admin_key(ministack.client("dynamodb"), stack.outputs["LinksTable"], "default", "make test"),
        "WAYPOST_ENDPOINT": ministack.endpoint,
        # Where a test is the identity provider.
        "WAYPOST_JWT_ISSUER": issuer,
        "WAYPOST_LINKS_TABLE": stack.outputs["LinksTable"],
        "WAYPOST_STATS_TABLE": stack.outputs["StatsTable"],
        "WAYPOST_BUCKET": stack.outputs["DataBucket"],
        "WAYPOST_STREAM": stack.outputs["ClickStream"],
        "WAYPOST_IMPORT_PARTS_QUEUE_URL": stack.outputs["ImportPartsQueueUrl"],
        "WAYPOST_QUEUE_URL": stack.outputs["FailedEventsQueueUrl"],
    }
    for binary, name in stack.functions.items():
        env[f"WAYPOST_FUNCTION_{binary.upper().replace('-', '_')}"] = name
    command = ["cargo", "test", "--workspace", "--test", "end_to_end", *sys.argv[1:]]
    with Child("cargo test", command, env=env, cwd=paths.ROOT) as tests:
        return tests.wait()


def save_function_logs(ministack, stack):
    """Writes what each function logged to target/e2e/logs/."""
    folder = paths.E2E / "logs"
    folder.mkdir(exist_ok=True)
    pages = ministack.client("logs").get_paginator("filter_log_events")
    for binary, name in stack.functions.items():
        with open(folder / f"{binary}.log", "w") as file:
            for page in pages.paginate(logGroupName=f"/aws/lambda/{name}"):
                file.writelines(event["message"] + "\n" for event in page["events"])


if __name__ == "__main__":
    run_main(main)
