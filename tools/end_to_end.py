"""Runs the end-to-end tests for `make test`.

Builds with `sam build`, deploys with `sam deploy` to a MiniStack that enforces IAM, runs
`cargo test --workspace --test end_to_end` against the stack, then Schemathesis with the OpenAPI document that the stack
serves, and stops everything. Uses free ports only.
To look into a failure, read target/e2e/: ministack.log, deploy.log, logs/<function>.log, conformance/.

In between it runs the browser tests of console/e2e against the same stack, with the console of console/dist in its bucket.

Passes arguments on to the tests and then skips the others: `tools/end_to_end.py some_test -- --nocapture`.
`--document` runs Schemathesis only, `--console` the browser tests only.
"""

import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import botocore.exceptions
from samcli.yamlhelper import yaml_dump

import template
from console import publish
from local_stack import deployment, paths
from local_stack.admin_key import create_admin_key
from local_stack.failure import Failure, run_main
from local_stack.gateway import Gateway
from local_stack.ministack import MiniStack
from local_stack.ports import LOOPBACK, free_port
from local_stack.processes import Child, Stopped, last_line, signals_raise
from local_stack.sign_in_code import create_sign_in_code

STACK = "waypost-test"
DOMAIN = "go.example.com"
# With this header a test is the front door.
FRONT_DOOR_SECRET = "the-secret-of-the-front-door-of-the-tests"
# Whose pages may call the API.
OTHER_ORIGINS = ("https://console.example", "http://localhost:5173")
BUILD = paths.E2E / "build"
CONFORMANCE = paths.ROOT / "tools" / "conformance"
# Options of Schemathesis for each part; the parts run at the same time.
EACH_OPERATION = ["--phases", "examples,coverage,fuzzing"]
# Operations whose bodies have the most limits get a part of their own.
PARTS = {
    # With createLink: a request can use what an earlier one of its part created.
    "changeLink": [*EACH_OPERATION, "--include-operation-id", "createLink", "--include-operation-id", "changeLink"],
    "createLinkBatch": [*EACH_OPERATION, "--include-operation-id", "createLinkBatch"],
    "links": [*EACH_OPERATION, "--include-tag=links", "--exclude-operation-id=changeLink", "--exclude-operation-id=createLinkBatch"],
    "others": [*EACH_OPERATION, "--exclude-tag", "links"],
    "sequences": ["--phases", "stateful"],
}


def main():
    if sys.platform != "linux":
        raise Failure("the end-to-end tests run the functions as AWS does, which needs Linux; `cargo test` runs all other tests")
    with signals_raise():
        try:
            return run()
        except Stopped:
            return 1


def run():
    shutil.rmtree(paths.E2E, ignore_errors=True)
    architecture = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    build(architecture)
    without_queue_policies(BUILD / "template.yaml")
    with MiniStack(free_port(), paths.E2E / "ministack.log", enforce_iam=True) as ministack:
        require_enforcement(ministack)
        issuer = f"http://127.0.0.1:{free_port()}"
        # The bucket takes uploads of pages at this origin only.
        console_port = free_port()
        parameters = {
            "Architecture": architecture,
            # The tests of every route, of domains and of daily jobs own the others.
            "Domains": f"{DOMAIN},owned.example=every-route-owner,brand.example=domain-brand,case.example=domain-case,"
            "retired.example=retires-a-domain,words.example=domain-words,shared.example",
            # The tests reach the local AWS by its address.
            "OtherHosts": "127.0.0.1",
            "FrontDoorSecret": FRONT_DOOR_SECRET,
            "JwtIssuer": issuer,
            "JwtAudience": "waypost",
            "ConsoleClientId": "waypost-console",
            "ConsoleOrigins": ",".join((*OTHER_ORIGINS, f"http://{LOOPBACK}:{console_port}")),
            # The local AWS drops what is above a limit, where AWS would try again.
            "LoadImportConcurrency": "0",
            "InspectFileConcurrency": "0",
            # Small, so that the tests' files have several parts.
            "ImportPartBytes": "20000",
            # Schemathesis sends all its requests with one admin's key. The other roles keep the template's limits.
            "RateLimitAdmin": "off",
            # Tests start the checks of their own workspaces.
            "CheckTargets": "DAILY",
        }
        deployment.deploy(ministack, BUILD / "template.yaml", STACK, parameters, paths.E2E / "deploy.log")
        stack = deployment.Deployment(ministack, STACK)
        allow_what_aws_allows(ministack, stack)
        repeat_cors(ministack, stack)
        wanted = {"--document": {"document"}, "--console": {"console"}}.get(" ".join(sys.argv[1:]))
        wanted = wanted or ({"tests"} if len(sys.argv) > 1 else {"tests", "console", "document"})
        add_redirect_without_stream(ministack, stack)
        try:
            code = run_tests(ministack, stack, issuer) if "tests" in wanted else 0
            # Run the others after a failed test too: their findings may explain the failure. The console goes first, since the wrong keys
            # that Schemathesis sends use up what may fail from this address.
            if "console" in wanted:
                code = check_console(ministack, stack, issuer, console_port) or code
            if "document" in wanted:
                code = check_document(ministack, stack) or code
        finally:
            save_function_logs(ministack, stack)
    if code != 0:
        raise Failure(f"the end-to-end tests failed; {paths.E2E} has the logs of the functions and of the local AWS")
    return code


