"""The cloud tier's settings: one frozen value, every field usable when absent. Read once by cloud.cli, passed down.

The keys are those of the TOML file; `[console] port` is TIDEGATE_CLOUD__CONSOLE__PORT in the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from cloud.intake.admit import Response
from tidegate import config

PREFIX = "TIDEGATE_CLOUD"

Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0.0)]


class ModelKind(StrEnum):
    EMBEDDED = "embedded"  # the shipped cloud model, or `path`
    REMOTE = "remote"  # any OpenAI-compatible server
    NONE = "none"


class Console(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The review console, /metrics and /healthz. Put a TLS proxy in front before leaving loopback."""

    host: str = "127.0.0.1"  # address the console listens on
    port: Port = 8700  # 0: any free port, printed in the ready line
    session_s: Seconds = 28_800.0  # how long a login lasts
    secure_cookie: bool = False  # True behind a TLS proxy


class Door(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where devices escalate to: mTLS gRPC."""

    host: str = "127.0.0.1"  # address the escalation door listens on
    port: Port = 8701  # 0: any free port, printed in the ready line
    max_bytes: Count = 1_048_576  # of one escalation
    max_in_flight: Count = 8  # escalations of one device at once
    longest_s: Seconds = 30.0  # for one escalation


class Enrol(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where new devices exchange a one-time token for a certificate."""

    host: str = "127.0.0.1"  # address the enrolment door listens on
    port: Port = 8702  # 0: any free port, printed in the ready line
    names: tuple[str, ...] = ()  # further host names and addresses in this cloud's certificate


class Store(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    url: str = ""  # a SQLAlchemy address; absent: SQLite in the state folder


class Intake(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is taken in. `admit`, `hold` or `refuse` for signals that are no proof."""

    max_chars: Count = 100_000  # of one escalation's texts together
    max_messages: Count = 200  # of one escalation
    max_tools: Count = 128  # of one escalation
    names: bool = True  # look for names too (the encoder); False: formats and checksums only
    on_name: Response = Response.ADMIT  # what to do with an escalation in which a name seems to have survived
    name_at: Fraction = 0.8  # score from which a name counts
    on_attack: Response = Response.HOLD  # the guard says attack
    on_suspect: Response = Response.ADMIT  # the guard says suspect


class Knowledge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The documents that answers are quoted from."""

    folder: Path | None = None  # a folder of Markdown documents; absent: the shipped sample manual
    passages: Count = 4  # most that one answer may draw on
    meaning: bool = (
        True  # compare by meaning too, once `tidegate models build embedder` was run; False: by words alone
    )


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: ModelKind = ModelKind.EMBEDDED  # embedded, remote or none
    path: Path | None = None  # a GGUF file instead of the shipped one
    base_url: str = ""  # of a remote, up to and without /chat/completions
    name: str = ""  # the model's name at the remote
    api_key_file: Path | None = None  # a file that holds the remote's key; never the key itself
    timeout_s: Seconds = 60.0  # for one answer


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    file: Path | None = None  # Cedar; absent: the shipped policy
    version: str = "cloud-default-1"  # told to devices that probe
    review_topics: tuple[str, ...] = (  # words whose cases wait for a person
        "refund", "contract", "legal", "lawyer", "lawsuit", "compensation", "complaint",
    )  # fmt: skip


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    lease_s: Seconds = 600.0  # how long a claim keeps others away
    expire_s: Seconds = 604_800.0  # a case nobody decided in a week is turned down


class Fleet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The session that steers devices. Without `tidegate fleet init` there is none."""

    broker: str = ""  # host:port of the MQTT broker; absent: the one `tidegate fleet init` set up, if it did
    enabled: bool = True  # False: no session, even when there is a fleet


class Telemetry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    otlp: str = ""  # OTLP/HTTP address of a collector


class Logs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    level: str = "info"  # debug, info, warning or error


class CloudConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything the cloud tier can be told."""

    state: Path = msgspec.field(
        default_factory=lambda: Path("~/.local/share/tidegate/cloud").expanduser()
    )  # keys, audit log and the default database; one daemon at a time
    console: Console = Console()
    door: Door = Door()
    enrol: Enrol = Enrol()
    store: Store = Store()
    intake: Intake = Intake()
    knowledge: Knowledge = Knowledge()
    model: Model = Model()
    policy: Policy = Policy()
    review: Review = Review()
    fleet: Fleet = Fleet()
    telemetry: Telemetry = Telemetry()
    logs: Logs = Logs()


def load(file: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]) -> CloudConfig:
    """The settings of this cloud. Raises BadConfig naming the source, the key and the reason."""
    return config.load(CloudConfig, file=file, environ=environ, prefix=PREFIX, flags=flags)
