"""Tests what `make deploy` and `make adopt` check before AWS creates anything. `make test` runs these."""

import contextlib
import io
import re
import unittest
from unittest import mock

import botocore.exceptions
from samcli.cli.types import CfnParameterOverridesType

import adopt
import deploy
import template as templates
from local_stack.failure import Failure

TEMPLATE = templates.read()
PARAMETERS = TEMPLATE["Parameters"]
SECRETS = {"FrontDoorSecret", "WebRiskKey"}

# For each parameter with free text: values that work, and values that are mistyped.
VALUES = {
    "Domains": (
        ["go.example.com", "localhost", "go.example.com,xn--bcher-kva.example", "127.0.0.1"],
        ["", "https://go.example.com", "go.example.com, a.b", "Go.example.com", "go..com", "-a.com", "a.com,", "go.example.com/"],
    ),
    "OtherHosts": (
        ["", "*", "127.0.0.1", "a.example,b.example"],
        [",", "a.example,", "a.example, b.example", "https://a.example", "*.example"],
    ),
    "OperatorWorkspace": (["default", "ops-1"], ["", "-ops", "Ops", "a b", "a" * 64]),
    "TargetSchemes": (
        ["", "mailto,tel,sms", "mailto,com.example.app,web+x"],
        ["mailto,", "mailto, tel", "mailto:", "MAILTO", "1a", "my app", "slack://"],
    ),
    "ShortUrlOrigin": (["", "https://go.example.com", "http://localhost:9000"], ["go.example.com", "https://a.b/", "https://a b"]),
    "WebRiskKey": (["", "AIza-of_20_characters_or_more"], ["AIza", "AIza of 20 characters or more"]),
    "WebRiskUrl": (["https://webrisk.googleapis.com", "http://127.0.0.1:8080"], ["", "webrisk.googleapis.com", "https://a.example/v1"]),
    "RootUrl": (["", "https://www.example.com/", "https://example.com/a?b=c"], ["www.example.com", "https:/example.com", "https://", "/a"]),
    "NotFoundUrl": (["", "https://www.example.com/404"], ["www.example.com", "ftp://example.com/"]),
    "FrontDoorSecret": (["", "a-secret_of_32_characters_or_more"], ["short", "a secret of 32 characters or more"]),
    "GeoipDb": (["", "/opt/countries.mmdb"], ["opt/countries.mmdb", "/opt/a b"]),
    "GeoipLayerArn": (["", "arn:aws:lambda:eu-west-1:123456789012:layer:geo:3"], ["countries", "arn:aws:lambda:eu-west-1:1:layer:a:1"]),
    "RateLimitViewer": (["50/200", "off"], ["", "50", "0/1", "50/ 200", "on"]),
    "RateLimitEditor": (["1/1"], ["1/"]),
    "RateLimitAdmin": (["99999/99999"], ["100000/1"]),
    "JwtIssuer": (["", "https://login.example.com/", "http://127.0.0.1:8080"], ["login.example.com", "https://", "https://a b"]),
    "JwtAudience": (["", "waypost"], ["a b"]),
    "ConsoleClientId": (["", "waypost-console"], ["waypost console"]),
    "ConsoleScope": (["openid", "openid email", "api://waypost/use openid"], ["", "email", "openid  email", "openid ", 'openid "x"']),
    "ConsoleProviderOrigins": (
        ["", "https://oauth2.example.com", "https://a.example,https://b.example:8443"],
        ["*", "a.example", "http://a.example", "https://a.example/", "https://a.example, https://b.example", "https://a.example;x"],
    ),
    "ConsoleOrigins": (
        ["", "https://links.example.com", "http://localhost:5173,https://a.example:8443"],
        ["*", "null", "links.example.com", "https://links.example.com/", "https://*.example.com", "https://a.example, https://b.example"],
    ),
    "JwtWorkspaceClaim": (["workspace", "/app_metadata/workspace"], ["", "a b"]),
    "JwtRoleClaim": (["role"], [""]),
    "AdoptPrefix": (
        ["adopt/", "incoming/2026/", "files-2/", "a.b/c_d/"],
        ["", "adopt", "/adopt/", "files/", "clicks/x/", "a//", "a b/", "a/*/"],
    ),
    "AlarmTopicArn": (["", "arn:aws:sns:eu-west-1:123456789012:ops"], ["ops", "arn:aws:sns:eu-west-1:123456789012:"]),
}  # fmt: skip


