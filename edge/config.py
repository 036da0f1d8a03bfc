"""The device's settings: one frozen value, every field usable when absent. Read once by edge.cli, then passed down.

The keys are those of the TOML file; `[uplink] address` is TIDEGATE_EDGE__UPLINK__ADDRESS in the environment.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from edge.agent.settings import McpSetting, ToolSetting
from edge.routing.budget import WhenSpent
from edge.routing.mode import Mode, Modes
from edge.routing.plan import Consent
from edge.routing.vitals import Strain
from edge.routing.world import MeteredSends
from tidegate import config
from tidegate.errors import BadConfig
from tidegate.privacy.actions import Action, Handling
from tidegate.privacy.package import Size
from tidegate.privacy.rules import OwnRules, own_rules
from tidegate.privacy.spans import Label
from tidegate.risk.task import Task

PREFIX = "TIDEGATE_EDGE"

Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Chance = Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Amount = Annotated[float, msgspec.Meta(ge=0.0)]
Seconds = Annotated[float, msgspec.Meta(gt=0.0)]


class Door(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where applications knock. Loopback only."""

    host: str = "127.0.0.1"  # 127.0.0.1, ::1 or localhost
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8642  # 0: any free port, printed in the ready line
    socket: Path | None = None  # a unix socket beside the port
    max_body_bytes: Count = 1_048_576  # of one request; beyond it: 413
    max_depth: Count = 64  # nesting of a request's JSON
    max_in_flight: Count = 8  # requests worked on at once
    max_waiting: Count = 64  # beyond these: 429 with Retry-After
    max_per_application: Count = 64  # of these, requests of one application; beyond it: 429 with Retry-After
    per_minute: Annotated[int, msgspec.Meta(ge=0)] = 0  # requests of one application; 0: as many as it likes
    read_timeout_s: Seconds = 10.0  # for the head and the body of a request
    write_timeout_s: Seconds = 30.0  # for a client that stops reading
    deadline_s: Seconds = (
        30.0  # how long a request waits for the cloud, and a draft for its end: then it becomes a ticket
    )


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The model on this device."""

    enabled: bool = True  # False: everything is escalated
    path: Path | None = None  # a GGUF file; absent: the running update slot, else the embedded model
    threads: Annotated[int, msgspec.Meta(ge=0)] = 0  # of the engine; 0: measured when it first loads a model
    context_tokens: Annotated[int, msgspec.Meta(ge=64)] = 1024  # of one conversation, prompt and answer
    slots: Annotated[int, msgspec.Meta(ge=1, le=64)] = (
        8  # requests that are written at once; fewer when memory is short
    )
    queue: Count = 64  # requests that may wait for a slot; beyond these: 429 with Retry-After


class Embedding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A GGUF model whose vectors `POST /v1/embeddings` gives under its own name, next to the built-in `embedding`."""

    path: Path | None = (
        None  # a GGUF file, pooled as it says; a language model is pooled by the mean of its last layer
    )
    name: str = ""  # as in "model"; absent: the file's name in small letters, without its ending
    context_tokens: Annotated[int, msgspec.Meta(ge=8)] = (
        512  # of a text that are read; never more than it was made for
    )
    threads: Annotated[int, msgspec.Meta(ge=1)] = 1  # that read one text


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may leave, what must, and what waits for a person."""

    version: str = "device-default-1"  # recorded with every request
    keep_at: Fraction | None = (
        None  # P(right) from which a draft is kept; absent: the model's own calibrated threshold
    )
    names: bool = (
        True  # look for names and places by the encoder; False: formats and checksums only, names may leave
    )
    encoder: Size = Size.FULL  # full, or small: a third of the file and of the time, and it misses more names
    public_words: tuple[
        str, ...
    ] = ()  # no secrets: own products, own company, as in ["Aurelia HP-8"]; never hidden as names
    must_stay: tuple[Label, ...] = ()  # requests with such entities never leave
    must_go_words: tuple[str, ...] = ()  # requests with such a word are escalated without a draft
    fails_from: Fraction = 0.5  # kinds of work at which the model surely (95 %) fails this often go straight to the cloud; 1: none
    review_labels: tuple[Label, ...] = ()  # answers about such entities wait for a person
    refuse_injection_at: Annotated[float, msgspec.Meta(ge=0.0)] = 1.1  # above 1: never refused on the device
    summarise: bool = True  # the oldest turns of a conversation that is longer than prompt_tokens are read as a summary in their own words
    prompt_tokens: Annotated[int, msgspec.Meta(ge=0)] = (
        0  # of one conversation; 0: three quarters of the local model's context, where that makes it fit
    )


class AuditBy(StrEnum):
    """Who checks the answers that chance has drawn."""

    CLOUD = "cloud"
    PERSON = "person"


class Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A promise of its own, for an application or a class of requests."""

    wrong_at_most: Chance
    with_confidence: Chance = 0.95


