"""`tidegate edge doctor`: one check per part, each told in a sentence with what to do next. Repairs nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from edge.checkup import broker, clock, local_answers, permissions, tools
from edge.checkup.found import Check, Finding
from edge.config import EdgeConfig
from edge.model import journal_of, load_now, model_path, slots_of
from edge.routing.confidence import load_folder
from edge.routing.mode import Mode
from edge.routing.retry import Fault
from edge.sockets import foreign_sockets
from edge.stores import stores_of
from edge.update.journal import decode
from edge.uplink import ledger
from edge.uplink.spool import SpoolState
from tidegate.chat import JSON, Message, Prompt, Role
from tidegate.clock import SystemClock, rfc3339
from tidegate.errors import Broken, TidegateError, Untrusted
from tidegate.fs import free_bytes
from tidegate.risk.calibrate import PRIOR

LOW_DISK = 200 * 1024 * 1024


def examine(config: EdgeConfig) -> tuple[Check, ...]:
    """All checks, in the order in which a request meets the parts."""
    return tuple(_guarded(part, look, config) for part, look in _PARTS)


def told(check: Check) -> dict[str, JSON]:
    return {"part": check.part, "finding": check.finding, "said": check.said, "next": check.next}


def _guarded(part: str, look: Callable[[str, EdgeConfig], Check], config: EdgeConfig) -> Check:
    try:
        return look(part, config)
    except TidegateError as error:
        return Check(part, Finding.BROKEN, error.message, error.hint)
    except OSError as error:
        return Check(
            part,
            Finding.BROKEN,
            f"{error.strerror or type(error).__name__}",
            "check the folder's permissions",
        )
    except Exception as defect:  # noqa: BLE001  a doctor that falls over what is broken helps nobody; messages may hold anything
        return Check(
            part,
            Finding.BROKEN,
            f"could not be looked at: a file is not what it should be, or a defect of ours ({type(defect).__name__})",
            "put its files back from a backup, enrol or install again; report it if that does not help",
        )


def _disk(part: str, config: EdgeConfig) -> Check:
    free = free_bytes(config.state)
    said = f"{free // (1024 * 1024)} MiB free"
    if free < LOW_DISK:
        return Check(
            part, Finding.ATTENTION, said, "free some space: a full disk stops escalations and updates"
        )
    return Check(part, Finding.OK, said)


def _model(part: str, config: EdgeConfig) -> Check:
    if not config.model.enabled:
        return Check(part, Finding.NOT_USED, "switched off: everything is escalated")
    engine = load_now(model_path(config), config.model)

    async def write() -> int:
        try:
            draft = await engine.generate(Prompt((Message(Role.USER, "turn on the light"),), max_tokens=4))
        finally:
            await engine.close()
        return draft.usage.completion_tokens

    wrote = asyncio.run(write())
    return Check(part, Finding.OK, f"{engine.model} ({engine.digest[:12]}) wrote {wrote} tokens")


def _calibration(part: str, config: EdgeConfig) -> Check:
    if not config.model.enabled:
        return Check(part, Finding.NOT_USED, "there is no local model")
    path = model_path(config)
    engine = load_now(path, config.model)
    loaded = load_folder(engine, path.parent)
    asyncio.run(engine.close())
    if loaded.calibration is None:
        return Check(
            part,
            Finding.ATTENTION,
            f"none for these weights: nobody has measured them, so P(right) never goes above the prior of {PRIOR:g}",
            "use a model with its calibration",
        )
    return Check(part, Finding.OK, f"kept from P(right) {loaded.keep_at:.2f}")


def _promise(part: str, config: EdgeConfig) -> Check:
    from edge.promise.settings import promises_of
    from edge.promise.view import gather, summary

    if not promises_of(config.promise).any:
        return Check(part, Finding.NOT_USED, "nothing is promised: a fixed threshold decides what is kept")
    well, said, after = summary(gather(config), config.promise.audit if config.escalates else 0.0)
    return Check(part, Finding.OK if well else Finding.ATTENTION, said, after)


def _detectors(part: str, config: EdgeConfig) -> Check:
    from edge.finders import build_detector

    detector = build_detector(config)
    probe = "mail eve@example.org"
    if not any(span.label == "EMAIL_ADDRESS" for span in detector.find(probe)):
        raise Broken(
            "the detectors miss a plain e-mail address", code="detector_broken", hint="install again"
        )
    if detector.degraded:
        return Check(part, Finding.ATTENTION, detector.degraded, "set policy.names to true to look for names")
    return Check(part, Finding.OK, f"{len(detector.patterns)} patterns and the encoder pass their self-test")


def _encoder(part: str, config: EdgeConfig) -> Check:
    """The race of onnxruntime's providers, run now; what the daemon uses is what it remembers from its own."""
    if not config.policy.names:
        return Check(part, Finding.NOT_USED, "names are not looked for")
    from edge.finders import book
    from tidegate.assets import model_dir
    from tidegate.privacy import providers
    from tidegate.privacy.encoder import contest, remembered
    from tidegate.privacy.package import FOLDERS

    folder = model_dir(FOLDERS[config.policy.encoder])
    race = contest(folder)
    earlier = remembered(folder, book(config))
    used = (earlier or race).winner
    since = ", as remembered from an earlier start" if earlier else ""
    said = f"{config.policy.encoder}; one window now: {providers.told(race.entrants)}; chosen: {providers.short(used)}{since}"
    return Check(part, Finding.OK, said)


