"""Times any BERT-like ONNX encoder, so that the sentry can be seen beside a plain one."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import onnxruntime as ort

PIECES = 128


def onnx_times(path: Path, turns: int = 100) -> list[float]:
    """Milliseconds of CPU time for one text of 128 pieces on one thread, after a warm-up. Input names decide what is
    fed: ids, a mask of ones, zeros for anything else; a graph without a batch axis gets none."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    feed = {}
    for given in session.get_inputs():
        kind = np.int32 if given.type == "tensor(int32)" else np.int64
        fill = np.arange(1000, 1000 + PIECES) if "ids" in given.name and "type" not in given.name else None
        row = fill if fill is not None else np.full(PIECES, int("mask" in given.name))
        feed[given.name] = row.astype(kind).reshape((1,) * (len(given.shape) - 1) + (PIECES,))
    times = []
    for _ in range(turns + 1):
        began = time.process_time()
        session.run(None, feed)
        times.append(1000 * (time.process_time() - began))
    return times[1:]
