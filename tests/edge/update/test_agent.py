"""The agent over real slots and a real journal; the power is cut after every save and inside every effect."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.update.agent import Pace, Tools, UpdateAgent, boot_slot, fault_from
from edge.update.journal import FileJournal, encode
from edge.update.machine import EMBEDDED, RESTING, Update
from edge.update.slots import Slots
from tests.fakes.published import Source, release
from tidegate.clock import SystemClock
from tidegate.errors import BadRequest, Broken, Exhausted, TidegateError, Unreachable
from tidegate.ids import DeviceId, ReleaseId
from tidegate.signing.manifest import Manifest
from tidegate.updates import BLOCK_BYTES, Desired, Fault, Progress, Reported, UpdateState, refusal

ME = DeviceId("pump-room-01")
CONTENT = b"GGUF" + bytes(3 * BLOCK_BYTES)
NEW = release("edge-1.1", CONTENT)


class PowerCut(BaseException):
    """Nothing catches this: the process is gone."""


@dataclass
class Fuse:
    """Blows at the n-th time it is passed; 0 never."""

    left: int = 0

    def pass_through(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise PowerCut


@dataclass
class CuttingJournal:
    """A FileJournal whose power fails right after a save."""

    file: FileJournal
    fuse: Fuse

    def load(self) -> bytes | None:
        return self.file.load()

    def save(self, content: bytes) -> None:
        self.file.save(content)
        self.fuse.pass_through()


@dataclass
class Model:
    """The engine's place. `fuse` cuts the power inside a switch."""

    fuse: Fuse
    bad: bytes = b"bad when switched in"
    running: bytes = b"GGUF embedded"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.running).hexdigest()

    async def switch(self, path: Path, release: str) -> None:
        content = await asyncio.to_thread(path.read_bytes)
        self.fuse.pass_through()
        if self.bad in content:
            raise RuntimeError("native code fell over")
        self.running = content

    async def answers(self) -> bool:
        self.fuse.pass_through()
        return True


@dataclass
class Heard:
    reports: list[Reported] = field(default_factory=list)
    steps: list[Progress] = field(default_factory=list)

    def reported(self, reported: Reported) -> None:
        self.reports.append(reported)

    def progress(self, progress: Progress) -> None:
        self.steps.append(progress)


@dataclass
class Bench:
    """One device's disk, and a daemon that can be started on it again and again."""

    folder: Path
    source: Source
    published: dict[str, Manifest] = field(default_factory=dict)
    probe_fault: Fault = Fault.NONE
    heard: Heard = field(default_factory=Heard)
    judged: list[str] = field(default_factory=list)
    judge_error: TidegateError | None = None

    def publish(self, manifest: Manifest, content: bytes) -> None:
        self.published[manifest.release] = manifest
        self.source.hold(manifest, content)

    @property
    def slots(self) -> Slots:
        return Slots(self.folder / "update")

    @property
    def journal(self) -> FileJournal:
        return FileJournal(self.folder / "update" / "journal.json")

    def judge(self, wanted: ReleaseId) -> Manifest:
        self.judged.append(wanted)
        if self.judge_error is not None:
            raise self.judge_error
        if wanted not in self.published:
            raise refusal(Fault.NOT_PUBLISHED, "not published")
        return self.published[wanted]

    def told(self, update: Update) -> bool:
        """Whether the conductor has heard of this state: the last thing a state at rest does."""
        return bool(self.heard.reports) and self.heard.reports[-1].event_id == update.event_id

    async def daemon(
        self,
        desired: Desired | None,
        until: Callable[[Update], bool],
        *,
        save_cut: int = 0,
        effect_cut: int = 0,
    ) -> tuple[Update, bytes]:
        """Starts as edge.app does, runs until `until` holds or the power is cut; returns the state and the weights."""
        effects = Fuse(effect_cut)
        model = Model(effects)
        slot = await asyncio.to_thread(boot_slot, self.slots, self.journal)
        if slot is not None:
            model.running = await asyncio.to_thread(slot.model.read_bytes)

        async def probe(path: Path) -> Fault:
            effects.pass_through()
            return self.probe_fault

        embedded = self.folder / "embedded.gguf"
        await asyncio.to_thread(embedded.write_bytes, b"GGUF embedded")
        tools = Tools(
            device=ME,
            journal=CuttingJournal(self.journal, Fuse(save_cut)),
            slots=self.slots,
            blobs=self.source,
            judge=self.judge,
            probe=probe,
            model=model,
            answers=model.answers,
            embedded=embedded,
            outbox=self.heard,
            clock=SystemClock(),
            random=lambda: 0.0,
            pace=Pace(probation=0.0, interval=0.01, switch=5.0),
        )
        agent = UpdateAgent(tools, slot.generation if slot is not None else EMBEDDED)
        if desired is not None:
            agent.offer(desired)
        task = asyncio.create_task(agent.run())
        try:
            async with asyncio.timeout(20):
                while not (until(agent.update) and self.told(agent.update)) and not task.done():  # noqa: ASYNC110
                    await asyncio.sleep(0.002)
        finally:
            if task.done():
                assert isinstance(task.exception(), PowerCut)
            else:
                task.cancel()
                await asyncio.wait([task])
        return agent.update, model.running


