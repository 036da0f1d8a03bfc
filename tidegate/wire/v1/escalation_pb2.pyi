from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_SYSTEM: _ClassVar[Role]
    ROLE_USER: _ClassVar[Role]
    ROLE_ASSISTANT: _ClassVar[Role]
    ROLE_TOOL: _ClassVar[Role]

class Why(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WHY_UNSPECIFIED: _ClassVar[Why]
    WHY_UNSURE: _ClassVar[Why]
    WHY_PASSED: _ClassVar[Why]
    WHY_POLICY_MUST_GO: _ClassVar[Why]
    WHY_TOO_LONG: _ClassVar[Why]
    WHY_NO_LOCAL_MODEL: _ClassVar[Why]
    WHY_INVALID_DRAFT: _ClassVar[Why]
    WHY_NO_TOOLS: _ClassVar[Why]
    WHY_AUDIT: _ClassVar[Why]
    WHY_PREFERRED: _ClassVar[Why]
    WHY_APPROVAL: _ClassVar[Why]

class ToolChoice(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TOOL_CHOICE_UNSPECIFIED: _ClassVar[ToolChoice]
    TOOL_CHOICE_AUTO: _ClassVar[ToolChoice]
    TOOL_CHOICE_NONE: _ClassVar[ToolChoice]
    TOOL_CHOICE_REQUIRED: _ClassVar[ToolChoice]

class Check(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHECK_UNSPECIFIED: _ClassVar[Check]
    CHECK_SCHEMA: _ClassVar[Check]
    CHECK_LEAKS: _ClassVar[Check]
    CHECK_GROUNDING: _ClassVar[Check]
    CHECK_PLACEHOLDERS: _ClassVar[Check]
    CHECK_POLICY: _ClassVar[Check]

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_PASSED: _ClassVar[Outcome]
    OUTCOME_FAILED: _ClassVar[Outcome]
    OUTCOME_NOT_APPLICABLE: _ClassVar[Outcome]

class HoldReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOLD_REASON_UNSPECIFIED: _ClassVar[HoldReason]
    HOLD_REASON_POLICY: _ClassVar[HoldReason]
    HOLD_REASON_SUSPECT_INPUT: _ClassVar[HoldReason]
    HOLD_REASON_FAILED_CHECK: _ClassVar[HoldReason]
    HOLD_REASON_DEVICE_ASKED: _ClassVar[HoldReason]
    HOLD_REASON_NO_ANSWER: _ClassVar[HoldReason]
    HOLD_REASON_UNSURE: _ClassVar[HoldReason]

class RejectReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REJECT_REASON_UNSPECIFIED: _ClassVar[RejectReason]
    REJECT_REASON_NOT_REDACTED: _ClassVar[RejectReason]
    REJECT_REASON_INJECTION: _ClassVar[RejectReason]
    REJECT_REASON_TOO_LARGE: _ClassVar[RejectReason]
    REJECT_REASON_MALFORMED: _ClassVar[RejectReason]
    REJECT_REASON_POLICY: _ClassVar[RejectReason]
    REJECT_REASON_FAILED_CHECK: _ClassVar[RejectReason]
    REJECT_REASON_REVIEWER: _ClassVar[RejectReason]
    REJECT_REASON_UNKNOWN_TICKET: _ClassVar[RejectReason]
    REJECT_REASON_CONFLICT: _ClassVar[RejectReason]
    REJECT_REASON_EXPIRED: _ClassVar[RejectReason]
    REJECT_REASON_WITHDRAWN: _ClassVar[RejectReason]
ROLE_UNSPECIFIED: Role
ROLE_SYSTEM: Role
ROLE_USER: Role
ROLE_ASSISTANT: Role
ROLE_TOOL: Role
WHY_UNSPECIFIED: Why
WHY_UNSURE: Why
WHY_PASSED: Why
WHY_POLICY_MUST_GO: Why
WHY_TOO_LONG: Why
WHY_NO_LOCAL_MODEL: Why
WHY_INVALID_DRAFT: Why
WHY_NO_TOOLS: Why
WHY_AUDIT: Why
WHY_PREFERRED: Why
WHY_APPROVAL: Why
TOOL_CHOICE_UNSPECIFIED: ToolChoice
TOOL_CHOICE_AUTO: ToolChoice
TOOL_CHOICE_NONE: ToolChoice
TOOL_CHOICE_REQUIRED: ToolChoice
CHECK_UNSPECIFIED: Check
CHECK_SCHEMA: Check
CHECK_LEAKS: Check
CHECK_GROUNDING: Check
CHECK_PLACEHOLDERS: Check
CHECK_POLICY: Check
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_PASSED: Outcome
OUTCOME_FAILED: Outcome
OUTCOME_NOT_APPLICABLE: Outcome
HOLD_REASON_UNSPECIFIED: HoldReason
HOLD_REASON_POLICY: HoldReason
HOLD_REASON_SUSPECT_INPUT: HoldReason
HOLD_REASON_FAILED_CHECK: HoldReason
HOLD_REASON_DEVICE_ASKED: HoldReason
HOLD_REASON_NO_ANSWER: HoldReason
HOLD_REASON_UNSURE: HoldReason
REJECT_REASON_UNSPECIFIED: RejectReason
REJECT_REASON_NOT_REDACTED: RejectReason
REJECT_REASON_INJECTION: RejectReason
REJECT_REASON_TOO_LARGE: RejectReason
REJECT_REASON_MALFORMED: RejectReason
REJECT_REASON_POLICY: RejectReason
REJECT_REASON_FAILED_CHECK: RejectReason
REJECT_REASON_REVIEWER: RejectReason
REJECT_REASON_UNKNOWN_TICKET: RejectReason
REJECT_REASON_CONFLICT: RejectReason
REJECT_REASON_EXPIRED: RejectReason
REJECT_REASON_WITHDRAWN: RejectReason

class ToolCall(_message.Message):
    __slots__ = ("id", "name", "arguments")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    arguments: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., arguments: _Optional[str] = ...) -> None: ...

class RedactedMessage(_message.Message):
    __slots__ = ("role", "content", "tool_calls", "tool_call_id")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    role: Role
    content: str
    tool_calls: _containers.RepeatedCompositeFieldContainer[ToolCall]
    tool_call_id: str
    def __init__(self, role: _Optional[_Union[Role, str]] = ..., content: _Optional[str] = ..., tool_calls: _Optional[_Iterable[_Union[ToolCall, _Mapping]]] = ..., tool_call_id: _Optional[str] = ...) -> None: ...

class ToolSpec(_message.Message):
    __slots__ = ("name", "description", "parameters")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    parameters: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., parameters: _Optional[str] = ...) -> None: ...

class EntityCount(_message.Message):
    __slots__ = ("label", "count")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    label: str
    count: int
    def __init__(self, label: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class Escalation(_message.Message):
    __slots__ = ("request_id", "revision", "conversation_id", "why", "messages", "tools", "tool_choice", "forced_tool", "response_schema", "max_tokens", "entities", "commitment_salt", "commitments", "policy_version", "deadline_ms", "requires_review")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_ID_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    TOOL_CHOICE_FIELD_NUMBER: _ClassVar[int]
    FORCED_TOOL_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    ENTITIES_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_SALT_FIELD_NUMBER: _ClassVar[int]
    COMMITMENTS_FIELD_NUMBER: _ClassVar[int]
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    REQUIRES_REVIEW_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    revision: int
    conversation_id: str
    why: Why
    messages: _containers.RepeatedCompositeFieldContainer[RedactedMessage]
    tools: _containers.RepeatedCompositeFieldContainer[ToolSpec]
    tool_choice: ToolChoice
    forced_tool: str
    response_schema: str
    max_tokens: int
    entities: _containers.RepeatedCompositeFieldContainer[EntityCount]
    commitment_salt: bytes
    commitments: _containers.RepeatedScalarFieldContainer[bytes]
    policy_version: str
    deadline_ms: int
    requires_review: bool
    def __init__(self, request_id: _Optional[str] = ..., revision: _Optional[int] = ..., conversation_id: _Optional[str] = ..., why: _Optional[_Union[Why, str]] = ..., messages: _Optional[_Iterable[_Union[RedactedMessage, _Mapping]]] = ..., tools: _Optional[_Iterable[_Union[ToolSpec, _Mapping]]] = ..., tool_choice: _Optional[_Union[ToolChoice, str]] = ..., forced_tool: _Optional[str] = ..., response_schema: _Optional[str] = ..., max_tokens: _Optional[int] = ..., entities: _Optional[_Iterable[_Union[EntityCount, _Mapping]]] = ..., commitment_salt: _Optional[bytes] = ..., commitments: _Optional[_Iterable[bytes]] = ..., policy_version: _Optional[str] = ..., deadline_ms: _Optional[int] = ..., requires_review: _Optional[bool] = ...) -> None: ...

class CollectRequest(_message.Message):
    __slots__ = ("ticket", "wait_ms", "withdraw")
    TICKET_FIELD_NUMBER: _ClassVar[int]
    WAIT_MS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAW_FIELD_NUMBER: _ClassVar[int]
    ticket: str
    wait_ms: int
    withdraw: bool
    def __init__(self, ticket: _Optional[str] = ..., wait_ms: _Optional[int] = ..., withdraw: _Optional[bool] = ...) -> None: ...

class ProbeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ProbeReply(_message.Message):
    __slots__ = ("policy_version",)
    POLICY_VERSION_FIELD_NUMBER: _ClassVar[int]
    policy_version: str
    def __init__(self, policy_version: _Optional[str] = ...) -> None: ...

class Citation(_message.Message):
    __slots__ = ("source", "section", "quote")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SECTION_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    source: str
    section: str
    quote: str
    def __init__(self, source: _Optional[str] = ..., section: _Optional[str] = ..., quote: _Optional[str] = ...) -> None: ...

class CheckResult(_message.Message):
    __slots__ = ("check", "outcome")
    CHECK_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    check: Check
    outcome: Outcome
    def __init__(self, check: _Optional[_Union[Check, str]] = ..., outcome: _Optional[_Union[Outcome, str]] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("case_id", "request_digest", "reply_digest", "policy_digest", "model_digest", "checks", "audit_index", "audit_head", "issued_at", "key_id", "signature", "reviewed")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_DIGEST_FIELD_NUMBER: _ClassVar[int]
    REPLY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    POLICY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    MODEL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    AUDIT_INDEX_FIELD_NUMBER: _ClassVar[int]
    AUDIT_HEAD_FIELD_NUMBER: _ClassVar[int]
    ISSUED_AT_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    REVIEWED_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    request_digest: bytes
    reply_digest: bytes
    policy_digest: bytes
    model_digest: bytes
    checks: _containers.RepeatedCompositeFieldContainer[CheckResult]
    audit_index: int
    audit_head: bytes
    issued_at: int
    key_id: str
    signature: bytes
    reviewed: bool
    def __init__(self, case_id: _Optional[str] = ..., request_digest: _Optional[bytes] = ..., reply_digest: _Optional[bytes] = ..., policy_digest: _Optional[bytes] = ..., model_digest: _Optional[bytes] = ..., checks: _Optional[_Iterable[_Union[CheckResult, _Mapping]]] = ..., audit_index: _Optional[int] = ..., audit_head: _Optional[bytes] = ..., issued_at: _Optional[int] = ..., key_id: _Optional[str] = ..., signature: _Optional[bytes] = ..., reviewed: _Optional[bool] = ...) -> None: ...

class Released(_message.Message):
    __slots__ = ("text", "tool_calls", "citations", "receipt", "model", "prompt_tokens", "completion_tokens")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    CITATIONS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    text: str
    tool_calls: _containers.RepeatedCompositeFieldContainer[ToolCall]
    citations: _containers.RepeatedCompositeFieldContainer[Citation]
    receipt: Receipt
    model: str
    prompt_tokens: int
    completion_tokens: int
    def __init__(self, text: _Optional[str] = ..., tool_calls: _Optional[_Iterable[_Union[ToolCall, _Mapping]]] = ..., citations: _Optional[_Iterable[_Union[Citation, _Mapping]]] = ..., receipt: _Optional[_Union[Receipt, _Mapping]] = ..., model: _Optional[str] = ..., prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ...) -> None: ...

class Held(_message.Message):
    __slots__ = ("ticket", "reason")
    TICKET_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ticket: str
    reason: HoldReason
    def __init__(self, ticket: _Optional[str] = ..., reason: _Optional[_Union[HoldReason, str]] = ...) -> None: ...

class Rejected(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: RejectReason
    def __init__(self, reason: _Optional[_Union[RejectReason, str]] = ...) -> None: ...

class CloudReply(_message.Message):
    __slots__ = ("released", "held", "rejected")
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    released: Released
    held: Held
    rejected: Rejected
    def __init__(self, released: _Optional[_Union[Released, _Mapping]] = ..., held: _Optional[_Union[Held, _Mapping]] = ..., rejected: _Optional[_Union[Rejected, _Mapping]] = ...) -> None: ...

class RenewRequest(_message.Message):
    __slots__ = ("csr",)
    CSR_FIELD_NUMBER: _ClassVar[int]
    csr: bytes
    def __init__(self, csr: _Optional[bytes] = ...) -> None: ...

class RenewReply(_message.Message):
    __slots__ = ("certificate", "chain")
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    CHAIN_FIELD_NUMBER: _ClassVar[int]
    certificate: bytes
    chain: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, certificate: _Optional[bytes] = ..., chain: _Optional[_Iterable[bytes]] = ...) -> None: ...

class EnrolRequest(_message.Message):
    __slots__ = ("token", "csr")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    CSR_FIELD_NUMBER: _ClassVar[int]
    token: str
    csr: bytes
    def __init__(self, token: _Optional[str] = ..., csr: _Optional[bytes] = ...) -> None: ...

class EnrolReply(_message.Message):
    __slots__ = ("certificate", "chain", "receipt_key", "update_root")
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    CHAIN_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_KEY_FIELD_NUMBER: _ClassVar[int]
    UPDATE_ROOT_FIELD_NUMBER: _ClassVar[int]
    certificate: bytes
    chain: _containers.RepeatedScalarFieldContainer[bytes]
    receipt_key: bytes
    update_root: bytes
    def __init__(self, certificate: _Optional[bytes] = ..., chain: _Optional[_Iterable[bytes]] = ..., receipt_key: _Optional[bytes] = ..., update_root: _Optional[bytes] = ...) -> None: ...
