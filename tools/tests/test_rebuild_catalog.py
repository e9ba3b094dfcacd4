"""Tests `make rebuild-catalog` against DynamoDB's answers. `make test` runs this."""

import unittest

import botocore.exceptions
import botocore.session
from botocore.stub import ANY, Stubber

import rebuild_catalog


class RebuildCatalogTest(unittest.TestCase):
    def setUp(self):
        session = botocore.session.get_session()
        self.client = session.create_client("dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.addCleanup(self.stub.deactivate)

    def test_head_of_the_workspace_gets_no_format_and_a_new_revision(self):
        wanted = {
            "TableName": "links",
            "Key": {"pk": {"S": "CATALOG#acme"}, "sk": {"S": "HEAD"}},
            "UpdateExpression": "SET #format = :none ADD #revision :one",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": ANY,
            "ExpressionAttributeValues": {":none": {"N": "0"}, ":one": {"N": "1"}},
        }
        self.stub.add_response("update_item", {}, wanted)
        self.assertTrue(rebuild_catalog.outdate(self.client, "links", "acme"))
        self.stub.assert_no_pending_responses()

    def test_workspace_without_a_catalogue_is_told_from_a_failure(self):
        self.stub.add_client_error("update_item", "ConditionalCheckFailedException")
        self.assertFalse(rebuild_catalog.outdate(self.client, "links", "acme"))
        self.stub.add_client_error("update_item", "AccessDeniedException")
        with self.assertRaises(botocore.exceptions.ClientError):
            rebuild_catalog.outdate(self.client, "links", "acme")


if __name__ == "__main__":
    unittest.main()
