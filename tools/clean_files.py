"""`make clean-files`: compares the records of files with the bucket, both ways, and removes what only one of them knows.

The function clean-files removes what is due every hour, so that there should be nothing to find. Without DRY_RUN=0 this only says what it
would remove: objects and uploads in parts without a record, and records of complete files that have no object. What is younger than
a day is left alone. Uses the AWS credentials and region of the environment (AWS_PROFILE, AWS_REGION, ...). You can stop it and
run it again.
"""

import datetime

import boto3
import botocore.exceptions

import deployed_stack
from local_stack.failure import Failure, run_main

FOLDER = "files/"
OLD = datetime.timedelta(days=1)


def main():
    parser = deployed_stack.parser(__doc__)
    parser.add_argument("--remove", action="store_true", help="remove what is found, instead of only naming it")
    arguments = parser.parse_args()
    with deployed_stack.aws_failures_explained():
        bucket, table = deployed_stack.outputs(arguments.stack, "DataBucket", "LinksTable")
        cleaning = Cleaning((boto3.client("s3"), bucket), (boto3.client("dynamodb"), table), arguments.remove)
        for workspace in cleaning.workspaces():
            cleaning.compare(workspace)
    done = "removed" if arguments.remove else "would remove"
    print(f"{done} {cleaning.found} things with {size_of(cleaning.bytes)}")
    if cleaning.kept:
        raise Failure(f"{cleaning.kept} of them could not be removed")
    return 0


