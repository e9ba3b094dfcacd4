"""Makes a code that signs its holder in to the console once, and the link that has it."""

import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta

# How long a code can be used.
VALID = timedelta(minutes=10)


def create_sign_in_code(dynamodb, table, workspace, role="admin"):
    """Stores a new code, hashed, and returns its secret, which is not stored. `dynamodb` is a boto3 client."""
    secret = "wpc_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    expires_at = datetime.now(UTC) + VALID
    item = {
        "pk": {"S": "CODE#" + hashlib.sha256(secret.encode()).hexdigest()},
        "sk": {"S": "CODE"},
        "workspace": {"S": workspace},
        "role": {"S": role},
        "expires_at": {"S": expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")},
        # DynamoDB deletes a code that nobody used.
        "ttl": {"N": str(int(expires_at.timestamp()))},
    }
    dynamodb.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")
    return secret


def sign_in_link(origin, secret):
    """Returns the link. The code is in its fragment, which browsers send nowhere, so that no log has it."""
    return f"{origin.rstrip('/')}/console/#code={secret}"
