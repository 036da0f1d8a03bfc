"""Which release may run on this machine: signed, published, and made for hardware like this."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.clock import Clock
from tidegate.errors import Broken
from tidegate.ids import ReleaseId
from tidegate.signing.manifest import Machine, Manifest, suits
from tidegate.updates import Blobs, Fault

if TYPE_CHECKING:
    from tidegate.signing.client import TrustStore


@dataclass(frozen=True, slots=True)
class Judge:
    """Brings the signed metadata up to date and finds a release in it. Blocks; call it off the event loop."""

    folder: Path  # the device's memory of the metadata
    root: Path  # the root of trust that came with enrolment
    blobs: Blobs
    machine: Machine
    clock: Clock

    def manifest(self, release: ReleaseId) -> Manifest:
        """Raises Untrusted, Unreachable, Broken (`wrong_hardware`, `no_update_root`, ...), each with a closed code."""
        manifest = self._store().manifest(self.blobs, release)
        if not suits(manifest.needs, self.machine):
            raise Broken("the release is not made for this machine", code=Fault.WRONG_HARDWARE.value)
        return manifest

    def _store(self) -> TrustStore:
        from tidegate.signing.client import (
            TrustStore,
        )  # python-tuf: loaded when an update arrives, not before

        store = TrustStore(self.folder, self.clock)
        if self.root.exists():
            store.bootstrap(self.root.read_bytes())
        return store


def this_machine() -> Machine:
    """The hardware as release manifests speak of it."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(platform.machine(), pages // (1024 * 1024))
