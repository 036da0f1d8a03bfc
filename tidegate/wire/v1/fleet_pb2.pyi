from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UpdateState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UPDATE_STATE_UNSPECIFIED: _ClassVar[UpdateState]
    UPDATE_STATE_IDLE: _ClassVar[UpdateState]
    UPDATE_STATE_ASSIGNED: _ClassVar[UpdateState]
    UPDATE_STATE_CHECKED: _ClassVar[UpdateState]
    UPDATE_STATE_FETCHING: _ClassVar[UpdateState]
    UPDATE_STATE_STAGED: _ClassVar[UpdateState]
    UPDATE_STATE_LOADTEST: _ClassVar[UpdateState]
    UPDATE_STATE_SWITCHING: _ClassVar[UpdateState]
    UPDATE_STATE_PROBATION: _ClassVar[UpdateState]
    UPDATE_STATE_COMMITTED: _ClassVar[UpdateState]
    UPDATE_STATE_ROLLBACK: _ClassVar[UpdateState]
    UPDATE_STATE_FAILED: _ClassVar[UpdateState]

class UpdateError(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UPDATE_ERROR_UNSPECIFIED: _ClassVar[UpdateError]
    UPDATE_ERROR_UNSIGNED: _ClassVar[UpdateError]
    UPDATE_ERROR_BAD_SIGNATURE: _ClassVar[UpdateError]
    UPDATE_ERROR_EXPIRED: _ClassVar[UpdateError]
    UPDATE_ERROR_REPLAYED: _ClassVar[UpdateError]
    UPDATE_ERROR_HASH_MISMATCH: _ClassVar[UpdateError]
    UPDATE_ERROR_TRUNCATED: _ClassVar[UpdateError]
    UPDATE_ERROR_WRONG_HARDWARE: _ClassVar[UpdateError]
    UPDATE_ERROR_NO_SPACE: _ClassVar[UpdateError]
    UPDATE_ERROR_LOAD_CRASHED: _ClassVar[UpdateError]
    UPDATE_ERROR_LOAD_HUNG: _ClassVar[UpdateError]
    UPDATE_ERROR_LOAD_GARBAGE: _ClassVar[UpdateError]
    UPDATE_ERROR_SWITCH_FAILED: _ClassVar[UpdateError]
    UPDATE_ERROR_PROBATION_FAILED: _ClassVar[UpdateError]
    UPDATE_ERROR_KNOWN_BAD: _ClassVar[UpdateError]
    UPDATE_ERROR_TRANSPORT: _ClassVar[UpdateError]
    UPDATE_ERROR_WRONG_DEVICE: _ClassVar[UpdateError]
    UPDATE_ERROR_NOT_PUBLISHED: _ClassVar[UpdateError]
    UPDATE_ERROR_MALFORMED: _ClassVar[UpdateError]
    UPDATE_ERROR_CLOCK: _ClassVar[UpdateError]
    UPDATE_ERROR_INTERRUPTED: _ClassVar[UpdateError]

class FetchStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FETCH_STATUS_UNSPECIFIED: _ClassVar[FetchStatus]
    FETCH_STATUS_OK: _ClassVar[FetchStatus]
    FETCH_STATUS_NOT_FOUND: _ClassVar[FetchStatus]
    FETCH_STATUS_REFUSED: _ClassVar[FetchStatus]

class PromiseScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROMISE_SCOPE_UNSPECIFIED: _ClassVar[PromiseScope]
    PROMISE_SCOPE_DEVICE: _ClassVar[PromiseScope]
    PROMISE_SCOPE_CLASS: _ClassVar[PromiseScope]
    PROMISE_SCOPE_APPLICATION: _ClassVar[PromiseScope]

class PromiseTask(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROMISE_TASK_UNSPECIFIED: _ClassVar[PromiseTask]
    PROMISE_TASK_CALLS: _ClassVar[PromiseTask]
    PROMISE_TASK_RESULTS: _ClassVar[PromiseTask]
    PROMISE_TASK_PROSE: _ClassVar[PromiseTask]

class PromiseState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROMISE_STATE_UNSPECIFIED: _ClassVar[PromiseState]
    PROMISE_STATE_KEEPING: _ClassVar[PromiseState]
    PROMISE_STATE_TIGHTENED: _ClassVar[PromiseState]
    PROMISE_STATE_STOPPED: _ClassVar[PromiseState]
UPDATE_STATE_UNSPECIFIED: UpdateState
UPDATE_STATE_IDLE: UpdateState
UPDATE_STATE_ASSIGNED: UpdateState
UPDATE_STATE_CHECKED: UpdateState
UPDATE_STATE_FETCHING: UpdateState
UPDATE_STATE_STAGED: UpdateState
UPDATE_STATE_LOADTEST: UpdateState
UPDATE_STATE_SWITCHING: UpdateState
UPDATE_STATE_PROBATION: UpdateState
UPDATE_STATE_COMMITTED: UpdateState
UPDATE_STATE_ROLLBACK: UpdateState
UPDATE_STATE_FAILED: UpdateState
UPDATE_ERROR_UNSPECIFIED: UpdateError
UPDATE_ERROR_UNSIGNED: UpdateError
UPDATE_ERROR_BAD_SIGNATURE: UpdateError
UPDATE_ERROR_EXPIRED: UpdateError
UPDATE_ERROR_REPLAYED: UpdateError
UPDATE_ERROR_HASH_MISMATCH: UpdateError
UPDATE_ERROR_TRUNCATED: UpdateError
UPDATE_ERROR_WRONG_HARDWARE: UpdateError
UPDATE_ERROR_NO_SPACE: UpdateError
UPDATE_ERROR_LOAD_CRASHED: UpdateError
UPDATE_ERROR_LOAD_HUNG: UpdateError
UPDATE_ERROR_LOAD_GARBAGE: UpdateError
UPDATE_ERROR_SWITCH_FAILED: UpdateError
UPDATE_ERROR_PROBATION_FAILED: UpdateError
UPDATE_ERROR_KNOWN_BAD: UpdateError
UPDATE_ERROR_TRANSPORT: UpdateError
UPDATE_ERROR_WRONG_DEVICE: UpdateError
UPDATE_ERROR_NOT_PUBLISHED: UpdateError
UPDATE_ERROR_MALFORMED: UpdateError
UPDATE_ERROR_CLOCK: UpdateError
UPDATE_ERROR_INTERRUPTED: UpdateError
FETCH_STATUS_UNSPECIFIED: FetchStatus
FETCH_STATUS_OK: FetchStatus
FETCH_STATUS_NOT_FOUND: FetchStatus
FETCH_STATUS_REFUSED: FetchStatus
PROMISE_SCOPE_UNSPECIFIED: PromiseScope
PROMISE_SCOPE_DEVICE: PromiseScope
PROMISE_SCOPE_CLASS: PromiseScope
PROMISE_SCOPE_APPLICATION: PromiseScope
PROMISE_TASK_UNSPECIFIED: PromiseTask
PROMISE_TASK_CALLS: PromiseTask
PROMISE_TASK_RESULTS: PromiseTask
PROMISE_TASK_PROSE: PromiseTask
PROMISE_STATE_UNSPECIFIED: PromiseState
PROMISE_STATE_KEEPING: PromiseState
PROMISE_STATE_TIGHTENED: PromiseState
PROMISE_STATE_STOPPED: PromiseState

class Desired(_message.Message):
    __slots__ = ("revision", "release_id", "digest", "rollout_id", "device_id")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ROLLOUT_ID_FIELD_NUMBER: _ClassVar[int]
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    revision: int
    release_id: str
    digest: bytes
    rollout_id: str
    device_id: str
    def __init__(self, revision: _Optional[int] = ..., release_id: _Optional[str] = ..., digest: _Optional[bytes] = ..., rollout_id: _Optional[str] = ..., device_id: _Optional[str] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("revision", "release_id", "state", "percent", "error", "event_id")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    RELEASE_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    revision: int
    release_id: str
    state: UpdateState
    percent: int
    error: UpdateError
    event_id: int
    def __init__(self, revision: _Optional[int] = ..., release_id: _Optional[str] = ..., state: _Optional[_Union[UpdateState, str]] = ..., percent: _Optional[int] = ..., error: _Optional[_Union[UpdateError, str]] = ..., event_id: _Optional[int] = ...) -> None: ...

class Reported(_message.Message):
    __slots__ = ("revision", "running_release", "running_digest", "state", "last_error", "at", "event_id")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    RUNNING_RELEASE_FIELD_NUMBER: _ClassVar[int]
    RUNNING_DIGEST_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    revision: int
    running_release: str
    running_digest: bytes
    state: UpdateState
    last_error: UpdateError
    at: int
    event_id: int
    def __init__(self, revision: _Optional[int] = ..., running_release: _Optional[str] = ..., running_digest: _Optional[bytes] = ..., state: _Optional[_Union[UpdateState, str]] = ..., last_error: _Optional[_Union[UpdateError, str]] = ..., at: _Optional[int] = ..., event_id: _Optional[int] = ...) -> None: ...

class Status(_message.Message):
    __slots__ = ("online", "session")
    ONLINE_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    online: bool
    session: int
    def __init__(self, online: _Optional[bool] = ..., session: _Optional[int] = ...) -> None: ...

class Fetch(_message.Message):
    __slots__ = ("name", "offset", "length", "correlation")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_FIELD_NUMBER: _ClassVar[int]
    name: str
    offset: int
    length: int
    correlation: int
    def __init__(self, name: _Optional[str] = ..., offset: _Optional[int] = ..., length: _Optional[int] = ..., correlation: _Optional[int] = ...) -> None: ...

class Block(_message.Message):
    __slots__ = ("name", "offset", "total", "correlation", "status", "data", "sha256")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    name: str
    offset: int
    total: int
    correlation: int
    status: FetchStatus
    data: bytes
    sha256: bytes
    def __init__(self, name: _Optional[str] = ..., offset: _Optional[int] = ..., total: _Optional[int] = ..., correlation: _Optional[int] = ..., status: _Optional[_Union[FetchStatus, str]] = ..., data: _Optional[bytes] = ..., sha256: _Optional[bytes] = ...) -> None: ...

class PromiseLine(_message.Message):
    __slots__ = ("scope", "task", "state", "possible", "wrong_at_most", "kept", "drawn", "right", "wrong", "undecided", "alarms", "alarm_at")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    POSSIBLE_FIELD_NUMBER: _ClassVar[int]
    WRONG_AT_MOST_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    DRAWN_FIELD_NUMBER: _ClassVar[int]
    RIGHT_FIELD_NUMBER: _ClassVar[int]
    WRONG_FIELD_NUMBER: _ClassVar[int]
    UNDECIDED_FIELD_NUMBER: _ClassVar[int]
    ALARMS_FIELD_NUMBER: _ClassVar[int]
    ALARM_AT_FIELD_NUMBER: _ClassVar[int]
    scope: PromiseScope
    task: PromiseTask
    state: PromiseState
    possible: bool
    wrong_at_most: float
    kept: int
    drawn: int
    right: int
    wrong: int
    undecided: int
    alarms: int
    alarm_at: int
    def __init__(self, scope: _Optional[_Union[PromiseScope, str]] = ..., task: _Optional[_Union[PromiseTask, str]] = ..., state: _Optional[_Union[PromiseState, str]] = ..., possible: _Optional[bool] = ..., wrong_at_most: _Optional[float] = ..., kept: _Optional[int] = ..., drawn: _Optional[int] = ..., right: _Optional[int] = ..., wrong: _Optional[int] = ..., undecided: _Optional[int] = ..., alarms: _Optional[int] = ..., alarm_at: _Optional[int] = ...) -> None: ...

class Health(_message.Message):
    __slots__ = ("at", "answered_here", "answered_there", "unanswered", "spooled", "given_up", "promise")
    AT_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_HERE_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_THERE_FIELD_NUMBER: _ClassVar[int]
    UNANSWERED_FIELD_NUMBER: _ClassVar[int]
    SPOOLED_FIELD_NUMBER: _ClassVar[int]
    GIVEN_UP_FIELD_NUMBER: _ClassVar[int]
    PROMISE_FIELD_NUMBER: _ClassVar[int]
    at: int
    answered_here: int
    answered_there: int
    unanswered: int
    spooled: int
    given_up: int
    promise: _containers.RepeatedCompositeFieldContainer[PromiseLine]
    def __init__(self, at: _Optional[int] = ..., answered_here: _Optional[int] = ..., answered_there: _Optional[int] = ..., unanswered: _Optional[int] = ..., spooled: _Optional[int] = ..., given_up: _Optional[int] = ..., promise: _Optional[_Iterable[_Union[PromiseLine, _Mapping]]] = ...) -> None: ...