def without_queue_policies(path):
    """Leaves the policies of the queues out of a template. They demand TLS, which the local AWS enforces but does not speak."""
    all_of_it = template.read(path)
    resources = all_of_it["Resources"]
    for name in [name for name, resource in resources.items() if resource["Type"] == "AWS::SQS::QueuePolicy"]:
        del resources[name]
    path.write_text(yaml_dump(all_of_it))


def allow_what_aws_allows(ministack, stack):
    """Allows what AWS allows and the local AWS refuses."""
    # The policy of the bucket demands TLS, which the local AWS enforces but does not speak.
    ministack.client("s3").delete_bucket_policy(Bucket=stack.outputs["DataBucket"])
    # AWS authorises a PartiQL batch by the action of each statement (dynamodb:PartiQLInsert) and a batch of messages by
    # sqs:SendMessage. The template allows those. The local AWS asks for actions named like the calls, which AWS does not have.
    allow_batches(ministack, stack, "dynamodb:BatchExecuteStatement", ("load-import", "load-part"))
    allow_batches(
        ministack,
        stack,
        "sqs:SendMessageBatch",
        (
            *("links", "load-import", "load-part", "exports", "export-links", "link-changes", "change-links", "tags", "end-failed-jobs"),
            *("check-targets", "read-targets"),
        ),
    )


def repeat_cors(ministack, stack):
    """Sets the CORS of the HTTP API as the template does: the local AWS stores what a template says under names that it does not read."""
    conditional = template.read(BUILD / "template.yaml")["Resources"]["HttpApi"]["Properties"]["CorsConfiguration"]
    cors = next(iter(conditional.values()))[1] | {"AllowOrigins": list(OTHER_ORIGINS)}
    ministack.client("apigatewayv2").update_api(ApiId=stack.outputs["HttpApiId"], CorsConfiguration=cors)


def allow_batches(ministack, stack, action, functions):
    """Allows `functions` an action that the local AWS asks for and AWS does not have."""
    for function in functions:
        settings = ministack.client("lambda").get_function_configuration(FunctionName=stack.functions[function])
        ministack.client("iam").put_role_policy(
            RoleName=settings["Role"].rpartition("/")[2],
            PolicyName=f"{action.replace(':', '-')}-as-the-local-aws-names-it",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}),
        )


def add_redirect_without_stream(ministack, stack):
    """Adds a copy of the redirect that sends clicks to a stream to which its role may not write."""
    client = ministack.client("lambda")
    name = stack.functions["redirect"]
    settings = client.get_function_configuration(FunctionName=name)
    with urllib.request.urlopen(client.get_function(FunctionName=name)["Code"]["Location"]) as answer:
        code = answer.read()
    copy = f"{name}-without-stream"
    client.create_function(
        FunctionName=copy,
        Role=settings["Role"],
        Code={"ZipFile": code},
        Environment={"Variables": settings["Environment"]["Variables"] | {"CLICKS_STREAM": "forbidden-stream"}},
        **{field: settings[field] for field in ("Architectures", "Handler", "MemorySize", "Runtime", "Timeout")},
    )
    stack.functions["redirect-without-stream"] = copy


