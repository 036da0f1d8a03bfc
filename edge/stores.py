"""Everything the device keeps on disk, opened together and closed together."""

from __future__ import annotations

from dataclasses import dataclass

from edge.config import EdgeConfig
from edge.device_key import DeviceKey
from edge.store.journal import JournalStore
from edge.store.keys import KeyStore
from edge.store.ledger import LedgerStore
from edge.store.schema import Base, open_durable, open_journal
from edge.store.spool import SpoolStore
from edge.store.vaults import VaultStore


@dataclass(frozen=True, slots=True)
class Stores:
    durable: Base
    diary: Base
    spool: SpoolStore
    ledger: LedgerStore
    vaults: VaultStore
    keys: KeyStore
    journal: JournalStore

    def close(self) -> None:
        self.durable.close()
        self.diary.close()

    def forget(self, *, journal_before: float, spool_before: float) -> int:
        """Deletes what is past its time. Returns how many rows."""
        return (
            self.journal.forget(journal_before)
            + self.spool.forget(spool_before)
            + self.vaults.forget(spool_before)
        )


def open_stores(config: EdgeConfig, key: DeviceKey) -> Stores:
    """Raises Broken when a file is damaged or newer than this program."""
    durable = open_durable(config.state)
    diary = open_journal(config.state)
    return Stores(
        durable=durable,
        diary=diary,
        spool=SpoolStore(durable, config.uplink.max_spooled),
        ledger=LedgerStore(durable, key.derive("ledger")),
        vaults=VaultStore(durable),
        keys=KeyStore(durable),
        journal=JournalStore(diary),
    )