def _identity(part: str, config: EdgeConfig) -> Check:
    if not config.escalates and not config.managed:
        return Check(part, Finding.NOT_USED, "nothing leaves this device")
    from tidegate.identity.certificates import read_leaf
    from tidegate.identity.life import life_of
    from tidegate.identity.names import device_from_names
    from tidegate.identity.tls import load_material

    material = load_material(config.identity)
    try:
        leaf = read_leaf(material.certificate)
    except Untrusted as error:
        raise Broken(
            f"{config.identity / 'cert.pem'} is no certificate",
            code="identity_broken",
            hint="restore it from a backup (docs/backup.md), or enrol this device again",
        ) from error
    device = device_from_names(leaf.common_names, leaf.uris)
    life, now = life_of(material.certificate), SystemClock().now()
    ends, days = life.ends, int(life.days_left(now))
    if now >= ends:
        return Check(
            part,
            Finding.BROKEN,
            f"the certificate of {device} ended {rfc3339(ends)}",
            "enrol this device again",
        )
    said = f"{device}, until {rfc3339(ends)}: {days} days left"
    if not config.escalates:
        return Check(
            part, Finding.OK if days >= 7 else Finding.ATTENTION, said, "" if days >= 7 else "enrol it soon"
        )
    if life.used(now) > 2 / 3:
        return Check(
            part,
            Finding.ATTENTION,
            f"{said}, and it was not renewed",
            "see the log for certificate_not_renewed",
        )
    return Check(part, Finding.OK, f"{said}, renewed from {rfc3339(life.renew_at)}")


def _link(part: str, config: EdgeConfig) -> Check:
    if not config.escalates:
        return Check(part, Finding.NOT_USED, "this device has no uplink")
    os.environ.setdefault(
        "GRPC_VERBOSITY", "NONE"
    )  # read when grpc is imported: its own lines say nothing more
    from edge.uplink.channel import Channel
    from edge.uplink.client import CloudChannel
    from tidegate.identity.tls import load_material

    async def probe() -> None:
        wire = CloudChannel(
            Channel(config.uplink.address, load_material(config.identity), config.uplink.server_name)
        )
        try:
            await wire.probe()
        except TidegateError as error:
            raise _unheard(error, config.uplink.address) from error
        finally:
            await wire.close()

    began = SystemClock().mono()
    asyncio.run(probe())
    return Check(part, Finding.OK, f"the cloud answered in {(SystemClock().mono() - began) * 1000:.0f} ms")


_STRANGER = (
    "the ca.pem of this device is not that cloud's, or something stands between (a proxy, a login page): "
)
_NO_ANSWER = (
    "check the network, uplink.address and that `tidegate cloud serve` runs there; requests wait in the spool"
)


def _unheard(error: TidegateError, address: str) -> Broken:
    """Why the cloud was not heard at that address, and what to do about exactly that."""
    if error.code == Fault.FOREIGN:
        return Broken(
            f"what answers at {address} does not prove to be this device's cloud",
            code=error.code,
            hint=_STRANGER + "compare the CA's fingerprint, enrol again if it changed",
        )
    return Broken(f"{error.message} ({address})", code=error.code, hint=error.hint or _NO_ANSWER)


def _spool(part: str, config: EdgeConfig) -> Check:
    if not (config.state / "durable.db").exists():
        return Check(part, Finding.NOT_USED, "no daemon has run on this state folder yet")
    with stores_of(config) as stores:
        counts = stores.spool.counts()
    said = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "empty"
    if counts.get(str(SpoolState.DEAD)):
        return Check(part, Finding.ATTENTION, said, "dead ones failed their proof or expired; see the log")
    return Check(part, Finding.OK, said)


def _ledger(part: str, config: EdgeConfig) -> Check:
    if not (config.state / "durable.db").exists():
        return Check(part, Finding.NOT_USED, "no daemon has run on this state folder yet")
    with stores_of(config) as stores:
        count = ledger.verify(stores.ledger.records(), stores.ledger.key, stores.ledger.sealed_end())
    return Check(part, Finding.OK, f"{count} records, chain and end verified")


def _update(part: str, config: EdgeConfig) -> Check:
    slot = slots_of(config).bootable()
    running = f"{slot.manifest.release}, files checked" if slot is not None else "the embedded model"
    if not config.managed:
        return Check(part, Finding.NOT_USED, f"no broker is configured; starts with {running}")
    if not (config.identity / "root.json").exists():
        return Check(
            part, Finding.BROKEN, "root.json is missing: no update can be trusted", "enrol this device again"
        )
    content = journal_of(config).load()
    state = decode(content).state if content is not None else "idle"
    return Check(part, Finding.OK, f"starts with {running}; last update: {state}")


def _sockets(part: str, config: EdgeConfig) -> Check:
    try:
        pid = int((config.state / "owner.lock").read_text() or "0")
        foreign = foreign_sockets(pid)
    except (OSError, ValueError):
        return Check(part, Finding.NOT_USED, "no daemon runs on this state folder")
    if not foreign:
        return Check(part, Finding.OK, f"process {pid} has loopback sockets only")
    if config.mode is Mode.LOCAL_ONLY:
        return Check(
            part, Finding.BROKEN, f"local-only, but sockets to {len(foreign)} other addresses", "report this"
        )
    return Check(part, Finding.OK, f"{len(foreign)} addresses beyond loopback, as configured")


_PARTS: tuple[tuple[str, Callable[[str, EdgeConfig], Check]], ...] = (
    ("clock", clock.look),
    ("permissions", permissions.look),
    ("disk", _disk),
    ("model", _model),
    ("calibration", _calibration),
    ("promise", _promise),
    ("local answers", local_answers.look),
    ("detectors", _detectors),
    ("encoder", _encoder),
    ("identity", _identity),
    ("link", _link),
    ("spool", _spool),
    ("ledger", _ledger),
    ("broker", broker.look),
    ("update slot", _update),
    ("sockets", _sockets),
    ("tools", tools.look),
)
