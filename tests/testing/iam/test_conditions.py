"""When a `Condition` holds.

Pages are below docs.aws.amazon.com/IAM/latest/UserGuide/. Without another, a test is
about reference_policies_elements_condition_operators.html.
"""

import pytest

from lambda_constructs.testing._iam import PolicyError
from tests.testing.iam.policies import holds

ARN = "arn:aws:sns:us-east-1:111122223333:orders"
TAG = "aws:PrincipalTag/team"
TAGS = "aws:TagKeys"


class TestOperators:
    @pytest.mark.parametrize(
        ("operator", "value", "expected"),
        [
            ("StringEquals", "blue", True),
            ("StringEquals", "Blue", False),
            ("StringEquals", "b*", False),
            ("StringNotEquals", "Blue", True),
            ("StringNotEquals", "blue", False),
            ("StringEqualsIgnoreCase", "BLUE", True),
            ("StringNotEqualsIgnoreCase", "BLUE", False),
            ("StringLike", "b?u*", True),
            ("StringLike", "B*", False),
            ("StringLike", "b", False),
            ("StringNotLike", "b*", False),
            ("StringNotLike", "r*", True),
            ("BinaryEquals", "blue", True),
            ("BinaryEquals", "bluf", False),
        ],
    )
    def test_strings(self, operator, value, expected):
        """
        "String condition operators" and "binary condition operators".
        """
        assert expected is holds(
            {operator: {TAG: value}}, aws__PrincipalTag_team="blue"
        )

    @pytest.mark.parametrize(
        ("operator", "value", "expected"),
        [
            ("NumericEquals", 10, True),
            ("NumericEquals", "10.0", True),
            ("NumericNotEquals", "10.5", True),
            ("NumericNotEquals", ["5", "10"], False),
            ("NumericLessThan", "10", False),
            ("NumericLessThan", "10.5", True),
            ("NumericLessThanEquals", "10", True),
            ("NumericGreaterThan", "9", True),
            ("NumericGreaterThan", "10", False),
            ("NumericGreaterThanEquals", "10", True),
        ],
    )
    def test_numbers(self, operator, value, expected):
        """
        "Numeric condition operators": integers and decimals.
        """
        assert expected is holds(
            {operator: {"s3:max-keys": value}}, **{"s3:max-keys": "10"}
        )

    @pytest.mark.parametrize(
        ("operator", "value", "expected"),
        [
            ("DateEquals", "2026-01-01T00:00:00Z", True),
            ("DateEquals", "2026-01-01", True),
            ("DateEquals", "2026-01", True),
            ("DateEquals", "2026", True),
            ("DateEquals", "2026-01-01T02:00+02:00", True),
            ("DateNotEquals", "2026-01-02", True),
            ("DateLessThan", "2026-01-01T00:00:00.5Z", True),
            ("DateLessThanEquals", "2026-01-01", True),
            ("DateGreaterThan", "2026-01-01", False),
            ("DateGreaterThan", "2025-12-31T23:59:59Z", True),
            ("DateGreaterThanEquals", "2026-01-01", True),
        ],
    )
    def test_dates(self, operator, value, expected):
        """
        "Date condition operators": the W3C's ISO 8601 formats.
        """
        now = {"aws:CurrentTime": "2026-01-01T00:00:00Z"}

        assert expected is holds({operator: {"aws:CurrentTime": value}}, **now)

    @pytest.mark.parametrize("value", ["false", "False", False])
    def test_booleans(self, value):
        """
        "Boolean condition operators".
        """
        condition = {"Bool": {"aws:SecureTransport": value}}

        assert holds(condition, aws__SecureTransport="false")
        assert not holds(condition, aws__SecureTransport="true")

    @pytest.mark.parametrize(
        ("operator", "value", "expected"),
        [
            ("IpAddress", "203.0.113.0/24", True),
            ("IpAddress", "203.0.113.9", True),
            ("IpAddress", "203.0.113.200/24", True),
            ("IpAddress", "203.0.113.8", False),
            ("IpAddress", "2001:db8::/32", False),
            ("NotIpAddress", "203.0.113.0/24", False),
            ("NotIpAddress", ["10.0.0.0/8", "192.0.2.0/24"], True),
        ],
    )
    def test_addresses(self, operator, value, expected):
        """
        "IP address condition operators": a range, or one address.
        """
        source = {"aws:SourceIp": "203.0.113.9"}

        assert expected is holds({operator: {"aws:SourceIp": value}}, **source)

    def test_addresses_of_ipv6(self):
        """
        "IP address condition operators".
        """
        condition = {"IpAddress": {"aws:SourceIp": "2001:DB8:1234:5678::/64"}}

        assert holds(condition, **{"aws:SourceIp": "2001:db8:1234:5678::9"})

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (ARN, True),
            ("arn:aws:sns:*:*:orders", True),
            ("arn:aws:sns:us-*-1:1111222?3333:o*", True),
            ("arn:aws:sns:*:orders", False),
            ("arn:aws:sns:*", False),
            ("arn:aws:sns:*:*:Orders", False),
        ],
    )
    def test_arns(self, value, expected):
        """
        "ARN condition operators": each of the six fields by itself; Equals and Like
        behave identically.
        """
        source = {"aws:SourceArn": ARN}

        for operator in ("ArnEquals", "ArnLike"):
            assert expected is holds({operator: {"aws:SourceArn": value}}, **source)
        for operator in ("ArnNotEquals", "ArnNotLike"):
            assert expected is not holds({operator: {"aws:SourceArn": value}}, **source)

    def test_an_arn_star_stays_in_its_field_where_a_string_star_does_not(self):
        """
        The example of "ARN condition operators".
        """
        pattern = "arn:aws:someservice:*:111122223333:finance/*"
        arn = (
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:"
            "finance/document.txt"
        )
        source = {"aws:SourceArn": arn}

        assert holds({"StringLike": {"aws:SourceArn": pattern}}, **source)
        assert not holds({"ArnLike": {"aws:SourceArn": pattern}}, **source)

    def test_the_last_field_of_an_arn_has_colons(self):
        """
        There are six fields, so the sixth takes the rest.
        """
        rule = {"aws:SourceArn": "arn:aws:lambda:us-east-1:1:function:worker:live"}

        for value in ("arn:aws:lambda:*:*:function:*", "arn:aws:lambda:*:*:*:live"):
            assert holds({"ArnLike": {"aws:SourceArn": value}}, **rule)

    @pytest.mark.parametrize(("value", "expected"), [("true", False), (False, True)])
    def test_null(self, value, expected):
        """
        "Condition operator to check existence": true for absent, false for present.
        """
        condition = {"Null": {TAG: value}}

        assert expected is holds(condition, aws__PrincipalTag_team="blue")
        assert expected is not holds(condition)

    def test_an_empty_set_is_absent(self):
        """
        "The key exists and its value is not null".
        """
        assert holds({"Null": {TAGS: "true"}}, **{TAGS: []})

    def test_a_text_with_fewer_fields_is_no_arn(self):
        """
        "ARN condition operators" compare six fields.
        """
        condition = {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:orders"}}

        assert not holds(condition, **{"aws:SourceArn": "arn:aws:sns:x:orders"})

    @pytest.mark.parametrize(
        ("operator", "value"),
        [
            ("NumericEquals", "1"),
            ("DateEquals", "2026-01-01"),
            ("IpAddress", "10.0.0.0/8"),
            ("BinaryEquals", "YQ=="),
            ("ArnEquals", ARN),
        ],
    )
    def test_a_value_of_another_type_does_not_match(self, operator, value):
        """
        The request's value is nonsense to the operator.
        """
        assert not holds({operator: {TAG: value}}, aws__PrincipalTag_team="!")


class TestMissingKeys:
    @pytest.mark.parametrize(
        ("operator", "value"),
        [
            ("StringEquals", "a"),
            ("StringLike", "*"),
            ("NumericLessThan", "1"),
            ("DateLessThan", "2026"),
            ("Bool", "true"),
            ("IpAddress", "0.0.0.0/0"),
            ("ArnLike", "arn:aws:*:*:*:*"),
            ("BinaryEquals", "YQ=="),
        ],
    )
    def test_do_not_match(self, operator, value):
        """
        The condition is false; with IfExists it is true.
        """
        assert not holds({operator: {TAG: value}})
        assert holds({f"{operator}IfExists": {TAG: value}})

    @pytest.mark.parametrize(
        ("operator", "value"),
        [
            ("StringNotEquals", "a"),
            ("StringNotLike", "*"),
            ("NumericNotEquals", "1"),
            ("DateNotEquals", "2026"),
            ("NotIpAddress", "0.0.0.0/0"),
            ("ArnNotLike", "arn:aws:*:*:*:*"),
        ],
    )
    def test_satisfy_inverted_operators(self, operator, value):
        """
        "Important": the condition is true.
        """
        assert holds({operator: {TAG: value}})

    def test_if_exists_tests_a_key_that_exists(self):
        """
        "...IfExists condition operators".
        """
        condition = {"StringEqualsIfExists": {TAG: "blue"}}

        assert not holds(condition, aws__PrincipalTag_team="red")


class TestSeveral:
    """reference_policies_multi-value-conditions.html"""

    def test_values_are_alternatives(self):
        """
        Several values of one key are evaluated with OR.
        """
        condition = {"StringEquals": {TAG: ["red", "blue"]}}

        assert holds(condition, aws__PrincipalTag_team="blue")
        assert not holds(condition, aws__PrincipalTag_team="green")

    def test_inverted_operators_exclude_every_value(self):
        """
        Several values of an inverted operator work like NOR.
        """
        condition = {"StringNotEquals": {TAG: ["red", "blue"]}}

        assert not holds(condition, aws__PrincipalTag_team="blue")
        assert holds(condition, aws__PrincipalTag_team="green")

    def test_keys_and_operators_must_all_hold(self):
        """
        Operators and keys are evaluated with AND.
        """
        condition = {
            "StringEquals": {TAG: "blue", "aws:PrincipalTag/cost": "1"},
            "Bool": {"aws:SecureTransport": "true"},
        }
        context = {
            TAG: "blue",
            "aws:PrincipalTag/cost": "1",
            "aws:SecureTransport": "true",
        }

        assert holds(condition, **context)
        for key in context:
            assert not holds(condition, **{**context, key: "other"})

    def test_keys_have_no_case(self):
        """
        reference_policies_elements_condition.html: key names are not case-sensitive.
        """
        condition = {"StringEquals": {"AWS:principaltag/TEAM": "blue"}}

        assert holds(condition, aws__PrincipalTag_team="blue")

    @pytest.mark.parametrize(
        ("operator", "values", "expected"),
        [
            ("ForAllValues:StringEquals", ["a"], True),
            ("ForAllValues:StringEquals", ["a", "b"], True),
            ("ForAllValues:StringEquals", ["a", "c"], False),
            ("ForAllValues:StringEquals", [], True),
            ("ForAllValues:StringEquals", [""], True),
            ("ForAllValues:StringLike", ["a", "b"], True),
            ("ForAnyValue:StringEquals", ["a", "c"], True),
            ("ForAnyValue:StringEquals", ["c"], False),
            ("ForAnyValue:StringEquals", [], False),
            ("ForAnyValue:StringEquals", [""], False),
            ("ForAllValues:StringNotEquals", ["c", "d"], True),
            ("ForAllValues:StringNotEquals", ["a", "c"], False),
            ("ForAnyValue:StringNotEquals", ["a", "c"], True),
            ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ],
    )
    def test_sets(self, operator, values, expected):
        """
        "Evaluation logic for multiple values": each value of the request is compared
        with the list of the policy; an empty set satisfies ForAllValues only.
        """
        assert expected is holds({operator: {TAGS: ["a", "b"]}}, **{TAGS: values})

    def test_sets_without_the_key(self):
        """
        ForAllValues is true without the key, ForAnyValue false.
        """
        assert holds({"ForAllValues:StringEquals": {TAGS: "a"}})
        assert not holds({"ForAnyValue:StringEquals": {TAGS: "a"}})
        assert not holds({"ForAnyValue:StringNotEquals": {TAGS: "a"}})

    def test_a_set_operator_takes_a_single_value(self):
        """
        AWS advises against it and evaluates it.
        """
        condition = {"ForAnyValue:StringEquals": {TAG: ["red", "blue"]}}

        assert holds(condition, aws__PrincipalTag_team="blue")

    def test_fails_if_a_multivalued_key_has_no_set_operator(self):
        """
        "You must use set operators with multivalued condition keys"; what AWS makes
        of others is not documented, so it is not guessed.
        """
        with pytest.raises(PolicyError, match=r"policy\[0\]: .*ForAnyValue:StringEq"):
            holds({"StringEquals": {TAGS: "a"}}, **{TAGS: ["a"]})
