"""Makes an API key with the role `admin` and stores it, hashed, in the links table."""

import base64
import hashlib
import secrets
from datetime import UTC, datetime


def create_admin_key(dynamodb, table, workspace, name):
    """Stores a new key and returns its secret, which is not stored. `dynamodb` is a boto3 client."""
    secret = "wp_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    now = datetime.now(UTC)
    key_id = _key_id(now)
    created_at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    item = {
        "pk": _partition_key(secret),
        "sk": "KEY",
        "key_id": key_id,
        "workspace": workspace,
        "role": "admin",
        "name": name,
        "created_at": created_at,
        # The index lists the keys of a workspace.
        "list_pk": f"KEYS#{workspace}",
        "list_sk": key_id,
    }
    dynamodb.put_item(
        TableName=table,
        Item={attribute: {"S": value} for attribute, value in item.items()},
        ConditionExpression="attribute_not_exists(pk)",
    )
    return secret


def is_known(dynamodb, table, secret):
    """Tells whether the table has this key."""
    key = {"pk": {"S": _partition_key(secret)}, "sk": {"S": "KEY"}}
    return "Item" in dynamodb.get_item(TableName=table, Key=key)


def _key_id(now):
    """Makes a UUID of version 7, which begins with the time: ids sort by creation."""
    millis = int(now.timestamp() * 1000)
    uuid = millis << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return f"key_{uuid:032x}"


def _partition_key(secret):
    return "KEY#" + hashlib.sha256(secret.encode()).hexdigest()
