"""What an index of some size does."""

from benchmarks import memory
from benchmarks.index.loads import time_calls
from benchmarks.index.scales import K
from benchmarks.index.served.index import ServedIndex
from benchmarks.index.served.server import Server
from benchmarks.index.truth import compute_recall, find_nearest
from embedding_service.vectors import Matrix


def measure_size(server: Server, index: ServedIndex, rows: Matrix, queries: Matrix) -> list[float]:
    """Rows, recall@10, p50 and p95 in ms, PSS of the server and the index's own count in bytes."""
    requests = [index.build_search(query) for query in queries]
    recall = compute_recall(index.find(requests), find_nearest(rows, queries, K))
    timings = time_calls(index.make_caller(requests), range(len(requests)))
    return [
        len(rows),
        recall,
        timings.milliseconds(50),
        timings.milliseconds(95),
        memory.measure(server.process.pid),
        index.describe().memory,
    ]
