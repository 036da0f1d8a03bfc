"""SIGKILL at every named place of the cloud's path; then the device sends again: exactly one outcome, an intact log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cloud.audit.log import Head, verify
from cloud.ports import Rejected, Released
from cloud.review.machine import Decision, Refusal, Review
from edge.ports import Released as DeviceReleased
from edge.uplink import codec as device
from tests.fakes.cloud_parts import ADA, DEVICE, CloudHouse, cloud_house, wire
from tidegate.failpoint import CLOUD_NAMES
from tidegate.telemetry import new_traceparent

ROOT = Path(__file__).resolve().parents[3]
ESCALATE = [n for n in CLOUD_NAMES if not n.startswith("cloud.review")]
REVIEW = [n for n in CLOUD_NAMES if n.startswith("cloud.review")]
CHILD = """
import asyncio, os, sys
from pathlib import Path
from cloud.review.machine import Decision
from tests.fakes.cloud_parts import ADA, ASKS_REFUND, DEVICE, cloud_house, wire
from tidegate import failpoint
from tidegate.telemetry import new_traceparent

def send(house, raw):
    asyncio.run(house.desk.escalate(raw, DEVICE, new_traceparent()))

for name in sys.argv[2:]:
    folder = Path(sys.argv[1]) / name
    folder.mkdir()
    if os.fork() == 0:
        house = cloud_house(folder)
        if name.startswith("cloud.review"):
            send(house, wire(ASKS_REFUND))
        failpoint._selected = name
        if name.startswith("cloud.review"):
            house.review.decide_now(house.review.waiting()[0].case, ADA, Decision.APPROVE)
        else:
            send(house, wire())
        os._exit(0)
    print(name, os.wait()[1], flush=True)
"""


@pytest.fixture(scope="module")
def wrecks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder per named place, as a cloud left it that was killed there. One process imports, its forks die."""
    base = tmp_path_factory.mktemp("wrecks")
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(base), *CLOUD_NAMES],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    died = dict(line.split() for line in done.stdout.splitlines())
    assert died == dict.fromkeys(CLOUD_NAMES, str(int(signal.SIGKILL))), done.stderr[-500:]
    return base


def intact(house: CloudHouse) -> None:
    signed = house.checkpoint.read()
    anchors = [*house.audit.receipt_heads(), *([signed] if signed else [])]
    assert isinstance(verify(house.audit.entries(), anchors=anchors), Head)


@pytest.mark.parametrize("name", ESCALATE)
async def test_a_power_cut_while_answering_loses_nothing_and_answers_once(wrecks: Path, name: str) -> None:
    house = cloud_house(wrecks / name)
    before = house.audit.size()
    first = await house.desk.escalate(wire(), DEVICE, new_traceparent())
    assert isinstance(device.decode(first), DeviceReleased)
    assert await house.desk.escalate(wire(), DEVICE, new_traceparent()) == first
    assert house.audit.size() == 1
    assert before <= 1
    intact(house)


@pytest.mark.parametrize("name", REVIEW)
async def test_a_power_cut_while_a_person_decides_leaves_one_decision(wrecks: Path, name: str) -> None:
    house = cloud_house(wrecks / name)
    held = (*house.review.waiting(), *house.review.closed())
    assert len(held) == 1
    second = house.review.decide_now(held[0].case, ADA, Decision.REJECT)
    assert isinstance(second, Review | Refusal)
    found = house.ledger.collect(DEVICE, held[0].ticket)
    assert found is not None
    assert isinstance(found[1], Released | Rejected)
    assert house.audit.size() == 2
    intact(house)
