"""llama.cpp's own HTTP server on loopback, started in the environment of `xllamacpp`; imports nothing of this project.

    python llama_child.py MODEL THREADS SLOTS CONTEXT     prints a line of JSON when it answers, ends with its input

CONTEXT is tokens of one slot. Everything else is the server's own default, but that it may not look for a GPU or a hub.
"""

import json
import sys

import xllamacpp


def main() -> None:
    model, threads, slots, context = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_parallel = slots
    params.n_ctx = context * slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.n_gpu_layers = 0
    params.fit_params = False
    params.offline = True
    params.ui = False
    params.verbosity = 0
    server = xllamacpp.Server(params)
    print(json.dumps({"url": server.listening_address, "version": xllamacpp.__version__}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
