"""The nightly cleanup: what has no owner goes, and a failure stops nothing else."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto.ec2.models import ec2_backends

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

QUARTER_HOUR = 900_000
Start = Callable[..., ModuleType]


@pytest.fixture(autouse=True)
def no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare moto its catalogue of images, which costs seconds."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")


@pytest.fixture
def start(cold_start: ColdStart) -> Start:
    def start(dry_run: str = "false", days: str = "0") -> ModuleType:
        return cold_start(
            "nightly_cleanup", DRY_RUN=dry_run, REQUIRED_TAG="Owner", VOLUME_DAYS=days
        )

    return start


@pytest.fixture
def cleaner(start: Start) -> ModuleType:
    return start()


def run(module: ModuleType, millis: int = QUARTER_HOUR) -> dict[str, Any]:
    context = LambdaContext(timeout_in_millis=millis)
    return dict(module.handler(event("schedule"), context))


def ec2() -> Any:
    return boto3.client("ec2")


def tagged(kind: str, tags: dict[str, str]) -> dict[str, Any]:
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    return (
        {"TagSpecifications": [{"ResourceType": kind, "Tags": given}]} if tags else {}
    )


def instances(count: int = 1, **tags: str) -> list[str]:
    made = ec2().run_instances(
        ImageId="ami-12c6146b",
        MinCount=count,
        MaxCount=count,
        **tagged("instance", tags),
    )
    return [each["InstanceId"] for each in made["Instances"]]


def address(**tags: str) -> str:
    made = ec2().allocate_address(Domain="vpc", **tagged("elastic-ip", tags))
    return str(made["AllocationId"])


def volume(**tags: str) -> str:
    made = ec2().create_volume(
        Size=1, AvailabilityZone="eu-west-1a", **tagged("volume", tags)
    )
    return str(made["VolumeId"])


def state(id: str) -> str:
    (found,) = ec2().describe_instances(InstanceIds=[id])["Reservations"]
    return str(found["Instances"][0]["State"]["Name"])


def in_pages(client: Any, operation: str, key: str, size: int) -> list[str]:
    """Have EC2's answers come in pages, as moto's do not; give the tokens asked."""
    asked: list[str] = []

    def take_token(params: dict[str, Any], **_: object) -> None:
        asked.append(params.pop("NextToken", "0"))

    def cut(parsed: dict[str, Any], **_: object) -> None:
        first, found = int(asked[-1]), parsed[key]
        parsed[key] = found[first : first + size]
        if first + size < len(found):
            parsed["NextToken"] = str(first + size)

    client.meta.events.register(f"before-parameter-build.ec2.{operation}", take_token)
    client.meta.events.register(f"after-call.ec2.{operation}", cut)
    return asked


def fail(client: Any, operation: str, code: str, *, for_id: str = "") -> None:
    """Have a call fail, or only when it names an id."""

    def answer(params: dict[str, Any], **_: object) -> Any:
        if for_id not in str(params["body"]):
            return None
        response = AWSResponse(params["url"], 400, {}, None)
        return response, {"Error": {"Code": code, "Message": "no"}}

    client.meta.events.register(f"before-call.ec2.{operation}", answer)


def throttle(client: Any, operation: str) -> list[str]:
    """Have each attempt of a call be refused; give the attempts."""
    attempts: list[str] = []

    def answer(request: Any, **_: object) -> AWSResponse:
        attempts.append(request.url)
        response = AWSResponse(request.url, 503, {}, None)
        response._content = (
            b"<Response><Errors><Error><Code>RequestLimitExceeded</Code>"
            b"<Message>slow down</Message></Error></Errors></Response>"
        )
        return response

    client.meta.events.register_first(f"before-send.ec2.{operation}", answer)
    return attempts


class TestOwners:
    def test_what_has_none_goes(self, cleaner):
        """
        Stopped, released, deleted; and said so.
        """
        (instance,), ip, disk = instances(), address(), volume()

        report = run(cleaner)

        assert {
            "dry_run": False,
            "stopped": [instance],
            "released": [ip],
            "deleted": [disk],
            "untouched": [],
            "failures": [],
        } == report
        assert "stopped" == state(instance)
        assert [] == ec2().describe_addresses()["Addresses"]

    def test_what_has_one_stays(self, cleaner):
        """
        Whatever the tag says.
        """
        (instance,) = instances(Owner="web")
        address(Owner="")
        volume(Owner="data", Name="x")

        report = run(cleaner)

        assert [] == report["stopped"] + report["released"] + report["deleted"]
        assert "running" == state(instance)

    def test_nothing_to_do_is_no_failure(self, cleaner):
        """
        Most nights are like that.
        """
        assert [] == run(cleaner)["failures"]


class TestWhatIsFound:
    def test_stopped_instances_and_those_of_a_group_stay(self, cleaner):
        """
        A group would replace what is stopped.
        """
        idle, grouped = instances(2)
        ec2().stop_instances(InstanceIds=[idle])
        ec2().create_tags(
            Resources=[grouped],
            Tags=[{"Key": "aws:autoscaling:groupName", "Value": "web"}],
        )

        assert [] == run(cleaner)["stopped"]

    def test_addresses_in_use_stay(self, cleaner):
        """
        An association is use.
        """
        (instance,) = instances(Owner="web")
        ip = address()
        ec2().associate_address(AllocationId=ip, InstanceId=instance)

        assert [] == run(cleaner)["released"]

    def test_attached_volumes_stay(self, cleaner):
        """
        An instance brings one of its own.
        """
        instances(Owner="web")

        assert [] == run(cleaner)["deleted"]

    def test_young_volumes_stay(self, start):
        """
        Thirty days, by the age of the volume.
        """
        young, old = volume(), volume()
        backend = ec2_backends["123456789012"]["eu-west-1"]
        backend.volumes[old].create_time = "2020-01-01T00:00:00.000Z"

        assert [old] == run(start(days="30"))["deleted"]
        assert young in backend.volumes


class TestPages:
    def test_all_pages_of_instances_are_read(self, cleaner):
        """
        Eleven, five on a page.
        """
        made = [id for _ in range(11) for id in instances()]
        asked = in_pages(cleaner.ec2, "DescribeInstances", "Reservations", 5)

        assert sorted(made) == sorted(run(cleaner)["stopped"])
        assert ["0", "5", "10"] == asked

    def test_all_pages_of_volumes_are_read(self, cleaner):
        """
        All before the first is deleted, which would move the rest.
        """
        made = [volume() for _ in range(7)]
        asked = in_pages(cleaner.ec2, "DescribeVolumes", "Volumes", 3)

        assert sorted(made) == sorted(run(cleaner)["deleted"])
        assert ["0", "3", "6"] == asked


class TestDryRun:
    @pytest.mark.parametrize("word", ["true", "yes", ""])
    def test_nothing_changes_unless_it_is_told_in_so_many_words(self, start, word):
        """
        Only "false" is false.
        """
        (instance,), ip, disk = instances(), address(), volume()

        report = run(start(dry_run=word))

        assert report["dry_run"] is True
        assert ([instance], [ip], [disk]) == (
            report["stopped"],
            report["released"],
            report["deleted"],
        )
        assert "running" == state(instance)
        assert 1 == len(ec2().describe_addresses()["Addresses"])

    def test_it_says_what_it_might_not(self, start):
        """
        EC2 checks the permission in a dry run, too.
        """
        module = start(dry_run="true")
        (instance,) = instances()
        fail(module.ec2, "StopInstances", "UnauthorizedOperation")

        with pytest.raises(module.CleanupError, match=instance):
            run(module)


class TestFailures:
    def test_one_that_fails_keeps_none_of_the_others(self, cleaner):
        """
        It is reported at the end, so that Lambda tries again.
        """
        first, second, third = instances(3)
        ip = address()
        fail(cleaner.ec2, "StopInstances", "UnauthorizedOperation", for_id=second)

        with pytest.raises(cleaner.CleanupError) as error:
            run(cleaner)

        assert f"{second} is not stopped" in str(error.value)
        assert first not in str(error.value)
        assert ["stopped", "running", "stopped"] == [
            state(id) for id in (first, second, third)
        ]
        assert ip not in str(ec2().describe_addresses())

    def test_a_list_that_fails_keeps_none_of_the_other_kinds(self, cleaner):
        """
        And each list that fails is named.
        """
        ip = address()
        fail(cleaner.ec2, "DescribeInstances", "UnauthorizedOperation")
        fail(cleaner.ec2, "DescribeVolumes", "RequestLimitExceeded")

        with pytest.raises(cleaner.CleanupError) as error:
            run(cleaner)

        assert "2 failed" in str(error.value)
        assert "stopped: " in str(error.value)
        assert "deleted: " in str(error.value)
        assert ip not in str(ec2().describe_addresses())

    def test_a_second_run_finds_what_the_first_left(self, cleaner):
        """
        What Lambda tries again is no repetition.
        """
        made = instances(2)
        fail(cleaner.ec2, "StopInstances", "UnauthorizedOperation", for_id=made[1])
        with pytest.raises(cleaner.CleanupError):
            run(cleaner)

        cleaner.ec2 = boto3.client("ec2")

        assert [made[1]] == run(cleaner)["stopped"]

    def test_a_throttled_call_is_made_again_at_once(self, cleaner):
        """
        Twice in all, by the client.
        """
        instances()
        attempts = throttle(cleaner.ec2, "StopInstances")

        with pytest.raises(cleaner.CleanupError):
            run(cleaner)

        assert 2 == len(attempts)

    def test_a_protected_instance_is_left_alone(self, cleaner):
        """
        Somebody has decided so, which is no failure.
        """
        (instance,) = instances()
        ec2().modify_instance_attribute(
            InstanceId=instance, DisableApiStop={"Value": True}
        )

        report = run(cleaner)

        assert [f"{instance}: OperationNotPermitted"] == report["untouched"]
        assert "running" == state(instance)

    @pytest.mark.parametrize(
        ("operation", "make", "code"),
        [
            ("StopInstances", instances, "InvalidInstanceID.NotFound"),
            ("StopInstances", instances, "IncorrectInstanceState"),
            ("ReleaseAddress", address, "InvalidAllocationID.NotFound"),
            ("ReleaseAddress", address, "InvalidIPAddress.InUse"),
            ("DeleteVolume", volume, "InvalidVolume.NotFound"),
            ("DeleteVolume", volume, "VolumeInUse"),
        ],
    )
    def test_what_somebody_else_was_faster_with_is_no_failure(
        self, cleaner, operation, make, code
    ):
        """
        Between the list and the call it went, or came into use.
        """
        make()
        fail(cleaner.ec2, operation, code)

        report = run(cleaner)

        assert [] == report["failures"]
        assert code in report["untouched"][0]

    def test_it_stops_in_time_and_says_so(self, cleaner):
        """
        Half a minute before Lambda would.
        """
        (instance,) = instances()

        with pytest.raises(cleaner.CleanupError, match="no time is left"):
            run(cleaner, millis=29_000)

        assert "running" == state(instance)