class Cleaning:
    """A comparison of all workspaces."""

    def __init__(self, s3_and_bucket, dynamodb_and_table, remove, now=None):
        self.s3, self.bucket = s3_and_bucket
        self.dynamodb, self.table = dynamodb_and_table
        self.remove = remove
        self.old = (now or datetime.datetime.now(datetime.UTC)) - OLD
        self.found = self.bytes = self.kept = 0

    def workspaces(self):
        """Returns the workspaces that have objects or links. Reads no links."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=FOLDER, Delimiter="/")
        prefixes = [prefix["Prefix"] for page in pages for prefix in page.get("CommonPrefixes", [])]
        uploads = self.pages("list_multipart_uploads", "Uploads", FOLDER)
        known = {key.split("/")[1] for key in (*prefixes, *(upload["Key"] for upload in uploads))}
        heads = self.query({":pk": "CATALOGS#"}, "list_pk = :pk", IndexName="list")
        return sorted(known | {head["list_sk"]["S"] for head in heads})

    def compare(self, workspace):
        """Compares what the bucket has of a workspace with its records."""
        prefix = f"{FOLDER}{workspace}/"
        removed = {item["id"]["S"]: item for item in self.records(workspace, "GONE#")}
        objects = ((found["Key"].removeprefix(prefix), found) for found in self.pages("list_objects_v2", "Contents", prefix))
        records = ((item["id"]["S"], item) for item in self.records(workspace, "FILE#"))
        files = total = 0
        for file_id, found, item in side_by_side(objects, records):
            if item:
                files, total = files + 1, total + int(item["size"]["N"])
            if found and not item and file_id not in removed and found["LastModified"] < self.old:
                self.object_without_record(workspace, file_id, found)
            # An object that was adopted is elsewhere, and the operator's.
            if item and not found and "adopted" not in item and item["status"]["S"] in ("inspecting", "ready"):
                self.record_without_object(workspace, file_id, item)
        for upload in self.pages("list_multipart_uploads", "Uploads", prefix):
            if upload["Initiated"] < self.old:
                self.upload_without_record(workspace, upload)
        used = self.item(workspace, "USAGE") or {}
        counted = tuple(int(used.get(name, {"N": "0"})["N"]) for name in ("files", "bytes"))
        if counted != (files, total):
            # Files that come and go meanwhile make a difference, too.
            print(f"{workspace}: the count says {counted[0]} files with {counted[1]} bytes, the records {files} with {total}")

    def object_without_record(self, workspace, file_id, found):
        # Look again: the list of records may be older.
        if self.item(workspace, f"FILE#{file_id}") or self.item(workspace, f"GONE#{file_id}"):
            return
        what = f"object {found['Key']} of {found['LastModified']:%Y-%m-%d}: it has no record"
        self.report(what, found["Size"], lambda: self.s3.delete_object(Bucket=self.bucket, Key=found["Key"]))

    def upload_without_record(self, workspace, upload):
        file_id = upload["Key"].rsplit("/", 1)[1]
        item = self.item(workspace, f"FILE#{file_id}")
        if item and item.get("upload", {"M": {}})["M"].get("id", {}).get("S") == upload["UploadId"]:
            return
        place = {"Bucket": self.bucket, "Key": upload["Key"], "UploadId": upload["UploadId"]}
        parts = self.s3.get_paginator("list_parts").paginate(**place)
        size = sum(part["Size"] for page in parts for part in page.get("Parts", []))
        self.report(f"upload of {upload['Key']} in parts: no record knows it", size, lambda: self.s3.abort_multipart_upload(**place))

    def record_without_object(self, workspace, file_id, item):
        key = f"{FOLDER}{workspace}/{file_id}"
        try:
            self.s3.head_object(Bucket=self.bucket, Key=key)
            return
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
                raise
        self.report(f"record of {key}: the object is not there", 0, lambda: self.remove_record(workspace, item))

    def remove_record(self, workspace, item):
        """Deletes a record as it was read, gives its room back, and frees its path in a collection."""
        pk = {"S": f"FILES#{workspace}"}
        self.dynamodb.transact_write_items(
            TransactItems=[
                {
                    "Delete": {
                        "TableName": self.table,
                        "Key": {"pk": pk, "sk": item["sk"]},
                        "ConditionExpression": "#revision = :revision",
                        "ExpressionAttributeNames": {"#revision": "revision"},
                        "ExpressionAttributeValues": {":revision": item["revision"]},
                    }
                },
                self.less({"pk": pk, "sk": {"S": "USAGE"}}, item),
                *self.leave_collection(workspace, item),
            ]
        )

    def less(self, key, item, **options):
        """Makes the write that takes a file away from a count."""
        return {
            "Update": {
                "TableName": self.table,
                "Key": key,
                "UpdateExpression": "ADD #files :one, #bytes :size",
                "ExpressionAttributeNames": {"#files": "files", "#bytes": "bytes"},
                "ExpressionAttributeValues": {":one": {"N": "-1"}, ":size": {"N": f"-{item['size']['N']}"}},
                **options,
            }
        }

    def leave_collection(self, workspace, item):
        """Makes the writes that take a file out of its collection, if it has one."""
        if "place" not in item:
            return
        collection = item["place"]["M"]["collection"]["S"]
        key = {"pk": {"S": f"FILES#{workspace}"}, "sk": {"S": f"COLL#{collection}"}}
        yield self.less(key, item, ConditionExpression="attribute_exists(pk)")
        # The key of a path follows rules that are the functions' own: find it by what it leads to.
        for place in self.query({":pk": f"PLACES#{workspace}#{collection}"}, "pk = :pk", ConsistentRead=True):
            if place["id"] == item["id"]:
                yield {"Delete": {"TableName": self.table, "Key": {"pk": place["pk"], "sk": place["sk"]}}}

    def report(self, what, size, remove):
        """Names what was found, and removes it if that is wanted."""
        self.found, self.bytes = self.found + 1, self.bytes + size
        print(f"{'remove' if self.remove else 'would remove'} {what} ({size_of(size)})")
        if not self.remove:
            return
        try:
            remove()
        except botocore.exceptions.ClientError as error:
            self.kept += 1
            print(f"  it stays: {error}")

    def pages(self, operation, name, prefix):
        for page in self.s3.get_paginator(operation).paginate(Bucket=self.bucket, Prefix=prefix):
            yield from page.get(name, [])

    def records(self, workspace, prefix):
        values = {":pk": f"FILES#{workspace}", ":prefix": prefix}
        return self.query(values, "pk = :pk AND begins_with(sk, :prefix)", ConsistentRead=True)

    def query(self, values, condition, **options):
        values = {name: {"S": value} for name, value in values.items()}
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table, KeyConditionExpression=condition, ExpressionAttributeValues=values, **options
        )
        for page in pages:
            yield from page["Items"]

    def item(self, workspace, sk):
        key = {"pk": {"S": f"FILES#{workspace}"}, "sk": {"S": sk}}
        return self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")


def side_by_side(left, right):
    """Joins two lists of ids with values, both in order of the ids. Keeps neither in memory."""
    left, right = iter(left), iter(right)
    one, other = next(left, None), next(right, None)
    while one or other:
        file_id = min(found[0] for found in (one, other) if found)
        values = [found[1] if found and found[0] == file_id else None for found in (one, other)]
        yield file_id, *values
        one = next(left, None) if values[0] else one
        other = next(right, None) if values[1] else other


def size_of(size):
    """Writes a size for people."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


if __name__ == "__main__":
    run_main(main)
