"""Finds a deployed stack by its name, with the AWS credentials and region of the environment, for the operators' tools."""

import argparse
import contextlib

import boto3
import botocore.exceptions

from local_stack.failure import Failure


def parser(description):
    """Returns an argument parser with `--stack`."""
    found = argparse.ArgumentParser(description=description)
    found.add_argument("--stack", required=True, help="name of the CloudFormation stack")
    return found


@contextlib.contextmanager
def aws_failures_explained():
    """Adds the most common causes to an error of AWS."""
    try:
        yield
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise Failure(f"{error} (check AWS_PROFILE, AWS_REGION and the stack's name)") from error


def outputs(name, *needed):
    """Returns the values of the outputs `needed` of the stack `name`, in that order."""
    stacks = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    found = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
    missing = [output for output in needed if output not in found]
    if missing:
        raise Failure(f"stack {name} has no output {', '.join(missing)}: is it a Waypost stack?")
    return [found[output] for output in needed]
