"""The builder's program, in which FAISS ends the process where it cannot raise an error."""

import resource
import sys
from tempfile import TemporaryDirectory

import faiss
import numpy as np

from embedding_service.indexes.segments.kernels import graphs
from embedding_service.indexes.upkeep.builder import main, read_order


def abort(*_: object, **__: object) -> None:
    """Change an index that is mapped from its file."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/index"
        rows = np.ones((8, 4), dtype=np.float32)
        index = faiss.IndexFlatL2(4)
        index.add(rows)
        faiss.write_index(index, path)
        faiss.read_index(path, faiss.IO_FLAG_MMAP_IFC).add(rows)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    setattr(graphs, "build", abort)  # noqa: B010  it is a function elsewhere
    main(read_order(sys.argv[1]))