def wants(name: str, revision: int, device: DeviceId = ME) -> Desired:
    return Desired(device, revision, ReleaseId(name))


def at_rest(revision: int) -> Callable[[Update], bool]:
    return lambda update: update.revision == revision and update.state in RESTING


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path, Source())
    made.publish(NEW, CONTENT)
    return made


async def test_a_release_is_brought_in_and_started_from_then_on(bench: Bench) -> None:
    update, running = await bench.daemon(wants("edge-1.1", 1), at_rest(1))
    assert (update.state, running) == (UpdateState.COMMITTED, CONTENT)
    last = bench.heard.reports[-1]
    assert (last.running_release, last.running_digest) == ("edge-1.1", NEW.model.sha256)
    assert bench.heard.steps[-1].state is UpdateState.COMMITTED
    _, restarted = await bench.daemon(None, at_rest(1))
    assert restarted == CONTENT


@pytest.mark.parametrize("save", range(1, 9))
async def test_a_power_cut_after_any_save_ends_with_the_new_model(bench: Bench, save: int) -> None:
    await bench.daemon(wants("edge-1.1", 1), at_rest(1), save_cut=save)
    update, running = await bench.daemon(None, at_rest(1))
    assert (update.state, running) == (UpdateState.COMMITTED, CONTENT)
    assert (await bench.daemon(None, at_rest(1)))[1] == CONTENT


@pytest.mark.parametrize("effect", [1, 2, 3])
async def test_a_power_cut_inside_load_test_switch_or_probation_leaves_a_model_that_answers(
    bench: Bench, effect: int
) -> None:
    await bench.daemon(wants("edge-1.1", 1), at_rest(1), effect_cut=effect)
    slot = boot_slot(bench.slots, bench.journal)
    assert slot is None, "until it is committed, the next start is on the old model"
    update, running = await bench.daemon(None, at_rest(1))
    assert (update.state, running) == (UpdateState.COMMITTED, CONTENT)


async def test_a_model_that_takes_the_daemon_down_each_time_is_given_up_and_the_old_one_answers(
    bench: Bench,
) -> None:
    for _ in range(2):
        await bench.daemon(wants("edge-1.1", 1), at_rest(1), effect_cut=2)
    update, running = await bench.daemon(None, at_rest(1))
    assert (update.state, update.fault) == (UpdateState.FAILED, Fault.INTERRUPTED)
    assert running == b"GGUF embedded"
    again, _ = await bench.daemon(wants("edge-1.1", 2), at_rest(2))
    assert again.fault is Fault.KNOWN_BAD


async def test_a_cut_download_resumes_after_a_restart(bench: Bench) -> None:
    bench.source.stop_after = 2
    await bench.daemon(wants("edge-1.1", 1), lambda u: u.attempt > 0)
    bench.source.stop_after, bench.source.asked = None, []
    update, _ = await bench.daemon(None, at_rest(1))
    assert update.state is UpdateState.COMMITTED
    assert bench.source.asked == [(f"targets/{NEW.model.blob}", 2 * BLOCK_BYTES)]


