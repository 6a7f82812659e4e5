"""A change is released, unless a freeze holds it back."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta


def contract(shop) -> None:
    """A job that no attempt could answer fails the action, and is kept."""
    account = shop.account
    shop.bucket("Drop").put("site.zip", site())
    account.settle()

    assert "Succeeded" == shop.pipeline("Pipeline").runs[-1].status
    assert ["index.html"] == shop.bucket("Site").keys()

    gate = shop.pipeline_action("Pipeline", "CheckFreezes")
    freeze(shop, 9)
    refused = gate.run()
    account.advance(1)

    assert "Failed" == refused.status
    assert "Christmas" in refused.answer["failureDetails"]["message"]

    shop.function("Gate").fail(times=3)
    lost = gate.run()
    account.settle()

    assert "Failed" == lost.status
    assert 1 == len(shop.queue("Gate/Failures"))


def site() -> bytes:
    """A site of one page, as it is dropped."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("index.html", "<h1>Shop</h1>")
    return made.getvalue()


def freeze(shop, hours: float) -> None:
    """Freeze changes from an hour ago for some hours from now."""
    now = datetime.fromtimestamp(shop.account.clock.now(), UTC)
    value = {
        "from": (now - timedelta(hours=1)).isoformat(),
        "until": (now + timedelta(hours=hours)).isoformat(),
        "reason": "Christmas",
    }
    shop.account.client("ssm").put_parameter(
        Name=shop.physical_id("Freezes"), Value=json.dumps([value]), Overwrite=True
    )
