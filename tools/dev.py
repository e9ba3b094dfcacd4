"""`make dev`: runs the whole platform on this machine until Ctrl-C.

Deploys template.yaml to MiniStack, the local AWS. `cargo lambda watch` runs the functions, behind a small proxy that bounds
what it gets at once: HTTP reaches them through its router; S3, SQS and Kinesis reach them through MiniStack. State stays
in .dev/: remove that folder to start afresh.

WAYPOST_HTTP_PORT (9000) chooses the port of the API and the links, WAYPOST_AWS_PORT (4566) that of the local AWS.
"""

import fcntl
import platform
import shutil
import time
from contextlib import contextmanager

from local_stack import console, deployment, paths, watch
from local_stack.admin_key import create_admin_key, is_known
from local_stack.failure import Failure, run_main
from local_stack.front import Front, Router
from local_stack.ministack import MiniStack
from local_stack.ports import free_port, unused_port_from_environment
from local_stack.private_file import write_private
from local_stack.processes import Stopped, signals_raise
from local_stack.sign_in_code import VALID, create_sign_in_code, sign_in_link

STACK = "waypost-dev"
STATE = paths.DEV / "state"
KEY_FILE = paths.DEV / "admin-key"
ENV_FILE = paths.DEV / "env"


def main():
    with only_once(), signals_raise():
        http_port = unused_port_from_environment("WAYPOST_HTTP_PORT", 9000)
        aws_port = unused_port_from_environment("WAYPOST_AWS_PORT", 4566)
        try:
            run(http_port, aws_port)
        except Stopped:
            print("stopped; .dev/ keeps the links", flush=True)


@contextmanager
def only_once():
    """Holds a lock on .dev/: two stacks must not share one state."""
    paths.DEV.mkdir(exist_ok=True)
    with open(paths.DEV / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Failure("`make dev` already runs in this checkout: stop it first with Ctrl-C") from error
        yield


def run(http_port, aws_port):
    urls = {f"{STACK}-{binary}": watch.function_url(http_port, binary) for binary in watch.binaries()}
    with (
        watch.compile_functions() as build,
        MiniStack(aws_port, paths.DEV / "ministack.log", state=STATE, function_urls=urls) as ministack,
    ):
        deploy_if_changed(ministack, http_port)
        stack = deployment.Deployment(ministack, STACK)
        key = admin_key(ministack, stack)
        write_env_file(ministack, stack)
        wait_for(build)
        watch_port = free_port()
        with (
            watch.watch(watch_port, ENV_FILE, ministack.environment()) as functions,
            console.running() as (vite, console_port),
            # It has threads, so start it when all processes run.
            Front(http_port, watch_port, Router.of_workspace(), console_port=console_port),
        ):
            url = f"http://localhost:{http_port}"
            print(welcome(url, key, ministack) + console_welcome(ministack, stack, url, console_port), flush=True)
            while True:
                functions.require_running()
                ministack.require_running()
                if vite:
                    vite.require_running()
                time.sleep(0.5)


def deploy_if_changed(ministack, http_port):
    """Deploys the template, unless the kept stack was deployed from the same template and parameters."""
    parameters = {
        "Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
        "Domains": "localhost",
        "OtherHosts": "127.0.0.1",
        "ShortUrlOrigin": f"http://localhost:{http_port}",
        "SessionCookie": "plain-http",
        # The local AWS drops what is above a limit, where AWS would try again.
        "LoadImportConcurrency": "0",
        "InspectFileConcurrency": "0",
    }
    template = deployment.write_placeholder_template(paths.DEV / "build")
    stamp = paths.DEV / "deployed"
    wanted = deployment.fingerprint(template, parameters)
    existed = deployment.is_deployed(ministack, STACK)
    if existed and stamp.is_file() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    deployment.lint()
    print("deploying template.yaml to the local AWS", flush=True)
    try:
        deployment.deploy(ministack, template, STACK, parameters, paths.DEV / "deploy.log")
    except Failure as failure:
        if existed:
            raise Failure(f"{failure}. Fix template.yaml, or remove .dev/ to start afresh") from failure
        # Remove the state: it holds nothing to keep, and half a stack would block the next deploy.
        ministack.stop()
        shutil.rmtree(STATE, ignore_errors=True)
        raise Failure(f"{failure}. Fix template.yaml and try again") from failure
    stamp.write_text(wanted)


def admin_key(ministack, stack):
    """Returns the key of the last start if the kept state still has it, otherwise a new one."""
    dynamodb = ministack.client("dynamodb")
    table = stack.outputs["LinksTable"]
    if KEY_FILE.is_file():
        secret = KEY_FILE.read_text().strip()
        if is_known(dynamodb, table, secret):
            return secret
    secret = create_admin_key(dynamodb, table, "default", "make dev")
    write_private(KEY_FILE, secret + "\n")
    return secret


def write_env_file(ministack, stack):
    """Writes the settings to a file. With it the functions run by hand too: `cargo lambda watch --env-file .dev/env`."""
    settings = ministack.settings() | stack.function_settings()
    ENV_FILE.write_text("".join(f"{name}={value}\n" for name, value in sorted(settings.items())))


def wait_for(build):
    """Waits for the compiler, which runs beside the deploy."""
    if build.wait() != 0:
        raise Failure("the functions don't compile: fix the errors above and try again")


def welcome(url, key, ministack):
    return f"""
Waypost runs at {url}, the local AWS at {ministack.endpoint}. Ctrl-C stops both.

  export URL={url} KEY={key}

  # create a link and follow it (as a browser: curl's own user agent counts as a bot)
  curl -s $URL/v1/links -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
    -d '{{"slug": "rust", "url": "https://www.rust-lang.org/"}}'
  curl -si $URL/rust -A 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

  # import a file of links and follow one of them
  printf 'slug,url\\nbook,https://doc.rust-lang.org/book/\\nstd,https://doc.rust-lang.org/std/\\n' > /tmp/links.csv
  make import FILE=/tmp/links.csv
  curl -si $URL/book

  # read statistics; they include a click after a second or two
  curl -s $URL/v1/links/rust/stats -H "Authorization: Bearer $KEY"

Save a source file, and the next request runs it. docs/local-stack.md shows how to run single parts by hand.
"""


def console_welcome(ministack, stack, url, console_port):
    """Makes a link that signs in once, if there is a console."""
    if console_port is None and not paths.CONSOLE_BUILT.is_dir():
        return ""
    code = create_sign_in_code(ministack.client("dynamodb"), stack.outputs["LinksTable"], "default")
    minutes = int(VALID.total_seconds() // 60)
    return f"""
The console, signed in; the link works once, within {minutes} minutes (later: sign in with the key above):

  {sign_in_link(url, code)}
"""


if __name__ == "__main__":
    run_main(main)