def build(architecture):
    """Runs `sam build` as for a real deploy, but for this machine's processor and without optimisation.

    Optimisation doubles the time that a build takes, and changes nothing but speed and size.
    """
    command = [
        paths.SAM, "build", "--beta-features",
        "--template", paths.TEMPLATE,
        "--build-dir", BUILD,
        "--parameter-overrides", f"Architecture={architecture}",
        "--config-file", paths.ROOT / "tools" / "local-samconfig.toml",
    ]  # fmt: skip
    env = dict(os.environ) | {
        # sam finds cargo-lambda and zig in its own environment.
        "PATH": f"{paths.SAM.parent}{os.pathsep}{os.environ['PATH']}",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_BUILD_MODE": "debug",
    }
    with Child("sam build", command, env=env, cwd=paths.ROOT) as child:
        if child.wait() != 0:
            raise Failure("`sam build` failed, see its output above")


def require_enforcement(ministack):
    """Checks that the local AWS refuses what no policy allows: otherwise the tests would not find a missing permission."""
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


def api_url(ministack, stack):
    # Use the path form: a host name under localhost does not resolve everywhere.
    return f"{ministack.endpoint}/_aws/execute-api/{stack.outputs['HttpApiId']}/$default"


def check_document(ministack, stack):
    """Runs Schemathesis with the document that the stack serves; returns 1 if it finds anything.

    The parts run at the same time because the local AWS answers slowly. They are processes, not threads: Python 3.11
    fails now and then if several threads generate data.
    """
    url = api_url(ministack, stack)
    folder = paths.E2E / "conformance"
    key = create_admin_key(ministack.client("dynamodb"), stack.outputs["LinksTable"], "conformance", "make test")
    env = dict(os.environ) | {"WAYPOST_KEY": key, "WAYPOST_KEY_ID": key_id(ministack, stack, key)}
    parts = {}
    with contextlib.ExitStack() as children:
        for name, options in PARTS.items():
            command = [
                paths.SCHEMATHESIS, "--config-file", CONFORMANCE / "schemathesis.toml",
                "run", f"{url}/v1/openapi.json", "--url", url, *options,
                "--no-color", "--report", "ndjson", "--report-dir", folder / name,
            ]  # fmt: skip
            child = Child(f"schemathesis {name}", command, log=folder / f"{name}.log", env=env, cwd=CONFORMANCE)
            parts[name] = children.enter_context(child)
        codes = {name: part.wait() for name, part in parts.items()}
    for name, code in codes.items():
        log = folder / f"{name}.log"
        print(f"schemathesis, {name}: {last_line(log)}", flush=True)
        if code != 0:
            print(log.read_text(), flush=True)
    return int(any(codes.values()))


def check_console(ministack, stack, issuer, port):
    """Runs the browser tests of console/e2e against the stack; returns their exit code."""
    dynamodb, table = ministack.client("dynamodb"), stack.outputs["LinksTable"]
    publish(ministack.client("s3"), stack.outputs["DataBucket"], paths.CONSOLE_BUILT)
    with plain_http_cookie(ministack, stack), Gateway(port, api_url(ministack, stack)) as gateway:
        env = dict(os.environ) | {
            "PATH": f"{paths.TOOLS / 'node' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "WAYPOST_CONSOLE_URL": f"{gateway.origin}/console/",
            "WAYPOST_KEY": create_admin_key(dynamodb, table, "default", "browser tests"),
            "WAYPOST_SIGN_IN_CODE": create_sign_in_code(dynamodb, table, "default"),
            # Where the tests act as the identity provider.
            "WAYPOST_JWT_ISSUER": issuer,
        }
        with Child("console tests", ["npm", "run", "--silent", "test:stack"], env=env, cwd=paths.CONSOLE) as tests:
            return tests.wait()