class Parameters(unittest.TestCase):
    def test_every_parameter_refuses_what_is_mistyped(self):
        for name, parameter in PARAMETERS.items():
            with self.subTest(name):
                self.assertIsNone(templates.problem(parameter, str(parameter["Default"])), "the default")
                if "AllowedValues" in parameter:
                    self.assertIsNotNone(templates.problem(parameter, "mistyped"))
                elif parameter["Type"] == "Number":
                    self.assertIn("MinValue", parameter)
                    self.assertIn("MaxValue", parameter)
                    for value in ("", "five", "5.5", str(parameter["MinValue"] - 1), str(parameter["MaxValue"] + 1)):
                        self.assertIsNotNone(templates.problem(parameter, value), value)
                else:
                    self.assertIn("ConstraintDescription", parameter)
                    good, bad = VALUES[name]
                    for value in good:
                        self.assertIsNone(templates.problem(parameter, value), value)
                    for value in bad:
                        self.assertIsNotNone(templates.problem(parameter, value), value)

    def test_every_parameter_has_a_group_that_the_questions_follow(self):
        groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        self.assertEqual(sorted(name for group in groups for name in group["Parameters"]), sorted(PARAMETERS))

    def test_mistyped_name_is_refused_with_the_nearest(self):
        with self.assertRaisesRegex(Failure, "no parameter LogLvel: do you mean LogLevel"):
            templates.require_known(PARAMETERS, ["LogLvel"])
        templates.require_known(PARAMETERS, ["LogLevel"])


class Deploy(unittest.TestCase):
    def test_stack_name_is_one_that_every_derived_name_can_begin_with(self):
        for region in ("eu-west-1", "ap-southeast-1", "us-gov-west-1"):
            longest = "w" * (63 - len("-data-123456789012-") - len(region))
            for name in ("waypost", "w1-a", longest):
                deploy.check_stack_name(name, region)
                self.assertLessEqual(len(f"{name}-data-123456789012-{region}"), 63)
                for function in re.findall(r"FunctionName: !Sub '\$\{AWS::StackName\}(-[a-z-]+)'", templates.paths.TEMPLATE.read_text()):
                    self.assertLessEqual(len(name + function), 64)
            for name in ("", "Waypost", "way_post", "1w", "-w", "way.post", longest + "w", "xn--w", "wäy"):
                with self.assertRaises(Failure, msg=name):
                    deploy.check_stack_name(name, region)

    def test_answers_are_kept_and_read_again(self):
        parameters = {name: str(parameter["Default"]) for name, parameter in PARAMETERS.items()} | {"RootUrl": 'https://a/?b="c\\d"&e=f'}
        kept = deploy.saved_answers(deploy.config("waypost", "eu-west-1", parameters))
        self.assertEqual(kept, {"stack": "waypost", "region": "eu-west-1", "parameters": parameters})
        self.assertEqual(deploy.saved_answers("")["parameters"], {})
        guided = '[default.deploy.parameters]\nstack_name = "w"\nparameter_overrides = "Domains=\\"a.b\\" RootUrl=\\"\\""\n'
        self.assertEqual(deploy.saved_answers(guided), {"stack": "w", "region": "", "parameters": {"Domains": "a.b", "RootUrl": ""}})
        with self.assertRaises(Failure):
            deploy.saved_answers("[default")

    def test_sam_reads_the_parameters_as_they_are_meant(self):
        parameters = {name: str(parameter["Default"]) for name, parameter in PARAMETERS.items()}
        self.assertEqual(CfnParameterOverridesType().convert(tuple(deploy.overrides(parameters)), None, None), parameters)

    def test_question_repeats_until_the_answer_is_valid(self):
        typed = iter(["mips", "x86_64"])
        answer = mock.patch("builtins.input", lambda question: next(typed, "") if "Architecture" in question else "")
        with answer, contextlib.redirect_stdout(io.StringIO()) as printed:
            found = deploy.answers(TEMPLATE, {"Domains": "a.example"}, asking=True)
        self.assertEqual((found["Architecture"], found["Domains"], found["LogLevel"]), ("x86_64", "a.example", "info"))
        self.assertIn("'mips' is not one of arm64, x86_64", printed.getvalue())

    def test_wrong_answer_without_a_terminal_fails(self):
        with self.assertRaisesRegex(Failure, "LogLevel: 'verbose' is not one of"):
            deploy.answers(TEMPLATE, {"LogLevel": "verbose"}, asking=False)
        self.assertEqual(deploy.answers(TEMPLATE, {}, asking=False).keys(), PARAMETERS.keys() - SECRETS)

    def test_secret_is_kept_by_the_stack_and_not_in_a_file(self):
        secret = "a-secret_of_32_characters_or_more"
        given = deploy.answers(TEMPLATE, {"FrontDoorSecret": secret}, asking=False)
        self.assertEqual(given["FrontDoorSecret"], secret)
        self.assertNotIn("FrontDoorSecret", deploy.without_secrets(TEMPLATE, given))
        answer = mock.patch("builtins.input", lambda question: "-" if "FrontDoor" in question else "")
        with answer, contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(deploy.answers(TEMPLATE, {}, asking=True)["FrontDoorSecret"], "")

    def test_architecture_reaches_the_build(self):
        with mock.patch.object(deploy.subprocess, "run") as run:
            run.return_value.returncode = 0
            deploy.build("x86_64")
        self.assertIn("Architecture=x86_64", run.call_args.args[0])

    def test_account_that_cannot_keep_the_instances_is_refused(self):
        asked = {"RedirectConcurrency": "0", "LoadImportConcurrency": "3", "InspectFileConcurrency": "2"}
        deploy.check_concurrency(1000, 1000, asked)
        deploy.check_concurrency(1000, 105, asked)
        deploy.check_concurrency(10, 10, dict.fromkeys(asked, "0"))
        for quota, unreserved in ((10, 10), (1000, 104)):
            with self.assertRaisesRegex(Failure, "LoadImportConcurrency=0"):
                deploy.check_concurrency(quota, unreserved, asked)


