"""The library's promises, checked on every reference stack."""

from __future__ import annotations

import ast
import json
import re

import pytest

from lambda_constructs._actions import service
from lambda_constructs._unscoped import UNSCOPED
from lambda_constructs.rules._catalogue import RULES
from lambda_constructs.rules._template import Template
from tests.documented_metrics import has_data
from tests.synthesized import ROOT, STEMS, Synthesized, class_id

FUNCTION = "AWS::Lambda::Function"
MAPPING = "AWS::Lambda::EventSourceMapping"

# Config checks the permission when it makes a rule, and only then gives it an ARN:
# https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_nodejs.html#restricted-lambda-policy
BY_ACCOUNT_ALONE = {"config.amazonaws.com"}

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture(params=STEMS)
def stack(request, assembly) -> Synthesized:
    return assembly[request.param]


def statements(stack: Synthesized) -> list[dict]:
    return [
        statement
        for properties in stack.properties("AWS::IAM::ManagedPolicy")
        for statement in properties["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]


def as_list(value):
    return value if isinstance(value, list) else [value]


def at_edge(stack: Synthesized) -> set[str]:
    """The functions that run at CloudFront's edge, by whom their roles trust."""
    roles = stack.of_type("AWS::IAM::Role")
    return {
        logical_id
        for logical_id, function in stack.of_type(FUNCTION).items()
        for role in [roles[function["Properties"]["Role"]["Fn::GetAtt"][0]]]
        if "edgelambda.amazonaws.com"
        in str(role["Properties"]["AssumeRolePolicyDocument"])
    }


def test_each_function_has_a_role_of_its_own(stack):
    """
    What one function may do, no other may.
    """
    roles = [json.dumps(each["Role"]) for each in stack.properties(FUNCTION)]

    assert roles
    assert len(roles) == len(set(roles))


def test_no_policy_is_inline_or_aws_s_own(stack):
    """
    One customer-managed policy says all that a role may do.
    """
    assert {} == stack.of_type("AWS::IAM::Policy")
    for role in stack.properties("AWS::IAM::Role"):
        assert not {"ManagedPolicyArns", "Policies"} & role.keys()


def test_no_action_is_a_wildcard(stack):
    """
    Every action is one that somebody meant.
    """
    actions = [
        action for each in statements(stack) for action in as_list(each["Action"])
    ]

    assert actions
    assert [] == [action for action in actions if "*" in action]


def test_no_resource_is_a_wildcard_but_for_actions_that_have_none(stack):
    """
    A bare * is for what AWS's list has no resource for, or a mistake.
    """
    wild = {
        action
        for each in statements(stack)
        if "*" in as_list(each["Resource"]) and each["Effect"] == "Allow"
        for action in as_list(each["Action"])
    }

    named = [action for action in wild if kinds(action)]
    assert [] == [action for action in named if action not in UNSCOPED]


def test_each_action_is_in_aws_s_list(stack):
    """
    A misspelt one would grant nothing, without a word.
    """
    for each in statements(stack):
        for action in as_list(each["Action"]):
            prefix, _, name = action.partition(":")
            assert name in service(prefix).actions


def test_every_rule_is_kept(stack):
    """
    What the library says of everybody's functions holds for its own.
    """
    template = Template.read(stack.folder / f"{class_id(stack.stem)}.template.json")

    assert template.resources
    assert [] == [
        (rule.id, finding.logical_id, finding.what)
        for rule in RULES
        for finding in rule.check(template)
    ]


def test_each_key_is_used_through_one_service(stack):
    """
    What a role may decrypt, it may not by a call of its own.
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    keys = [each for each in statements(stack) if "kms:" in str(each["Action"])]

    assert [] == [
        each
        for each in keys
        if "kms:ViaService" not in str(each["Condition"])
        and "kms:EncryptionContext" not in str(each["Condition"])
    ]


def kinds(action: str) -> tuple[str, ...]:
    prefix, _, name = action.partition(":")
    return service(prefix).actions[name]


def test_each_function_is_reached_by_its_alias_alone(stack):
    """
    Mappings, permissions and asynchronous settings name `live`, never $LATEST.
    CloudFront takes no alias: it names a numbered version, which stays.
    """
    for mapping in stack.properties(MAPPING):
        assert '":live"' in json.dumps(mapping["FunctionName"])
    for config in stack.properties("AWS::Lambda::EventInvokeConfig"):
        assert "live" == config["Qualifier"]
    for permission in stack.properties("AWS::Lambda::Permission"):
        assert "Live" in json.dumps(permission["FunctionName"])
    aliases = list(stack.properties("AWS::Lambda::Alias"))
    assert len(aliases) == len(stack.of_type(FUNCTION)) - len(at_edge(stack))
    named = {
        arn["Ref"]
        for each in stack.properties("AWS::CloudFront::Distribution")
        for arn in found(each, "LambdaFunctionARN")
    }
    versions = stack.of_type("AWS::Lambda::Version")
    assert named <= versions.keys()
    assert at_edge(stack) == {
        versions[name]["Properties"]["FunctionName"]["Ref"] for name in named
    }
    assert {"Retain"} >= {versions[name]["DeletionPolicy"] for name in named}


def found(value, name: str) -> list:
    """What is under *name*, at any depth."""
    if isinstance(value, list):
        return [each for item in value for each in found(item, name)]
    if not isinstance(value, dict):
        return []
    here = [value[name]] if name in value else []
    return here + [each for item in value.values() for each in found(item, name)]


def test_each_permission_names_its_source(stack):
    """
    A service principal alone is every account's.
    """
    for permission in stack.properties("AWS::Lambda::Permission"):
        if permission["Principal"] in BY_ACCOUNT_ALONE:
            assert permission["SourceAccount"]
        else:
            assert {"SourceArn", "EventSourceToken"} & permission.keys()


def test_each_path_ends_in_a_failure_store(stack):
    """
    A polled queue redrives; a stream and an asynchronous function have a destination.
    """
    queues = stack.of_type("AWS::SQS::Queue")
    for mapping in stack.properties(MAPPING):
        arn = mapping["EventSourceArn"]
        source = arn["Fn::GetAtt"][0] if isinstance(arn, dict) else arn
        if source in queues:
            redrive = queues[source]["Properties"]["RedrivePolicy"]
            assert 5 <= redrive["maxReceiveCount"]
            assert redrive["deadLetterTargetArn"]
        else:
            assert mapping["DestinationConfig"]["OnFailure"]["Destination"]
    for config in stack.properties("AWS::Lambda::EventInvokeConfig"):
        assert config["DestinationConfig"]["OnFailure"]["Destination"]


def test_each_queue_and_topic_is_encrypted_and_takes_tls_only(stack):
    """
    Plain HTTP is refused, and nothing lies about in the clear.
    """
    denied = json.dumps(
        [
            *stack.properties("AWS::SQS::QueuePolicy"),
            *stack.properties("AWS::SNS::TopicPolicy"),
        ]
    )
    for logical_id, queue in stack.of_type("AWS::SQS::Queue").items():
        properties = queue["Properties"]
        assert properties.get("SqsManagedSseEnabled") or properties["KmsMasterKeyId"]
        assert f'"Queues": [{{"Ref": "{logical_id}"}}' in denied
    for logical_id, topic in stack.of_type("AWS::SNS::Topic").items():
        assert topic["Properties"]["KmsMasterKeyId"]
        assert logical_id in denied
    stores = len(stack.of_type("AWS::SQS::Queue", "AWS::SNS::Topic"))
    assert stores == denied.count("aws:SecureTransport")


def test_each_bucket_is_encrypted_closed_and_takes_tls_only(stack):
    """
    The same for buckets, which nobody outside the account may be let into.
    """
    policies = {
        each["Bucket"]["Ref"]: each["PolicyDocument"]["Statement"]
        for each in stack.properties("AWS::S3::BucketPolicy")
    }
    for logical_id, bucket in stack.of_type("AWS::S3::Bucket").items():
        (denied,) = [each for each in policies[logical_id] if each["Effect"] == "Deny"]
        insecure = {"Bool": {"aws:SecureTransport": "false"}}

        assert insecure == denied["Condition"]
        assert ("s3:*", {"AWS": "*"}) == (denied["Action"], denied["Principal"])
        assert 2 == len(denied["Resource"])
        assert bucket["Properties"]["BucketEncryption"]
        assert {True} == set(
            bucket["Properties"]["PublicAccessBlockConfiguration"].values()
        )


def test_each_group_in_a_vpc_lets_nothing_out_but_to_what_is_named(stack):
    """
    Neither everything nor anywhere: a load balancer to its targets, a function to its
    endpoints.
    """
    for logical_id, group in stack.of_type("AWS::EC2::SecurityGroup").items():
        rules = group["Properties"]["SecurityGroupEgress"]
        assert rules, logical_id
        assert "0.0.0.0/0" not in str(rules)
    for rule in stack.properties("AWS::EC2::SecurityGroupEgress"):
        assert {"DestinationPrefixListId", "DestinationSecurityGroupId"} & rule.keys()


def test_each_log_group_has_a_retention_and_each_function_a_log_group(stack):
    """
    Logs neither grow for ever nor appear in a group that no one made.
    """
    groups = stack.of_type("AWS::Logs::LogGroup")
    for group in groups.values():
        assert group["Properties"]["RetentionInDays"] >= 365
    for function in stack.properties(FUNCTION):
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in groups
        assert "JSON" == function["LoggingConfig"]["LogFormat"]


def test_each_function_has_timeout_memory_tracing_and_arm64(stack):
    """
    None of them is left to the defaults of 2014. The edge has x86_64 and no traces.
    """
    for logical_id, function in stack.of_type(FUNCTION).items():
        properties = function["Properties"]
        assert {"Timeout", "MemorySize"} <= properties.keys()
        if logical_id in at_edge(stack):
            assert ["x86_64"] == properties["Architectures"]
            assert "TracingConfig" not in properties
        else:
            assert "Active" == properties["TracingConfig"]["Mode"]
            assert ["arm64"] == properties["Architectures"]


def test_functions_at_the_edge_are_what_cloudfront_takes(stack):
    """
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-at-edge-function-restrictions.html
    """
    for logical_id in at_edge(stack):
        properties = stack.resources[logical_id]["Properties"]
        assert properties["Timeout"] <= 30
        assert not {
            "DeadLetterConfig",
            "Environment",
            "KmsKeyArn",
            "Layers",
            "PackageType",
            "VpcConfig",
        } & (properties.keys())


def test_the_edge_is_configured_with_what_its_handlers_read(stack):
    """
    CONFIGURATION["x"] in the code implies x in the package's file, and back.
    """
    read: set[str] = set()
    given: set[str] = set()
    for logical_id in at_edge(stack):
        function = stack.resources[logical_id]
        module, _, _ = function["Properties"]["Handler"].rpartition(".")
        files = stack.asset(function)
        trees = modules_of(module, files)
        read |= {name for tree in trees for name in names_read(tree, "CONFIGURATION")}
        given |= json.loads(files.get("configuration.json", b"{}")).keys()

    assert read == given


# Names by which a resource is known, where two copies could not have the same.
NAMES = {
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": None,  # a bus has to have a name
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
}


def test_there_are_no_physical_names(stack):
    """
    A second copy fits into the account.
    """
    for resource in stack.resources.values():
        name = NAMES.get(resource["Type"])
        assert name is None or name not in resource.get("Properties", {})


def test_what_runs_is_what_was_written(stack):
    """
    CDK's helper functions are not among the functions, nor what they serve.
    """
    handlers = ROOT / "lambda_src" / stack.stem
    for function in stack.of_type(FUNCTION).values():
        module, _, _ = function["Properties"]["Handler"].rpartition(".")
        assert (handlers / f"{module}.py").read_bytes() == (
            stack.asset(function)[f"{module}.py"]
        )
    for type in ("Custom::", "AWS::CloudFormation::CustomResource"):
        for resource in stack.resources.values():
            if resource["Type"].startswith(type):
                token = json.dumps(resource["Properties"]["ServiceToken"])
                assert "Live" in token


def test_each_handler_is_in_its_package_and_reads_only_what_is_set(stack):
    """
    os.environ["X"] in the code implies X in the function's environment, and back.
    """
    for function in stack.of_type(FUNCTION).values():
        properties = function["Properties"]
        module, _, name = properties["Handler"].rpartition(".")
        files = stack.asset(function)
        trees = modules_of(module, files)
        read = {variable for tree in trees for variable in variables_read(tree)}
        given = set(properties.get("Environment", {}).get("Variables", {}))

        assert name in names_defined(trees[0])
        assert read == {each for each in given if not each.startswith("POWERTOOLS_")}


def modules_of(module: str, files: dict[str, bytes]) -> list[ast.Module]:
    """A handler's own module, and those beside it that it imports."""
    found: dict[str, ast.Module] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = f"{name.replace('.', '/')}.py"
        if name in found or path not in files or "/" in path:
            continue
        found[name] = tree = ast.parse(files[path])
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                waiting.append(node.module)
    return [found[module], *(tree for name, tree in found.items() if name != module)]


def names_defined(tree: ast.Module) -> set[str]:
    """The functions of a module, and what it assigns at its top."""
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} | {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def variables_read(tree: ast.Module) -> set[str]:
    return names_read(tree, "os.environ")


def names_read(tree: ast.Module, mapping: str) -> set[str]:
    """The names by which a mapping is read."""
    return {
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and ast.unparse(node.value) == mapping
        and isinstance(node.slice, ast.Constant)
    }


def test_nothing_secret_and_nothing_of_this_machine_is_in_the_template(stack):
    """
    A template is the same wherever it is made.
    """
    assert str(ROOT) not in json.dumps(stack.template)
    for function in stack.properties(FUNCTION):
        for name in function.get("Environment", {}).get("Variables", {}):
            assert not re.search("SECRET|PASSWORD|TOKEN|API_?KEY", name)


def test_no_variable_makes_a_function_log_what_it_is_sent(stack):
    """
    Powertools logs whole events on one word, and botocore whole requests on another.

    https://docs.aws.amazon.com/powertools/python/latest/environment_variables/
    """
    talkative = {
        "POWERTOOLS_DEBUG",
        "POWERTOOLS_DEV",
        "POWERTOOLS_LOGGER_LOG_EVENT",
        "POWERTOOLS_TRACER_CAPTURE_RESPONSE",
    }
    for function in stack.properties(FUNCTION):
        variables = function.get("Environment", {}).get("Variables", {})

        assert set() == talkative & variables.keys()
        assert "DEBUG" not in {str(each).upper() for each in variables.values()}


def test_keys_let_services_alone_give_grants(stack):
    """
    A grant lets its grantee use a key whatever the policies say.

    https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
    """
    for key in stack.properties("AWS::KMS::Key"):
        (denied,) = [
            statement
            for statement in key["KeyPolicy"]["Statement"]
            if statement["Effect"] == "Deny"
        ]

        assert "kms:CreateGrant" == denied["Action"]
        assert {"AWS": "*"} == denied["Principal"]
        assert {
            "BoolIfExists": {
                "aws:PrincipalIsAWSService": "false",
                "kms:GrantIsForAWSResource": "false",
            }
        } == denied["Condition"]


def test_buckets_keep_old_versions_but_not_for_ever(stack):
    """
    What is written over can be had back, and costs nothing in the end.
    """
    for bucket in stack.properties("AWS::S3::Bucket"):
        rules = bucket["LifecycleConfiguration"]["Rules"]

        assert "Enabled" == bucket["VersioningConfiguration"]["Status"]
        assert [rule for rule in rules if "NoncurrentVersionExpiration" in rule]
        assert [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]


def test_rules_keep_what_they_could_not_deliver(stack):
    """
    EventBridge drops an event after a day of retries.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    for rule in stack.properties("AWS::Events::Rule"):
        assert all("DeadLetterConfig" in target for target in rule["Targets"])


def alarms(stack: Synthesized) -> list[dict]:
    return [each["Properties"] for each in watching(stack).values()]


def watching(stack: Synthesized) -> dict[str, dict]:
    """The alarms that tell somebody; CodeDeploy itself looks at those of a release."""
    of_releases = {
        each["Name"]["Ref"]
        for group in stack.properties("AWS::CodeDeploy::DeploymentGroup")
        for each in group["AlarmConfiguration"]["Alarms"]
    }
    every = stack.of_type("AWS::CloudWatch::Alarm")
    return {name: each for name, each in every.items() if name not in of_releases}


def test_each_alarm_tells_a_topic_of_the_stack_that_cloudwatch_may_use(stack):
    """
    An alarm that nobody gets is none.
    """
    topics = stack.of_type("AWS::SNS::Topic")
    for alarm in alarms(stack):
        (action,) = alarm["AlarmActions"]
        topic = topics[action["Ref"]]["Properties"]
        key = stack.resources[topic["KmsMasterKeyId"]["Fn::GetAtt"][0]]
        assert "cloudwatch.amazonaws.com" in str(key["Properties"]["KeyPolicy"])
        (policy,) = [
            each["PolicyDocument"]
            for each in stack.properties("AWS::SNS::TopicPolicy")
            if action in each["Topics"]
        ]
        assert "cloudwatch.amazonaws.com" in str(policy)


def test_each_function_has_alarms_on_errors_throttles_and_duration(stack):
    """
    Of the alias, which alone is invoked. The edge counts where its viewers are.
    """
    watched = {
        (alarm["MetricName"], each["Value"]["Ref"])
        for alarm in alarms(stack)
        for each in alarm["Dimensions"]
        if each["Name"] == "FunctionName"
        and "Resource" in {other["Name"] for other in alarm["Dimensions"]}
    }
    for function in stack.of_type(FUNCTION).keys() - at_edge(stack):
        for metric in ("Duration", "Errors", "Throttles"):
            assert (metric, function) in watched


def test_each_failure_store_that_is_a_queue_has_an_alarm(stack):
    """
    Whatever sends there: a queue, Lambda, or a service that could not deliver.
    """
    sources = json.dumps(
        [
            *stack.properties("AWS::SQS::Queue"),
            *found([*stack.properties(MAPPING)], "OnFailure"),
            *found([*stack.properties("AWS::Lambda::EventInvokeConfig")], "OnFailure"),
            *found(list(stack.resources.values()), "DeadLetterConfig"),
            *found(list(stack.resources.values()), "ErrorAction"),
            *found(list(stack.resources.values()), "RedrivePolicy"),
        ]
    )
    watched = json.dumps(
        [
            alarm["Dimensions"]
            for alarm in alarms(stack)
            if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        ]
    )
    for queue in stack.of_type("AWS::SQS::Queue"):
        if f'"{queue}"' in sources:
            assert f'"{queue}"' in watched


def test_no_alarm_looks_at_what_never_has_data(stack):
    """
    By exactly the dimensions that the service documents; and mappings count only what
    they are told to.
    """
    counted = {
        logical_id
        for logical_id, mapping in stack.of_type(MAPPING).items()
        if "EventCount"
        in mapping["Properties"].get("MetricsConfig", {"Metrics": []})["Metrics"]
    }
    looked_at = [
        (alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"])
        for alarm in alarms(stack)
    ]
    for namespace, metric, dimensions in looked_at:
        names = [each["Name"] for each in dimensions]
        assert has_data(namespace, metric, names), (namespace, metric, names)
        for each in dimensions:
            assert each["Value"]
            if each["Name"] == "EventSourceMappingUUID":
                assert each["Value"]["Ref"] in counted
    assert len(looked_at) == len({json.dumps(each) for each in looked_at})


def test_the_dashboard_shows_each_alarm_and_only_what_has_data(stack):
    """
    One for the stack, if it has functions to show.
    """
    dashboards = list(stack.properties("AWS::CloudWatch::Dashboard"))
    ours = watching(stack)
    assert len(dashboards) == (1 if ours else 0)
    for dashboard in dashboards:
        text, values = dashboard["DashboardBody"]["Fn::Sub"]
        widgets = json.loads(text)["widgets"]
        (arns,) = found(widgets, "alarms")
        assert ours.keys() == {values[arn[2:-1]]["Fn::GetAtt"][0] for arn in arns}
        lines = [line for each in found(widgets, "metrics") for line in expanded(each)]
        assert lines
        for namespace, metric, *dimensions, _ in lines:
            assert has_data(namespace, metric, dimensions[::2])
        assert len(json.dumps(values)) + len(text) < 500_000


def expanded(lines: list[list]) -> list[list]:
    """Lines in which `.` is for what the line before has in that place."""
    full: list[list] = []
    for line in lines:
        full.append(
            [full[-1][n] if each == "." else each for n, each in enumerate(line)]
        )
    return full


def test_logical_ids_and_types_are_what_they_were(stack):
    """
    A changed id replaces the resource in every account that has it.
    """
    path = ROOT / "tests" / "stacks" / "logical_ids" / f"{stack.stem}.txt"
    now = sorted(
        f"{stable_id(logical_id, resource)} {resource['Type']}"
        for logical_id, resource in stack.resources.items()
    )

    assert path.read_text().splitlines() == now


def stable_id(logical_id: str, resource: dict) -> str:
    """The id ends in a hash of what it publishes, where it is to change with that."""
    publishes = resource["Type"] in {
        "AWS::ApiGateway::Deployment",
        "AWS::Lambda::Version",
    }
    return re.sub(r"[0-9a-f]{32}$", "*", logical_id) if publishes else logical_id