@contextlib.contextmanager
def plain_http_cookie(ministack, stack):
    """Has the functions use the cookie for plain HTTP, which the local AWS speaks: browsers take the other one by HTTPS only."""
    client = ministack.client("lambda")
    changed = {}
    for name in stack.functions.values():
        settings = client.get_function_configuration(FunctionName=name).get("Environment", {}).get("Variables", {})
        if "SESSION_COOKIE" in settings:
            changed[name] = settings
            client.update_function_configuration(FunctionName=name, Environment={"Variables": settings | {"SESSION_COOKIE": "plain-http"}})
    try:
        yield
    finally:
        for name, settings in changed.items():
            client.update_function_configuration(FunctionName=name, Environment={"Variables": settings})


def key_id(ministack, stack, key):
    """Returns the id that the API shows for `key`."""
    item = {"pk": {"S": f"KEY#{hashlib.sha256(key.encode()).hexdigest()}"}, "sk": {"S": "KEY"}}
    found = ministack.client("dynamodb").get_item(TableName=stack.outputs["LinksTable"], Key=item)
    return found["Item"]["key_id"]["S"]


def run_tests(ministack, stack, issuer):
    """Runs the tests with the settings of the stack; returns their exit code."""
    env = ministack.environment() | {
        "WAYPOST_URL": api_url(ministack, stack),
        # The domain of the links, as a custom domain would send it.
        "WAYPOST_HOST_HEADER": DOMAIN,
        "WAYPOST_KEY": create_admin_key(ministack.client("dynamodb"), stack.outputs["LinksTable"], "default", "make test"),
        "WAYPOST_ENDPOINT": ministack.endpoint,
        "WAYPOST_STACK": STACK,
        # Where a test acts as the identity provider.
        "WAYPOST_JWT_ISSUER": issuer,
        "WAYPOST_LINKS_TABLE": stack.outputs["LinksTable"],
        "WAYPOST_STATS_TABLE": stack.outputs["StatsTable"],
        "WAYPOST_BUCKET": stack.outputs["DataBucket"],
        "WAYPOST_STREAM": stack.outputs["ClickStream"],
        "WAYPOST_IMPORT_PARTS_QUEUE_URL": stack.outputs["ImportPartsQueueUrl"],
        "WAYPOST_QUEUE_URL": stack.outputs["FailedEventsQueueUrl"],
    }
    env["REBUILD_STATS"] = build_rebuild_stats()
    for binary, name in stack.functions.items():
        env[f"WAYPOST_FUNCTION_{binary.upper().replace('-', '_')}"] = name
    command = ["cargo", "test", "--workspace", "--test", "end_to_end", *sys.argv[1:]]
    with Child("cargo test", command, env=env, cwd=paths.ROOT) as tests:
        return tests.wait()


def build_rebuild_stats():
    """Builds the program of `make rebuild-stats` as the tests are built, without optimisation; returns its path."""
    # With --examples (there are none) cargo resolves the features that the tests have, and compiles no dependency again.
    command = ["cargo", "build", "--workspace", "--bin", "rebuild-stats", "--examples"]
    with Child("cargo build", command, cwd=paths.ROOT) as child:
        if child.wait() != 0:
            raise Failure("cargo could not build rebuild-stats, see its output above")
    metadata = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=paths.ROOT, stdout=subprocess.PIPE, check=True
    )
    return str(Path(json.loads(metadata.stdout)["target_directory"]) / "debug" / "rebuild-stats")


def save_function_logs(ministack, stack):
    """Writes the log of each function to target/e2e/logs/."""
    folder = paths.E2E / "logs"
    folder.mkdir(exist_ok=True)
    client = ministack.client("logs")
    pages = client.get_paginator("filter_log_events")
    for binary, name in stack.functions.items():
        # A function that no test called has no log group yet.
        never_called = contextlib.suppress(client.exceptions.ResourceNotFoundException)
        with open(folder / f"{binary}.log", "w") as file, never_called:
            for page in pages.paginate(logGroupName=f"/aws/lambda/{name}"):
                file.writelines(event["message"] + "\n" for event in page["events"])


if __name__ == "__main__":
    run_main(main)
