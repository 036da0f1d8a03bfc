"""A device renews its certificate over the real wire; power cuts, old clouds and wrong answers leave the old one in use."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge.uplink.channel import Channel
from edge.uplink.client import CloudChannel
from edge.uplink.renew import (
    AGAIN_S,
    CERTIFICATE,
    KEY,
    NEXT_CERTIFICATE,
    NEXT_KEY,
    UNKNOWN_THERE_S,
    Renewal,
    settle,
)
from tests.fakes.cloud import DEVICE, FakeCloud, Site, serving
from tidegate.clock import FixedClock, SystemClock
from tidegate.errors import Unreachable, Untrusted
from tidegate.identity import authority as ca
from tidegate.identity.life import life_of
from tidegate.identity.tls import TlsMaterial, load_material
from tidegate.logs import Log
from tidegate.wire.v1 import escalation_pb2 as pb

YEAR_S = 365 * 86_400.0


@dataclass
class Device:
    renewal: Renewal
    cloud: FakeCloud
    wire: CloudChannel
    address: str

    @property
    def folder(self) -> Path:
        return self.renewal.folder

    @property
    def serial(self) -> int:
        return self.renewal.life().serial


def half_lived(site: Site, folder: Path) -> None:
    """A certificate of which more than half is over."""
    key = ca.new_key()
    leaf = ca.issue_device(
        site.authority, DEVICE, key.public_key(), SystemClock().now() - 0.7 * YEAR_S, days=365
    )
    (folder / KEY).write_bytes(ca.key_pem(key))
    (folder / CERTIFICATE).write_bytes(ca.certificate_pem(leaf))


@asynccontextmanager
async def device(tmp_path: Path) -> AsyncIterator[Device]:
    site = Site(tmp_path)
    folder = tmp_path / "device"
    half_lived(site, folder)
    cloud = FakeCloud(site)
    async with serving(cloud) as address:
        wire = CloudChannel(Channel(address, load_material(folder)))

        async def prove(material: TlsMaterial) -> None:
            probing = CloudChannel(Channel(address, material))
            try:
                await probing.probe()
            finally:
                await probing.close()

        async def adopt(material: TlsMaterial) -> None:
            await wire.turn_to(Channel(address, material))

        made = Renewal(folder, wire, prove, adopt, SystemClock(), lambda: 0.5, Log("edge.uplink"))
        yield Device(made, cloud, wire, address)
        await wire.close()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} & {KEY, CERTIFICATE, NEXT_KEY, NEXT_CERTIFICATE}


async def test_the_next_certificate_is_proven_and_then_used_on_the_same_channel(tmp_path: Path) -> None:
    async with device(tmp_path) as one:
        await one.wire.probe()
        before = one.serial
        old_key = (one.folder / KEY).read_bytes()
        fresh = await one.renewal.renew()
        await one.wire.probe()
        assert one.cloud.callers == [before, fresh.serial, fresh.serial]
        assert one.cloud.issued == [fresh.serial] == [one.serial]
        assert (one.folder / KEY).read_bytes() != old_key
        assert (one.folder / KEY).stat().st_mode & 0o777 == 0o600
        assert names(one.folder) == {KEY, CERTIFICATE}
        assert fresh.days_left(SystemClock().now()) > 364


async def test_calls_that_are_under_way_end_on_the_old_channel(tmp_path: Path) -> None:
    async with device(tmp_path) as one:
        one.cloud.pause_s = 0.5
        asked = pb.Escalation(request_id="req_00000001").SerializeToString()
        going = asyncio.create_task(one.wire.escalate(asked, traceparent="", within_s=10))
        await asyncio.sleep(0.1)
        await one.renewal.renew()
        assert await going


async def test_a_cloud_of_an_older_release_is_asked_again_another_day(tmp_path: Path) -> None:
    async with device(tmp_path) as one:
        one.cloud.old_release = True
        before = one.serial
        assert await one.renewal.tried() == UNKNOWN_THERE_S
        assert one.serial == before


async def test_a_certificate_of_another_authority_is_refused(tmp_path: Path) -> None:
    async with device(tmp_path) as one:
        one.cloud.foreign = ca.create_authority(SystemClock().now())
        before = one.serial
        with pytest.raises(Untrusted):
            await one.renewal.renew()
        assert one.serial == before
        assert names(one.folder) == {KEY, CERTIFICATE, NEXT_KEY}


async def test_while_the_proof_fails_the_old_one_is_used_and_the_next_try_proves_the_same(
    tmp_path: Path,
) -> None:
    async with device(tmp_path) as one:
        before = one.serial

        async def unreachable(material: TlsMaterial) -> None:
            raise Unreachable("the cloud cannot be reached")

        async def distrusted(material: TlsMaterial) -> None:
            raise Untrusted("the cloud refuses this device")

        assert await replace(one.renewal, prove=unreachable).tried() == AGAIN_S
        assert one.serial == before
        kept = (one.folder / NEXT_CERTIFICATE).read_bytes()
        with pytest.raises(Untrusted):
            await replace(one.renewal, prove=distrusted).renew()
        assert names(one.folder) == {KEY, CERTIFICATE}  # it was of no use
        await one.renewal.renew()
        assert len(one.cloud.issued) == 2
        assert life_of(kept).serial == one.cloud.issued[0]
        assert one.serial == one.cloud.issued[1]


async def test_a_fresh_certificate_is_not_renewed(tmp_path: Path) -> None:
    async with device(tmp_path) as one:
        clock = FixedClock(one.renewal.life().begins)
        waiting = asyncio.create_task(replace(one.renewal, clock=clock).run())
        await asyncio.sleep(0.2)
        waiting.cancel()
        assert one.cloud.issued == []


async def test_when_it_is_due_the_device_renews_by_itself(tmp_path: Path) -> None:
    async with device(tmp_path) as one:
        before = one.serial
        running = asyncio.create_task(one.renewal.run())
        for _ in range(200):
            if one.serial != before:
                break
            await asyncio.sleep(0.05)
        running.cancel()
        assert one.serial in one.cloud.issued


CHILD = """
import asyncio, sys
from pathlib import Path
from edge.uplink.channel import Channel
from edge.uplink.client import CloudChannel
from edge.uplink.renew import Renewal
from tidegate.clock import SystemClock
from tidegate.identity.tls import load_material
from tidegate.logs import Log
folder, address = Path(sys.argv[1]), sys.argv[2]
async def main():
    wire = CloudChannel(Channel(address, load_material(folder)))
    async def prove(material): await CloudChannel(Channel(address, material)).probe()
    async def adopt(material): pass
    await Renewal(folder, wire, prove, adopt, SystemClock(), lambda: 0.5, Log("x")).renew()
asyncio.run(main())
"""


@pytest.mark.parametrize("place", ["edge.renew.asked", "edge.renew.kept", "edge.renew.half"])
async def test_power_cut_anywhere_leaves_a_pair_that_works(tmp_path: Path, place: str) -> None:
    async with device(tmp_path) as one:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            CHILD,
            str(one.folder),
            one.address,
            env={**os.environ, "TIDEGATE_FAILPOINT": place},
            stderr=subprocess.DEVNULL,
        )
        assert await child.wait() == -signal.SIGKILL
        settle(one.folder)
        material = load_material(one.folder)  # whichever it is, key and certificate belong together
        probing = CloudChannel(Channel(one.address, material))
        await probing.probe()
        await probing.close()
        if place == "edge.renew.half":
            assert names(one.folder) == {KEY, CERTIFICATE}
            assert one.serial == one.cloud.issued[0]
        else:
            await one.renewal.renew()
            assert one.serial == one.cloud.issued[-1]
            assert len(one.cloud.issued) == (2 if place == "edge.renew.asked" else 1)
