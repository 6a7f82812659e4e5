"""The reference architectures as one CDK app; needs no credentials and no Docker."""

# First, since it says what is missing where aws_cdk would fail without words.
import lambda_constructs  # noqa: F401  isort: skip

from aws_cdk import App

from stacks.batch_relabel import BatchRelabelStack
from stacks.canary_release import CanaryReleaseStack
from stacks.checkout_workflow import CheckoutWorkflowStack
from stacks.compliance_rule import ComplianceRuleStack
from stacks.delivery_transform import DeliveryTransformStack
from stacks.device_telemetry import DeviceTelemetryStack
from stacks.edge_site import EdgeSiteStack
from stacks.fifo_ledger import FifoLedgerStack
from stacks.log_alerts import LogAlertsStack
from stacks.mail_intake import MailIntakeStack
from stacks.nightly_cleanup import NightlyCleanupStack
from stacks.notifications import NotificationsStack
from stacks.order_events import OrderEventsStack
from stacks.orders_api import OrdersApiStack
from stacks.pipeline_gate import PipelineGateStack
from stacks.repository_hook import RepositoryHookStack
from stacks.seed_data import SeedDataStack
from stacks.sign_up_flow import SignUpFlowStack
from stacks.sqs_worker import SqsWorkerStack
from stacks.stream_processor import StreamProcessorStack
from stacks.support_bot import SupportBotStack
from stacks.table_projector import TableProjectorStack
from stacks.thumbnailer import ThumbnailerStack
from stacks.voice_skill import VoiceSkillStack
from stacks.web_backend import WebBackendStack

app = App()
BatchRelabelStack(app, "BatchRelabel")
CanaryReleaseStack(app, "CanaryRelease")
CheckoutWorkflowStack(app, "CheckoutWorkflow")
ComplianceRuleStack(app, "ComplianceRule")
DeliveryTransformStack(app, "DeliveryTransform")
DeviceTelemetryStack(app, "DeviceTelemetry")
EdgeSiteStack(app, "EdgeSite")
FifoLedgerStack(app, "FifoLedger")
LogAlertsStack(app, "LogAlerts")
MailIntakeStack(app, "MailIntake")
NightlyCleanupStack(app, "NightlyCleanup")
NotificationsStack(app, "Notifications")
OrderEventsStack(app, "OrderEvents")
OrdersApiStack(app, "OrdersApi")
PipelineGateStack(app, "PipelineGate")
RepositoryHookStack(app, "RepositoryHook")
SeedDataStack(app, "SeedData")
SignUpFlowStack(app, "SignUpFlow")
SqsWorkerStack(app, "SqsWorker")
StreamProcessorStack(app, "StreamProcessor")
SupportBotStack(app, "SupportBot")
TableProjectorStack(app, "TableProjector")
ThumbnailerStack(app, "Thumbnailer")
VoiceSkillStack(app, "VoiceSkill")
WebBackendStack(app, "WebBackend")
app.synth()
