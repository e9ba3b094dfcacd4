"""Tests `make clean-files` with a table and a bucket in memory. `make test` runs these."""

import datetime
import unittest
from unittest import mock

import botocore.exceptions

import clean_files

NOW = datetime.datetime(2026, 1, 10, tzinfo=datetime.UTC)
OLD, NEW = NOW - datetime.timedelta(hours=25), NOW - datetime.timedelta(hours=23)


def refused(code):
    return botocore.exceptions.ClientError({"Error": {"Code": code}}, "operation")


class Bucket:
    """A bucket with the part of the client that the tool uses."""

    def __init__(self, objects, uploads=()):
        self.objects, self.uploads, self.aborted, self.hidden = dict(objects), list(uploads), [], set()

    def get_paginator(self, operation):
        return mock.Mock(paginate=getattr(self, operation))

    def list_objects_v2(self, Bucket, Prefix, Delimiter=None):
        keys = sorted(key for key in self.objects if key.startswith(Prefix) and key not in self.hidden)
        if Delimiter:
            return [{"CommonPrefixes": [{"Prefix": prefix}]} for prefix in sorted({"/".join(key.split("/")[:2]) + "/" for key in keys})]
        # Two keys a page, so that there are several pages.
        found = [{"Key": key, "Size": 1000, "LastModified": self.objects[key]} for key in keys]
        return [{"Contents": found[start : start + 2]} for start in range(0, len(found), 2)] or [{}]

    def list_multipart_uploads(self, Bucket, Prefix):
        found = [{"Key": key, "UploadId": name, "Initiated": at} for key, name, at in self.uploads if key.startswith(Prefix)]
        return [{"Uploads": found}] if found else [{}]

    def list_parts(self, Bucket, Key, UploadId):
        return [{"Parts": [{"Size": 5}, {"Size": 6}]}, {}]

    def head_object(self, Bucket, Key):
        if Key not in self.objects:
            raise refused("404")

    def delete_object(self, Bucket, Key):
        del self.objects[Key]

    def abort_multipart_upload(self, Bucket, Key, UploadId):
        self.aborted.append(UploadId)


class Table:
    """A table with the part of the client that the tool uses. `unlisted` items are read, but not listed."""

    def __init__(self, items, heads=()):
        self.items, self.heads, self.written, self.unlisted = dict(items), list(heads), [], set()

    def get_paginator(self, _operation):
        return mock.Mock(paginate=self.query)

    def query(self, TableName, KeyConditionExpression, ExpressionAttributeValues, IndexName=None, ConsistentRead=False):
        pk = ExpressionAttributeValues[":pk"]["S"]
        if IndexName:
            assert (pk, IndexName) == ("CATALOGS#", "list")
            return [{"Items": [{"list_sk": {"S": head}} for head in self.heads]}]
        prefix = ExpressionAttributeValues.get(":prefix", {"S": ""})["S"]
        keys = sorted(key for key in self.items if key[0] == pk and key[1].startswith(prefix) and key not in self.unlisted)
        return [{"Items": [self.items[key]]} for key in keys] or [{"Items": []}]

    def get_item(self, TableName, Key, ConsistentRead):
        item = self.items.get((Key["pk"]["S"], Key["sk"]["S"]))
        return {"Item": item} if item else {}

    def transact_write_items(self, TransactItems):
        self.written.append(TransactItems)


def file(number, status="ready", upload=None, kind="FILE"):
    item = {"id": {"S": f"fil_{number}"}, "sk": {"S": f"{kind}#fil_{number}"}, "status": {"S": status}}
    item |= {"size": {"N": "1000"}, "revision": {"N": "3"}}
    if upload:
        item["upload"] = {"M": {"id": {"S": upload}}}
    return ("FILES#acme", f"{kind}#fil_{number}"), item


def usage(files):
    return ("FILES#acme", "USAGE"), {"files": {"N": str(files)}, "bytes": {"N": str(files * 1000)}}


