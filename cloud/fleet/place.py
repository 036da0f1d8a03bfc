"""Where a fleet's keys, releases, broker and records are inside the cloud's state folder; made once by `fleet init`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cloud.fleet.broker import CRL, reload_broker, write_config
from cloud.fleet.desk import revoke
from cloud.fleet.folder import FolderStore
from cloud.state import Identity, StateFolder, prepare
from tidegate.clock import Clock
from tidegate.errors import BadConfig, BadRequest
from tidegate.fs import write_durably
from tidegate.identity.authority import CRL_DAYS, revocation_list
from tidegate.identity.folder import save_service
from tidegate.identity.names import Service
from tidegate.ids import DeviceId
from tidegate.signing.repository import Repository, Threshold, create

if TYPE_CHECKING:
    from cloud.fleet.conductor.session import Conductor

_CRL_MARGIN_S = CRL_DAYS * 86400 / 2


@dataclass(frozen=True, slots=True)
class FleetPlace:
    """Paths of the fleet's parts below the cloud's state folder."""

    state: Path

    @property
    def repository(self) -> Repository:
        return Repository(self.state / "fleet")

    @property
    def broker(self) -> Path:
        return self.state / "broker"

    @property
    def conductor(self) -> Path:
        return self.state / "conductor"

    @property
    def store(self) -> FolderStore:
        """A new handle: one per thread."""
        return FolderStore(self.state / "registry")

    @property
    def ready(self) -> bool:
        return self.repository.metadata.exists() and (self.broker / "cert.pem").exists()

    def required(self) -> FleetPlace:
        """This place, made. Raises BadConfig (`no_fleet`)."""
        if not self.ready:
            raise BadConfig(
                f"{self.state} holds no fleet yet", code="no_fleet", hint="run `tidegate fleet init`"
            )
        return self


def init(
    place: FleetPlace,
    now: float,
    *,
    broker_port: int,
    hosts: tuple[str, ...] = (),
    root: Threshold | None = None,
) -> Identity:
    """Makes what is missing: authority, service certificates, update keys and repository, broker settings. Repeatable."""
    identity = prepare(StateFolder(place.state), now, names=hosts)
    for folder, service in ((place.broker, Service.BROKER), (place.conductor, Service.CONDUCTOR)):
        if not (folder / "cert.pem").exists():
            save_service(folder, identity.authority, service, now, hosts=hosts)
    if not place.repository.metadata.exists():
        create(place.repository.folder, now, root=root)
    refresh_revocations(place, now)
    write_config(place.broker, broker_port)
    return identity


def refresh_revocations(place: FleetPlace, now: float) -> bool:
    """Writes the broker's revocation list and asks a running broker to read it. True when one did."""
    identity = prepare(StateFolder(place.state), now)
    write_durably(place.broker / CRL, revocation_list(identity.authority, identity.revoked.all(), now))
    return reload_broker(place.broker)


def revocations_due(place: FleetPlace, now: float) -> bool:
    """Whether the revocation list is past half its life: a broker with an expired one locks everybody out."""
    try:
        return now - (place.broker / CRL).stat().st_mtime > _CRL_MARGIN_S
    except FileNotFoundError:
        return True


def revoke_device(place: FleetPlace, device: DeviceId, now: float) -> frozenset[int]:
    """Revokes every certificate of a device, for the cloud's doors (at once) and the broker. Raises BadRequest."""
    identity = prepare(StateFolder(place.state), now)
    serials = identity.tokens.serials().get(device, frozenset())
    if not serials:
        raise BadRequest(f"no certificate was ever issued to {device}", code="unknown_device")
    identity.revoked.add(serials)
    revoke(place.store, device)
    refresh_revocations(place, now)
    return serials


def published_root(state: Path) -> bytes:
    """The root of trust that enrolment hands to devices; empty while there is no repository."""
    place = FleetPlace(state)
    return place.repository.root_bytes() if place.repository.metadata.exists() else b""


def open_conductor(state: Path, host: str, port: int, clock: Clock, random: Callable[[], float]) -> Conductor:
    """The conductor of this state folder's fleet, not yet started. Raises BadConfig (`no_fleet`)."""
    from cloud.fleet.conductor.session import Conductor
    from tidegate.mqtt import Broker

    place = FleetPlace(state).required()
    return Conductor(Broker(host, port, place.conductor), place.store, place.repository, clock, random)
