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
    """A running MiniStack. Use as a context manager; it has stopped when the block is left."""

    def __init__(self, port, log, state=None, enforce_iam=False, function_urls=None):
        """`state`: folder that keeps everything between starts; without it, all is forgotten.
        `enforce_iam`: check signatures and policies.
        `function_urls`: function name -> URL that gets its events instead of the deployed code."""
        self.endpoint = f"http://{LOOPBACK}:{port}"
        env = _without_aws(os.environ) | CREDENTIALS
        env |= {
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(port),
            # Functions call back here.
            "AWS_ENDPOINT_URL": self.endpoint,
            "MINISTACK_REGION": REGION,
            "AUTH": "true" if enforce_iam else "false",
            # It would look for containers to remove. There are none of ours; leave the others alone.
            "DOCKER_HOST": "unix:///nonexistent",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            # Its temporary files (unpacked functions) go where they are cleaned up.
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
        # Saving the state is part of stopping: give it time.
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
        """Settings that point any AWS client at this MiniStack, on top of this process's own."""
        return _without_aws(os.environ) | self.settings()

    def settings(self):
        """The same, alone."""
        return CREDENTIALS | {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    def client(self, service, key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"], secret=CREDENTIALS["AWS_SECRET_ACCESS_KEY"]):
        """A boto3 client of it, by default as the root user."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
        )


def _without_aws(env):
    """`env` without what may point at a real account."""
    return {name: value for name, value in env.items() if not name.startswith("AWS_")}