class Promised(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How wrong the answers that stay on the device may be (docs/promise.md). Without any promise, `policy.keep_at` decides."""

    wrong_at_most: Chance | None = (
        None  # of the answers kept, so large a share may be wrong, as 0.02; absent: nothing is promised
    )
    with_confidence: Chance = 0.95  # how sure that must be
    applications: dict[
        str, Stated
    ] = {}  # other promises per application, by the names of their keys: {kitchen = {wrong_at_most = 0.05}}
    classes: dict[
        Task, Stated
    ] = {}  # other promises per class: calls, results or prose; an application's own goes first
    audit: Fraction = 0.05  # chance that a kept answer is sent to be checked; 0: the promise is not watched
    audit_by: AuditBy = (
        AuditBy.CLOUD
    )  # cloud (its model's answer counts as right) or person (a reviewer decides)


class OwnPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An expression of the operator, in RE2's syntax, and the kind of what it matches."""

    name: str
    expression: str
    label: Label = Label.CUSTOM


class Privacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What becomes of private values before anything leaves, and whom it needs to be asked."""

    actions: dict[
        Label, Action
    ] = {}  # per kind: mask (the default), pseudonymise, generalise, block or allow
    patterns: tuple[
        OwnPattern, ...
    ] = ()  # own RE2 patterns: [{name = "ticket", expression = "TCK-[0-9]{6}"}]
    hide: tuple[str, ...] = ()  # words that are always hidden, whatever the detectors say
    show: tuple[str, ...] = ()  # values that are never hidden, such as the own support address
    consent: Consent = Consent.ALWAYS  # always, ask (the application shows a preview first) or never
    consent_for: dict[Label, Consent] = {}  # the same per kind; the strictest of all that were found counts


class Metered(StrEnum):
    """Whether the way out costs by the byte."""

    AUTO = "auto"
    YES = "yes"
    NO = "no"


class Uplink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The way to the cloud tier. Without an address there is none."""

    address: str = ""  # host:port of the escalation door
    server_name: str = ""  # name in the cloud's certificate when it is not the host
    identity: Path | None = None  # folder of key and certificates; absent: <state>/identity
    receipts: bool = True  # refuse answers without a valid receipt
    max_in_flight: Count = 8  # escalations on the wire at once
    expiry_s: Seconds = 604_800.0  # an escalation nobody answered in a week is given up
    probe_s: Seconds = 5.0  # how soon a link that is down is tried again; doubling, up to a minute
    settle_s: Seconds = 5.0  # the link's state changes at most once in this time
    metered: Metered = (
        Metered.AUTO
    )  # whether the way out costs by the byte: yes, no, or auto (by the interface of the default route)
    metered_interfaces: tuple[str, ...] = (
        "wwan*",
        "ppp*",
        "rmnet*",
    )  # names of interfaces that cost by the byte; absent: none
    metered_sends: MeteredSends = (
        MeteredSends.MUST_GO
    )  # over a metered way: all, must-go (what policy sends and what cannot be answered here) or nothing
    metered_bytes_a_day: int | None = (
        None  # the most that leaves over a metered way in a day; absent: no bound
    )
    portal_probe: str = ""  # http address of yours that answers 204; asked when the cloud cannot be reached: another answer is a captive portal
    max_spooled: Count = 10_000  # beyond these the device answers 503 instead of promising


class Fleet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The management session. Without a broker there is none, and no updates."""

    broker: str = ""  # host:port of the MQTT broker
    probation_s: Seconds = 900.0  # how long a new model must answer before it is kept
    check_s: Seconds = 5.0  # how often it is asked meanwhile


class Vitals(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The machine itself: from when on local work is made shorter, sent away or refused. What a machine does not tell is not looked at."""

    enabled: bool = True  # False: nothing of the machine is read
    battery_low: Fraction = 0.15  # of full, while it is being emptied: low from here on
    battery_critical: Fraction = 0.05  # of full, while it is being emptied: critical from here on
    hot_c: float = 85.0  # degrees Celsius of the hottest zone: low from here on
    critical_c: float = 95.0  # degrees Celsius of the hottest zone: critical from here on
    memory_low_mb: Amount = 100.0  # memory to be had without swapping: low from here on
    memory_critical_mb: Amount = 40.0  # memory to be had without swapping: critical from here on
    pressure_high: Amount = (
        40.0  # % of the time in which something waits for memory (PSI, ten seconds): low from here on
    )
    pressure_critical: Amount = (
        80.0  # % of the time in which something waits for memory: critical from here on
    )
    queue_long: Count = 16  # drafts being written at once: low from here on
    queue_critical: Count = 48  # drafts being written at once: critical from here on
    when_low: Strain = Strain.SHORTER  # none, shorter (answers), escalate (where possible, else shorter) or refuse (where it cannot be escalated)
    when_critical: Strain = Strain.ESCALATE  # none, shorter, escalate or refuse, as above
    shorter_tokens: Count = 64  # the most a draft may be long then


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may be spent, of money and tokens in the cloud and of energy here. Days are those of the device's own clock."""

    conversation_money: Amount | None = None  # the most one conversation may cost; absent: no bound
    conversation_tokens: int | None = None  # that the cloud reads and writes for it
    conversation_joules: Amount | None = None  # that this device spends on its drafts (an estimate)
    application_money: Amount | None = None  # the most one application may cost in a day
    application_tokens: int | None = None  # that the cloud reads and writes for it in a day
    application_joules: Amount | None = None  # that this device spends on its drafts in a day (an estimate)
    day_money: Amount | None = None  # the most everything may cost in a day
    day_tokens: int | None = None  # that the cloud reads and writes in a day
    day_joules: Amount | None = None  # that this device spends on drafts in a day (an estimate)
    when_spent: WhenSpent = (
        WhenSpent.BEST_SO_FAR
    )  # best-so-far (what can be drafted is kept as it is), local-only (also what should have gone) or refuse
    money_per_1k_prompt: Amount = (
        0.0  # what the cloud charges for a thousand tokens it reads, in your own currency
    )
    money_per_1k_completion: Amount = 0.0  # what the cloud charges for a thousand tokens it writes
    joules_per_token: Amount = 0.05  # an estimate of what a token of a draft costs this device; measure yours


class Journal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the device remembers about requests. It never leaves the device."""

    keep_text: bool = False  # True: questions and answers too; False: only what was decided and why
    keep_days: Count = 30  # older entries are deleted


class Memory(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Conversations that applications ask this device to remember: sealed on disk, gone when deleted or when their time is over."""

    applications: tuple[
        str, ...
    ] = ()  # whose conversations are remembered, by the names of their keys, or ["*"] for all; absent: nobody's
    keep_days: Count = 30  # a conversation that rested longer is deleted
    max_conversations: Count = 1000  # of one application; beyond these, those that rested longest are deleted
    max_turns: Count = 500  # of one conversation; beyond these, the oldest are deleted
    recalled_turns: Count = 20  # at most so many stand before a new turn


class Agent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one run of the agent may take. `[[tools]]` and `[[mcp]]` declare its tools ([agent](agent.md))."""

    steps: Count = 12  # answers of a model in one run
    seconds: Seconds = 120.0  # of work in one run; waiting for a person or the cloud does not count
    tokens: Count = 50_000  # of all models in one run, prompts and answers together
    escalations: Annotated[int, msgspec.Meta(ge=0)] = 6  # of one run; beyond them it stays on the device
    budget_tokens: Annotated[int, msgspec.Meta(ge=0)] = 0  # of one prompt; 0: policy.prompt_tokens
    hosts: tuple[
        str, ...
    ] = ()  # other machines that HTTP, MQTT and MCP tools may reach; absent: loopback alone
    door_approves: bool = (
        True  # an application may hand in its user's approval; false: only `tidegate agent approve`
    )
    ask_cloud: bool = (
        False  # a person at the cloud tier may approve what cannot be undone, bound to the exact bytes
    )
    approval_s: Seconds = 3600.0  # how long a call waits for somebody; then it counts as denied
    max_runs: Count = 32  # at work or waiting at once; beyond it: 429


class Telemetry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Spans, without user text. `otlp` is an OTLP/HTTP address on loopback or a collector of yours."""

    otlp: str = ""  # OTLP/HTTP address of a collector; absent: spans stay here


class Logs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    level: str = "info"  # debug, info, warning or error


class EdgeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a device can be told."""

    state: Path = msgspec.field(
        default_factory=lambda: Path("~/.local/share/tidegate/edge").expanduser()
    )  # everything this device remembers; one daemon at a time
    mode: Mode = Mode.PREFER_LOCAL  # prefer-local, prefer-cloud, ask (nothing leaves until somebody agrees) or local-only (no way out is constructed)
    mode_for: dict[str, Mode] = {}  # the same per application; it may let out less than `mode`, never more
    door: Door = Door()
    model: Model = Model()
    embedding: Embedding = Embedding()
    policy: Rules = Rules()
    privacy: Privacy = Privacy()
    promise: Promised = Promised()
    uplink: Uplink = Uplink()
    fleet: Fleet = Fleet()
    vitals: Vitals = Vitals()
    budget: Budget = Budget()
    journal: Journal = Journal()
    memory: Memory = Memory()
    agent: Agent = Agent()
    tools: tuple[ToolSetting, ...] = ()  # what an agent may use: [[tools]], see docs/agent.md
    mcp: tuple[McpSetting, ...] = ()  # MCP servers whose tools an agent may use: [[mcp]], see docs/agent.md
    telemetry: Telemetry = Telemetry()
    logs: Logs = Logs()

    @property
    def modes(self) -> Modes:
        return Modes(self.mode, self.mode_for)

    @property
    def escalates(self) -> bool:
        """Whether an uplink is constructed at all."""
        return self.mode is not Mode.LOCAL_ONLY and bool(self.uplink.address)

    @property
    def managed(self) -> bool:
        """Whether a fleet session is constructed at all."""
        return self.mode is not Mode.LOCAL_ONLY and bool(self.fleet.broker)

    @property
    def collector(self) -> str:
        """Where spans go; nowhere beyond this machine where nothing may leave it."""
        host = urlsplit(self.telemetry.otlp).hostname or ""
        return self.telemetry.otlp if self.mode is not Mode.LOCAL_ONLY or is_loopback(host) else ""

    @property
    def identity(self) -> Path:
        return self.uplink.identity or self.state / "identity"


def load(file: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]) -> EdgeConfig:
    """The settings of this device. Raises BadConfig naming the source, the key and the reason."""
    found = config.load(EdgeConfig, file=file, environ=environ, prefix=PREFIX, flags=flags)
    if not is_loopback(found.door.host):
        raise BadConfig(
            "door.host: the door opens on loopback only (127.0.0.1, ::1 or localhost)",
            code="config_not_loopback",
            hint="put a proxy with its own access control in front to serve other machines",
        )
    if found.privacy.patterns:
        own_rules(
            patterns=_expressions(found.privacy)
        )  # a broken one must stop the start, not the first request
    return found


def rules(privacy: Privacy) -> OwnRules:
    """The operator's own rules, ready for a detector. Raises BadConfig."""
    handling = Handling(privacy.actions)
    return own_rules(
        patterns=_expressions(privacy),
        hide=privacy.hide,
        show=privacy.show,
        allow=handling.having(Action.ALLOW),
    )


def _expressions(privacy: Privacy) -> Iterator[tuple[str, str, Label]]:
    return ((one.name, one.expression, one.label) for one in privacy.patterns)


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
