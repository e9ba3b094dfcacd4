"""`make rebuild-catalog`: has the catalogue of a workspace built anew, from which searches and sorted lists come.

The next change of a link, or the next search, begins; searches get 503 until it is done.
Uses the AWS credentials and region of the environment (AWS_PROFILE, AWS_REGION, ...).
"""

import boto3
import botocore.exceptions

import deployed_stack
from local_stack.failure import Failure, run_main


def main():
    parser = deployed_stack.parser(__doc__)
    parser.add_argument("--workspace", required=True, help="workspace whose catalogue is to be built")
    arguments = parser.parse_args()
    with deployed_stack.aws_failures_explained():
        (table,) = deployed_stack.outputs(arguments.stack, "LinksTable")
        if not outdate(boto3.client("dynamodb"), table, arguments.workspace):
            raise Failure(f"the workspace {arguments.workspace} has no catalogue: the next search builds it")
    print(f"the next change or search of the workspace {arguments.workspace} builds its catalogue anew")


def outdate(client, table, workspace):
    """Marks the catalogue as one of another version, which is built anew. Returns False if there is none."""
    try:
        client.update_item(
            TableName=table,
            Key={"pk": {"S": f"CATALOG#{workspace}"}, "sk": {"S": "HEAD"}},
            UpdateExpression="SET #format = :none ADD #revision :one",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeNames={"#format": "format", "#revision": "revision"},
            ExpressionAttributeValues={":none": {"N": "0"}, ":one": {"N": "1"}},
        )
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True


if __name__ == "__main__":
    run_main(main)
