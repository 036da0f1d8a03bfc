"""Everything the device keeps on disk, opened together and closed together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from edge import device_key
from edge.config import EdgeConfig
from edge.device_key import DeviceKey
from edge.memory.seal import PURPOSE as MEMORY_KEY
from edge.store.agent import GrantStore, RunStore, VerdictStore
from edge.store.consents import ConsentStore
from edge.store.journal import JournalStore
from edge.store.keys import KeyStore
from edge.store.ledger import LedgerStore
from edge.store.memory import MemoryStore
from edge.store.promises import PromiseStore
from edge.store.schema import Base, open_agent, open_durable, open_journal, open_memory
from edge.store.spend import SpendStore
from edge.store.spool import SpoolStore
from edge.store.vaults import VaultStore
from tidegate.ids import ConversationId


@dataclass(frozen=True, slots=True)
class Stores:
    durable: Base
    diary: Base
    spool: SpoolStore
    ledger: LedgerStore
    vaults: VaultStore
    keys: KeyStore
    spend: SpendStore
    journal: JournalStore
    promises: PromiseStore
    recollection: Base
    memory: MemoryStore
    workbook: Base
    runs: RunStore
    verdicts: VerdictStore
    grants: GrantStore
    consents: ConsentStore

    def close(self) -> None:
        self.workbook.close()
        self.durable.close()
        self.diary.close()
        self.recollection.close()

    def drop_conversation(self, conversation: ConversationId) -> None:
        """All that is kept of a conversation beside its remembered turns: vault, spool, ended runs, the journal's text."""
        self.vaults.drop(conversation)
        self.spool.drop(conversation)
        self.journal.hush(conversation)
        self.runs.drop(conversation)
        for base in (self.durable, self.diary, self.workbook):
            base.empty_log()
        self.spend.drop_conversation(conversation)

    def forget(self, *, journal_before: float, spool_before: float) -> int:
        """Deletes what is past its time. Returns how many rows."""
        return (
            self.journal.forget(journal_before)
            + self.spool.forget(spool_before)
            + self.vaults.forget(spool_before)
            + self.runs.forget(journal_before)
            + self.spend.forget(journal_before)
            + self.promises.forget(journal_before)
        )


@contextmanager
def stores_of(config: EdgeConfig) -> Iterator[Stores]:
    """A state folder's stores for one command, beside a running daemon or without one. Raises Broken as below."""
    stores = open_stores(config, device_key.load_or_make(config.state))
    try:
        yield stores
    finally:
        stores.close()


def open_stores(config: EdgeConfig, key: DeviceKey) -> Stores:
    """Raises Broken when a file is damaged or newer than this program."""
    durable = open_durable(config.state)
    diary = open_journal(config.state)
    recollection = open_memory(config.state)
    workbook = open_agent(config.state)
    return Stores(
        durable=durable,
        diary=diary,
        spool=SpoolStore(durable, config.uplink.max_spooled),
        ledger=LedgerStore(durable, key.derive("ledger")),
        vaults=VaultStore(durable),
        keys=KeyStore(durable),
        spend=SpendStore(durable),
        journal=JournalStore(diary),
        promises=PromiseStore(durable, diary),
        recollection=recollection,
        memory=MemoryStore(recollection, key.derive(MEMORY_KEY)),
        workbook=workbook,
        runs=RunStore(workbook),
        verdicts=VerdictStore(workbook),
        grants=GrantStore(workbook),
        consents=ConsentStore(workbook),
    )
