"""Actions that need `*`, though AWS's list names resources for them."""

from __future__ import annotations

_INTERFACES = "Lambda does it for the function, before the interface has an ARN"
_METRICS = "a metric has no ARN; only what is sent by OTLP is in a dataset"

UNSCOPED = {
    "cloudwatch:GetMetricData": _METRICS,
    "cloudwatch:PutMetricData": _METRICS,
    "ec2:AssignPrivateIpAddresses": _INTERFACES,
    "ec2:CreateNetworkInterface": _INTERFACES,
    "ec2:DeleteNetworkInterface": _INTERFACES,
    "ec2:UnassignPrivateIpAddresses": _INTERFACES,
    "polly:SynthesizeSpeech": "a lexicon is no more than an option of the call",
    "translate:TranslateText": "a terminology is no more than an option of the call",
}
"""The reason why, by the action. All that the list names no resource for needs none."""
