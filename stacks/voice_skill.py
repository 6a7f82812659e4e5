"""An Alexa skill that says when the shop is open."""

from aws_cdk import Duration, Stack
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import AlexaEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call

# Of the skill in Alexa's developer console, which wants the alias's ARN in return.
SKILL_ID = "amzn1.ask.skill.00000000-0000-4000-8000-000000000000"


class VoiceSkillStack(Stack):
    """One skill alone is answered: Lambda refuses the others, and the handler as well.

    Deploy it in a Region that Alexa invokes functions in.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="An Alexa skill for opening hours")
        Monitoring(topic=on_call(self)).apply_to(self)

        answers = LambdaFunction(
            self,
            "Answers",
            code=handler_code("voice_skill"),
            timeout=Duration.seconds(5),
            environment={"SKILL_ID": SKILL_ID},
        )
        answers.add_event_source(AlexaEventSource(SKILL_ID))
