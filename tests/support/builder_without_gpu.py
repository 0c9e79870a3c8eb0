"""The builder's program on a machine whose GPU fails: FAISS ends a process that asks for it."""

import os
import resource
import sys

from embedding_service.indexes.upkeep.builder import main, read_order, write_json

if __name__ == "__main__":
    order = read_order(sys.argv[1])
    if order.may_use_gpu:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        sys.stderr.write("Faiss assertion 'err == cudaSuccess' failed in void faiss::gpu::\n")
        sys.stderr.write("details: CUDA error 2 out of memory\n")
        sys.stderr.flush()
        os.abort()
    sys.stdout.buffer.write(write_json(main(order)))
