"""The log's head, signed and kept outside the database: cutting entries off the end becomes visible."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from cloud.audit.log import Head
from cloud.audit.notary import Notary
from tidegate.errors import Untrusted
from tidegate.failpoint import failpoint
from tidegate.fs import write_durably


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One file, replaced in one step. It may lag behind the log by what was written since; never lead it."""

    path: Path
    notary: Notary

    def write(self, head: Head) -> None:
        body = {
            "size": head.size,
            "head": head.value.hex(),
            "signature": base64.b64encode(self.notary.seal(head)).decode(),
        }
        failpoint("cloud.checkpoint.before")
        write_durably(self.path, json.dumps(body).encode() + b"\n")
        failpoint("cloud.checkpoint.after")

    def read(self) -> Head | None:
        """The signed head, None before the first was written. Raises Untrusted when it is not ours."""
        try:
            body: object = json.loads(self.path.read_bytes())
            head, signature = _parsed(body)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as e:
            raise Untrusted(f"{self.path.name} is damaged", code="audit_head_damaged") from e
        if not self.notary.sealed(head, signature):
            raise Untrusted(f"{self.path.name} was not signed by this cloud", code="audit_head_forged")
        return head


def _parsed(body: object) -> tuple[Head, bytes]:
    if not isinstance(body, dict):
        raise TypeError("not an object")
    head = Head(int(body["size"]), bytes.fromhex(str(body["head"])))
    return head, base64.b64decode(str(body["signature"]))