class CleanFilesTest(unittest.TestCase):
    def clean(self, bucket, table, remove=False):
        cleaning = clean_files.Cleaning((bucket, "bucket"), (table, "links"), remove, NOW)
        with mock.patch("builtins.print") as printed:
            for workspace in cleaning.workspaces():
                cleaning.compare(workspace)
        self.printed = "\n".join(call.args[0] for call in printed.call_args_list)
        return cleaning

    def test_what_both_sides_know_stays(self):
        objects = {f"files/acme/fil_{number}": OLD for number in range(5)}
        table = Table([*(file(number) for number in range(5)), file(5, "uploading", "u5"), usage(6)])
        bucket = Bucket(objects, [("files/acme/fil_5", "u5", OLD)])
        cleaning = self.clean(bucket, table, remove=True)
        self.assertEqual((cleaning.found, self.printed, bucket.aborted, table.written), (0, "", [], []))
        self.assertEqual(len(bucket.objects), 5)

    def test_object_without_record_is_removed_after_a_day(self):
        for remove in (False, True):
            bucket = Bucket({"files/acme/fil_1": OLD, "files/acme/fil_2": NEW, "files/acme/fil_3": OLD, "files/other/fil_4": OLD})
            # fil_3 was removed, and the function looks for it once more.
            table = Table([file(3, kind="GONE")])
            cleaning = self.clean(bucket, table, remove)
            self.assertEqual((cleaning.found, cleaning.bytes, cleaning.kept), (2, 2000, 0))
            self.assertIn("files/acme/fil_1 of 2026-01-08: it has no record (1.0 KB)", self.printed)
            left = set() if remove else {"files/acme/fil_1", "files/other/fil_4"}
            self.assertEqual(set(bucket.objects), {"files/acme/fil_2", "files/acme/fil_3"} | left)

    def test_record_of_a_complete_file_without_object_gives_its_room_back(self):
        for status, remove in (("ready", False), ("ready", True), ("inspecting", True)):
            bucket = Bucket({"files/acme/fil_2": OLD})
            table = Table([file(1, status), file(2), file(3, "uploading"), file(4, "blocked"), usage(4)], heads=["acme"])
            cleaning = self.clean(bucket, table, remove)
            self.assertEqual((cleaning.found, cleaning.bytes), (1, 0))
            self.assertIn("record of files/acme/fil_1: the object is not there", self.printed)
            self.assertEqual(len(table.written), int(remove))
        delete, update = (next(iter(write.values())) for write in table.written[0])
        self.assertEqual(delete["Key"], {"pk": {"S": "FILES#acme"}, "sk": {"S": "FILE#fil_1"}})
        self.assertEqual(delete["ExpressionAttributeValues"], {":revision": {"N": "3"}})
        self.assertEqual(update["ExpressionAttributeValues"], {":one": {"N": "-1"}, ":size": {"N": "-1000"}})

    def test_record_in_a_collection_leaves_it(self):
        key, item = file(1)
        item["place"] = {"M": {"collection": {"S": "col_1"}, "path": {"S": "A/b"}}}
        places = {}
        for sk, number in (("\x01other", 2), ("a\x01b", 1)):
            pk = "PLACES#acme#col_1"
            places[pk, sk] = {"pk": {"S": pk}, "sk": {"S": sk}, "id": {"S": f"fil_{number}"}}
        table = Table([(key, item), usage(1), *places.items()], heads=["acme"])
        self.clean(Bucket({}), table, remove=True)
        _, update, count, place = (next(iter(write.values())) for write in table.written[0])
        self.assertEqual(count["Key"], {"pk": {"S": "FILES#acme"}, "sk": {"S": "COLL#col_1"}})
        self.assertEqual(count["ExpressionAttributeValues"], update["ExpressionAttributeValues"])
        self.assertEqual(place["Key"], {"pk": {"S": "PLACES#acme#col_1"}, "sk": {"S": "a\x01b"}})

    def test_upload_without_record_is_ended(self):
        uploads = [("files/acme/fil_1", "lost", OLD), ("files/acme/fil_2", "known", OLD), ("files/acme/fil_2", "other", OLD)]
        bucket = Bucket({}, [*uploads, ("files/acme/fil_3", "young", NEW)])
        cleaning = self.clean(bucket, Table([file(2, "uploading", "known"), usage(1)]), remove=True)
        self.assertEqual((bucket.aborted, cleaning.found, cleaning.bytes), (["lost", "other"], 2, 22))

    def test_lists_that_lag_behind_remove_nothing(self):
        bucket = Bucket({"files/acme/fil_1": OLD, "files/acme/fil_2": OLD, "files/acme/fil_3": OLD})
        bucket.hidden = {"files/acme/fil_2"}
        table = Table([file(1), file(2), file(3)])
        table.unlisted = {("FILES#acme", "FILE#fil_1")}
        cleaning = self.clean(bucket, table, remove=True)
        self.assertEqual((cleaning.found, len(bucket.objects), table.written), (0, 3, []))

    def test_wrong_count_is_named(self):
        self.clean(Bucket({"files/acme/fil_1": OLD}), Table([file(1), usage(3)]))
        self.assertIn("acme: the count says 3 files with 3000 bytes, the records 1 with 1000", self.printed)

    def test_what_cannot_be_removed_is_counted(self):
        bucket = Bucket({"files/acme/fil_1": OLD, "files/acme/fil_2": OLD})
        with mock.patch.object(bucket, "delete_object", side_effect=refused("AccessDenied")):
            cleaning = self.clean(bucket, Table([]), remove=True)
        self.assertEqual((cleaning.found, cleaning.kept), (2, 2))


if __name__ == "__main__":
    unittest.main()