class References(unittest.TestCase):
    def test_names_are_found_in_every_function(self):
        for node, names in (
            ({"Ref": "A"}, {"A"}),
            ({"Fn::GetAtt": ["A", "Arn"]}, {"A"}),
            ({"Fn::GetAtt": "A.Arn"}, {"A"}),
            ({"Fn::Sub": "${A}-${AWS::Region}-${B}"}, {"A", "B"}),
            ({"Fn::Sub": ["${A}-${Own}", {"Own": {"Fn::If": ["C", {"Ref": "B"}, ""]}}]}, {"A", "B", "C"}),
            ({"Fn::Join": [",", [{"Ref": "A"}, "B"]]}, {"A"}),
        ):
            self.assertEqual(templates.references(node), names, node)


class Adopt(unittest.TestCase):
    def test_template_of_the_kept_resources_stands_alone(self):
        found = templates.only(TEMPLATE, [*adopt.TABLES, adopt.BUCKET])
        self.assertEqual(found["Resources"].keys(), {"LinksTable", "StatsTable", "DataBucket"})
        self.assertEqual(found["Parameters"].keys(), {"ImportRetentionDays", "ArchiveRetentionDays", "FileMalwareScan"})
        self.assertEqual(found["Conditions"].keys(), {"HasArchive", "ScansFiles"})
        named = found["Resources"].keys() | found["Parameters"].keys() | found["Conditions"].keys() | {"AWS::NoValue"}
        self.assertEqual(templates.references(found) - named, set())
        for resource in found["Resources"].values():
            # CloudFormation imports only what it would keep.
            self.assertEqual((resource["DeletionPolicy"], resource["UpdateReplacePolicy"]), ("RetainExceptOnCreate", "Retain"))

    def test_table_must_be_one_and_have_the_keys(self):
        keys = {"LinksTable": [("pk", "HASH"), ("sk", "RANGE")], "StatsTable": [("pk", "HASH"), ("sk", "RANGE")]}
        dynamodb = mock.Mock()
        dynamodb.get_paginator.return_value.paginate.return_value = [
            {"TableNames": ["w-LinksTable-1", "w-StatsTable-1", "w-StatsTable-2", "other"]}
        ]
        described = {"Table": {"KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys["LinksTable"]]}}
        dynamodb.describe_table.return_value = described
        with self.assertRaisesRegex(Failure, "several tables w-StatsTable-"):
            adopt.tables(dynamodb, "w", {"LinksTable": "", "StatsTable": ""}, TEMPLATE)
        found = adopt.tables(dynamodb, "w", {"LinksTable": "", "StatsTable": "w-StatsTable-2"}, TEMPLATE)
        self.assertEqual(found, {"LinksTable": "w-LinksTable-1", "StatsTable": "w-StatsTable-2"})
        with self.assertRaisesRegex(Failure, "no table x-LinksTable-"):
            adopt.tables(dynamodb, "x", {"LinksTable": "", "StatsTable": ""}, TEMPLATE)
        described["Table"]["KeySchema"].pop()
        with self.assertRaisesRegex(Failure, "other keys"):
            adopt.tables(dynamodb, "w", {"LinksTable": "", "StatsTable": "w-StatsTable-2"}, TEMPLATE)

    def test_stack_that_exists_is_not_adopted(self):
        session = mock.Mock()
        session.client.return_value.describe_stacks.return_value = {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]}
        with self.assertRaisesRegex(Failure, "exists"):
            adopt.adopt(session, "w", {})
        error = {"Error": {"Code": "ValidationError", "Message": "Stack with id w does not exist"}}
        session.client.return_value.describe_stacks.side_effect = botocore.exceptions.ClientError(error, "DescribeStacks")
        self.assertFalse(deploy.stack_exists(session.client("cloudformation"), "w"))


if __name__ == "__main__":
    unittest.main()
