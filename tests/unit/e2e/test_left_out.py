"""What is taken out of the templates for the emulated account."""

from __future__ import annotations

import json

from tests.e2e.left_out import leave_out


def test_saved_queries_are_left_out_and_all_else_stays(tmp_path):
    """
    The emulator refuses a template that has one.
    """
    queue = {"Type": "AWS::SQS::Queue"}
    resources = {"Query": {"Type": "AWS::Logs::QueryDefinition"}, "Queue": queue}
    path = tmp_path / "Shop.template.json"
    path.write_text(json.dumps({"Outputs": {}, "Resources": resources}))
    other = tmp_path / "Other.template.json"
    other.write_text('{"Resources":  {}}')

    assert 1 == leave_out(tmp_path)
    assert {"Outputs": {}, "Resources": {"Queue": queue}} == json.loads(
        path.read_text()
    )
    assert '{"Resources":  {}}' == other.read_text()
