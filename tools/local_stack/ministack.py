"""Starts MiniStack, the local AWS, on the loopback address."""

import os
import urllib.error
import urllib.request

import boto3

from . import paths
from .ports import LOOPBACK
from .processes import Child

REGION = "us-east-1"
# MiniStack's root user.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class MiniStack(Child):
    """A running MiniStack. Leaving the `with` block stops it."""

    def __init__(self, port, log, state=None, enforce_iam=False, function_urls=None):
        """Starts MiniStack and waits until it answers.

        `state`: folder that keeps all data between starts; without it, nothing is kept.
        `enforce_iam`: check signatures and policies.
        `function_urls`: function name -> URL that gets the function's events instead of the deployed code.
        """
        self.endpoint = f"http://{LOOPBACK}:{port}"
        env = _without_aws(os.environ) | CREDENTIALS
        env |= {
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(port),
            # Functions call this address.
            "AWS_ENDPOINT_URL": self.endpoint,
            "MINISTACK_REGION": REGION,
            "AUTH": "true" if enforce_iam else "false",
            # Hide Docker: MiniStack would look for containers to remove, and none of them are ours.
            "DOCKER_HOST": "unix:///nonexistent",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            # Put its temporary files (unpacked functions) into a folder that gets cleaned up.
            "TMPDIR": str(log.parent),
        }
        if state:
            env |= {
                "PERSIST_STATE": "1",
                "STATE_DIR": str(state / "services"),
                "S3_PERSIST": "1",
                "S3_DATA_DIR": str(state / "s3"),
            }
        for name, url in (function_urls or {}).items():
            env[f"MINISTACK_LAMBDA_PROXY_{name}"] = url
        log.parent.mkdir(parents=True, exist_ok=True)
        # It saves its state when it stops: give it time.
        super().__init__("MiniStack", [paths.MINISTACK_PYTHON, "-m", "ministack"], log, env=env, cwd=log.parent, grace_s=60)
        try:
            self.wait_until(self._is_ready, timeout_s=60)
        except BaseException:
            self.stop()
            raise

    def _is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/ready", timeout=2) as response:
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def environment(self):
        """Returns this process's environment with the settings that point any AWS client at this MiniStack."""
        return _without_aws(os.environ) | self.settings()

    def settings(self):
        """Returns those settings alone."""
        return CREDENTIALS | {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    def client(self, service, key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"], secret=CREDENTIALS["AWS_SECRET_ACCESS_KEY"]):
        """Returns a boto3 client for it, by default as the root user."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
        )


def _without_aws(env):
    """Returns `env` without the variables that may point at a real account."""
    return {name: value for name, value in env.items() if not name.startswith("AWS_")}
