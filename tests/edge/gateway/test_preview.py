"""What the door shows before anything leaves is, byte for byte, what then leaves: on the real wire, against the ledger."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from edge import device_key
from edge.config import EdgeConfig, Rules, Uplink
from edge.ports import House, Policy, PolicyVersion
from edge.routing.plan import Consent
from edge.stores import open_stores
from edge.uplink.codec import encode
from edge.uplink.way_out import build
from tests.fakes.cloud import FakeCloud, Site, serving
from tests.fakes.edge_parts import FakeModel, open_door
from tidegate.chat import JSON
from tidegate.clock import SystemClock
from tidegate.privacy.spans import Label
from tidegate.telemetry import QuietTracer
from tidegate.wire.v1 import escalation_pb2 as pb

HEADERS = {"idempotency-key": "one", "x-tidegate-conversation": "kitchen"}
BODY: Mapping[str, JSON] = {
    "model": "tidegate",
    "messages": [{"role": "user", "content": "answer eve.adams@example.org about 4556 7375 8689 9855"}],
}
POLICY = Policy(PolicyVersion("t"))


@asynccontextmanager
async def knocking(
    folder: Path, cloud: FakeCloud, model: FakeModel, policy: Policy = POLICY
) -> AsyncIterator[httpx.AsyncClient]:
    """A client at a door whose way out is the real one."""
    async with serving(cloud) as address:
        uplink = Uplink(address=address, identity=cloud.site.folder / "device")
        config = EdgeConfig(state=folder / "state", uplink=uplink, policy=Rules(names=False))
        config.state.mkdir()
        key = device_key.load_or_make(config.state)
        stores = open_stores(config, key)
        out = build(config, key, stores, clock=SystemClock(), tracer=QuietTracer())
        house = House(policy, out.screen, model, out.courier)
        door = open_door(config.state, house, encode=encode)
        running = asyncio.create_task(out.run())
        try:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app=door.app),
                base_url="http://localhost/v1",
                headers={"authorization": f"Bearer {door.api_key}"},
            ) as client:
                yield client
        finally:
            await out.stop()
            await running
            door.stores.close()
            stores.close()


@pytest.mark.parametrize(
    ("model", "why"), [(FakeModel(speaks=False), "no_tools"), (FakeModel(ready=False), "no_local_model")]
)
async def test_a_preview_holds_the_bytes_that_the_same_request_then_sends(
    tmp_path: Path, model: FakeModel, why: str
) -> None:
    cloud = FakeCloud(Site(tmp_path / "site"))
    async with knocking(tmp_path, cloud, model) as client:
        shown = (await client.post("/tidegate/preview", json=BODY, headers=HEADERS)).json()
        assert cloud.seen == []
        sent = await client.post("/chat/completions", json=BODY, headers=HEADERS)
        ledger = (await client.get("/tidegate/ledger")).json()["data"]
    raw = base64.b64decode(shown["wire"]["base64"])
    assert cloud.seen == [raw]
    assert hashlib.sha256(raw).hexdigest() == shown["wire"]["sha256"]
    assert {one["sha256"] for one in ledger} == {shown["wire"]["sha256"]}
    assert shown["why"] == sent.headers["x-tidegate-decision"] == ledger[-1]["why"] == why
    assert pb.Escalation.FromString(raw).why == pb.Why.Value(f"WHY_{why.upper()}")
    assert len(pb.Escalation.FromString(raw).commitments) == 2


async def test_another_key_gives_other_bytes_and_a_salt_of_its_own(tmp_path: Path) -> None:
    cloud = FakeCloud(Site(tmp_path / "site"))
    async with knocking(tmp_path, cloud, FakeModel(ready=False)) as client:
        shown = [
            (
                await client.post("/tidegate/preview", json=BODY, headers={**HEADERS, "idempotency-key": key})
            ).json()
            for key in ("one", "one", "two")
        ]
    first, again, other = (pb.Escalation.FromString(base64.b64decode(one["wire"]["base64"])) for one in shown)
    assert first == again
    assert first.messages == other.messages
    assert first.commitment_salt != other.commitment_salt
    assert not set(first.commitments) & set(other.commitments)
    assert cloud.seen == []


async def test_what_needs_consent_is_shown_first_and_leaves_only_when_it_is_given(tmp_path: Path) -> None:
    cloud = FakeCloud(Site(tmp_path / "site"))
    policy = Policy(PolicyVersion("t"), consent_for={Label.EMAIL_ADDRESS: Consent.ASK})
    async with knocking(tmp_path, cloud, FakeModel(ready=False), policy) as client:
        shown = (await client.post("/tidegate/preview", json=BODY, headers=HEADERS)).json()
        assert (shown["consent"], shown["would_leave"], shown["decision"]) == ("ask", False, "escalate")
        refused = await client.post("/chat/completions", json=BODY, headers=HEADERS)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "consent_needed")
        assert cloud.seen == []
        agreed = {**HEADERS, "x-tidegate-consent": "true"}
        sent = await client.post("/chat/completions", json=BODY, headers=agreed)
    assert sent.status_code == 200
    assert cloud.seen == [base64.b64decode(shown["wire"]["base64"])]