@pytest.mark.parametrize("fault", [Fault.LOAD_CRASHED, Fault.LOAD_HUNG, Fault.LOAD_GARBAGE])
async def test_a_failed_load_test_never_reaches_the_engine(bench: Bench, fault: Fault) -> None:
    bench.probe_fault = fault
    update, running = await bench.daemon(wants("edge-1.1", 1), at_rest(1))
    assert (update.state, update.fault, running) == (UpdateState.FAILED, fault, b"GGUF embedded")
    assert not list((bench.folder / "update").glob("gen/*")), "what failed is cleared away"


async def test_a_model_that_fails_to_take_over_is_rolled_back(bench: Bench) -> None:
    content = CONTENT + b"bad when switched in"
    bad = release("edge-bad", content)
    bench.publish(bad, content)
    await bench.daemon(wants("edge-1.1", 1), at_rest(1))
    update, running = await bench.daemon(wants("edge-bad", 2), at_rest(2))
    assert (update.state, update.fault, running) == (UpdateState.FAILED, Fault.SWITCH_FAILED, CONTENT)
    assert bench.heard.reports[-1].running_digest == NEW.model.sha256


async def test_the_way_back_to_the_embedded_model(bench: Bench) -> None:
    await bench.daemon(wants("edge-1.1", 1), at_rest(1))
    update, running = await bench.daemon(wants("embedded", 2), at_rest(2))
    assert (update.state, update.running, running) == (UpdateState.COMMITTED, EMBEDDED, b"GGUF embedded")
    assert boot_slot(bench.slots, bench.journal) is None


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (refusal(Fault.BAD_SIGNATURE, "x"), Fault.BAD_SIGNATURE),
        (refusal(Fault.REPLAYED, "x"), Fault.REPLAYED),
        (Broken("x", code="wrong_hardware"), Fault.WRONG_HARDWARE),
        (Broken("x", code="trust_state_damaged"), Fault.MALFORMED),
        (Exhausted("x"), Fault.NO_SPACE),
    ],
)
async def test_a_release_that_does_not_prove_itself_is_not_fetched(
    bench: Bench, error: TidegateError, fault: Fault
) -> None:
    bench.judge_error = error
    update, _ = await bench.daemon(wants("edge-1.1", 1), at_rest(1))
    assert (update.state, update.fault) == (UpdateState.FAILED, fault)
    assert bench.source.asked == []


async def test_an_order_for_another_device_is_refused(bench: Bench) -> None:
    update, _ = await bench.daemon(
        wants("edge-1.1", 1, DeviceId("pump-room-02")), lambda u: u.fault is Fault.WRONG_DEVICE
    )
    assert update.state is UpdateState.IDLE
    assert bench.judged == []


async def test_a_damaged_journal_is_begun_anew_on_the_committed_model(bench: Bench) -> None:
    await bench.daemon(wants("edge-1.1", 1), at_rest(1))
    bench.journal.save(b"{}")
    slot = boot_slot(bench.slots, bench.journal)
    assert slot is not None
    assert slot.manifest.release == "edge-1.1"
    update, running = await bench.daemon(wants("edge-1.1", 1), at_rest(1))
    assert (update.state, running) == (UpdateState.COMMITTED, CONTENT)


async def test_what_was_really_loaded_is_what_is_reported(bench: Bench) -> None:
    await bench.daemon(wants("edge-1.1", 1), at_rest(1))
    model = next((bench.folder / "update" / "gen").glob("*/model.gguf"))
    model.chmod(0o644)
    model.write_bytes(b"rotten")
    update, running = await bench.daemon(None, at_rest(1))
    assert (update.running, update.fault, running) == (EMBEDDED, Fault.HASH_MISMATCH, b"GGUF embedded")


def test_every_error_has_a_closed_fault() -> None:
    assert fault_from(Unreachable("x")) is Fault.TRANSPORT
    assert fault_from(BadRequest("x")) is Fault.MALFORMED
    assert encode(Update(running=EMBEDDED))
