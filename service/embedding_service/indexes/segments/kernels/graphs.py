"""Graphs and inverted lists over the rows of a segment: built once, then only searched."""

import mmap
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Final

import faiss
import numpy as np

from embedding_service.indexes.definition import Engine, Metric
from embedding_service.indexes.segments.bitmaps import Bitmap, Slots
from embedding_service.indexes.segments.kernels import devices
from embedding_service.indexes.segments.kernels.devices import CPU, Device
from embedding_service.indexes.tuning import Tuning, count_link_bytes
from embedding_service.vectors import Matrix, is_finite_by_row

FEWEST_ROWS: Final = {Engine.HNSW: 1, Engine.IVF: 39 * 16}
"""Below, a graph cannot be built: 16 centroids of a 4-bit code want 39 rows each."""
_ROWS_PER_LIST: Final = 39
"""FAISS warns below (Clustering.h, min_points_per_centroid)."""
_LISTS_PER_ROOT: Final = 2
"""For each root of the rows. With 1M rows of 384 dimensions in weak clusters, 1,000 and 4,000 lists
found the same at the same share of them, and four times the lists take four times as long to
build."""
_TRAINED_PER_LIST: Final = 64
"""Rows that a centroid is trained with. FAISS takes 256, which would be half of 1M rows."""
_READING: Final = threading.Lock()
"""FAISS keeps the limit of what a file may hold for the whole process."""
_FEWEST_PROBED: Final = 8
_ROWS_AT_ONCE: Final = 16_384
_SEED: Final = 1234
"""Of IVF's centroids; HNSW draws its levels from a seed of its own."""
_DEFAULT: Final = Tuning()


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a search goes; what is enough is measured for each graph (upkeep/recall.py)."""

    ef_search: int = 256
    """HNSW: neighbours kept in mind."""
    probed_share: float = 0.25
    """IVF: share of the lists that are looked into."""
    k_factor: float = 64.0
    """IVF: rows rescored for each that is wanted. With 1M rows of 384 dimensions in weak clusters,
    32 found 0.975 of the nearest and 64 found 0.997, whatever the share: codes of 4 bits tell near
    rows apart the less well the more of them there are."""

    def scaled(self, by: float) -> "Reach":
        """For a filter that lets one row in `by` pass."""
        return Reach(int(self.ef_search * by), min(1.0, self.probed_share * by), self.k_factor)


class Graph:
    """A FAISS object that nobody changes any more. Thread-safe."""

    def __init__(self, index: faiss.Index, engine: Engine, metric: Metric) -> None:
        """Raises ValueError when `index` is not what `build` makes for this engine and metric."""
        self.engine = engine
        self._index = index
        if index.metric_type != _metric_type(metric):
            raise ValueError(f"is not of metric {metric}")
        holder = {Engine.HNSW: "storage", Engine.IVF: "refine_index"}.get(engine, "")
        if not isinstance(index, faiss.IndexHNSWFlat | faiss.IndexRefineFlat) or not hasattr(
            index, holder
        ):
            raise ValueError(f"is not of engine {engine}")
        flat = faiss.downcast_index(getattr(index, holder))
        if not isinstance(flat, faiss.IndexFlat) or flat.ntotal != index.ntotal:
            raise ValueError("does not have all of its rows")
        self._lists = 0 if engine is Engine.HNSW else faiss.extract_index_ivf(index).nlist
        self._m = 0
        if isinstance(index, faiss.IndexHNSWFlat):
            self._m = index.hnsw.nb_neighbors(1)  # type: ignore[attr-defined]  # no stub
        self.matrix: Matrix = np.asarray(_Storage(index, flat))
        """Shape (n, d): the rows as they are kept inside, read-only."""

    @property
    def factory(self) -> str:
        """What it is, in FAISS's words."""
        return _factory(self.engine, self.matrix.shape[1], self._m, self._lists)

    @property
    def nbytes(self) -> int:
        """Memory it takes, rows included (an estimate, within a few percent)."""
        rows, dimension = self.matrix.shape
        extra = _parts(dimension) // 2 + 8  # 4-bit codes and ids
        if self.engine is Engine.HNSW:
            extra = count_link_bytes(self._m)
        return int(self.matrix.nbytes + rows * extra + self._lists * dimension * 4)

    def find_candidates(
        self, queries: Matrix, k: int, allowed: Bitmap, reach: Reach
    ) -> list[Slots]:
        """For each query up to k slots of allowed rows that are near, in no order."""
        faiss.omp_set_num_threads(1)
        selector = None
        if allowed.ones < allowed.rows:
            selector = faiss.IDSelectorBitmap(allowed.rows, faiss.swig_ptr(allowed.bits))
        parameters = self._parameters(selector, max(k, 1), reach)
        wanted = min(k, allowed.rows)
        _, slots = self._index.search(queries, wanted, params=parameters)
        return [row[row >= 0] for row in slots]

    def write(self, into: Callable[[bytes], object]) -> None:
        """Give it to `into` in pieces; what that raises is raised (FAISS's own files hide it)."""
        writer = faiss.PyCallbackIOWriter(into, 1 << 20)  # type: ignore[attr-defined]  # no stub
        faiss.write_index(self._index, writer)

    def _parameters(
        self, selector: faiss.IDSelector | None, k: int, reach: Reach
    ) -> faiss.SearchParameters:
        # FAISS's stubs know neither the class nor the keywords; what is not given by keyword is not
        # held on to by the parameters that point to it.
        if self.engine is Engine.HNSW:
            ef = max(reach.ef_search, 2 * k)
            return faiss.SearchParametersHNSW(sel=selector, efSearch=ef)  # type: ignore[attr-defined, no-any-return]
        probed = min(self._lists, max(_FEWEST_PROBED, round(self._lists * reach.probed_share)))
        inside = faiss.SearchParametersIVF(sel=selector, nprobe=probed)  # type: ignore[call-arg]
        return faiss.IndexRefineSearchParameters(  # type: ignore[call-arg]
            k_factor=reach.k_factor, base_index_params=inside
        )


class _Storage:
    """The rows inside a FAISS object as an array that keeps the object alive."""

    def __init__(self, owner: faiss.Index, flat: faiss.IndexFlat) -> None:
        self._owner = owner
        shape = (flat.ntotal, flat.d)
        view = faiss.rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d)
        address, _ = view.__array_interface__["data"]
        self.__array_interface__ = {
            "version": 3,
            "typestr": "<f4",
            "shape": shape,
            "data": (address, True),
        }


def build(
    engine: Engine,
    matrix: Matrix,
    metric: Metric,
    threads: int = 1,
    device: Device = CPU,
    tuning: Tuning = _DEFAULT,
) -> Graph:
    """A graph over the rows of `matrix`, which it copies.

    Args:
        engine: HNSW or IVF (IVF,PQx4fs,RFlat).
        matrix: Shape (n, d), n at least FEWEST_ROWS of the engine.
        metric: As searched.
        threads: Of OpenMP; other calls in this thread have one again afterwards.
        device: Where IVF's rows are compared with its centroids.
        tuning: Of the engine; an nlist for which there are too few rows becomes smaller.

    Raises:
        ValueError: too few rows, no such engine, or a row that is not finite: FAISS takes NaN
            without a word and does not find the row again.
        RuntimeError: FAISS or the device has failed.
    """
    rows, dimension = matrix.shape
    if engine not in FEWEST_ROWS or rows < FEWEST_ROWS[engine]:
        raise ValueError(f"no {engine} is built over {rows:,} rows")
    if not all(is_finite_by_row(block).all() for block in _blocks(matrix)):
        raise ValueError("a row is not finite")
    lists = _lists(rows, tuning.nlist)
    factory = _factory(engine, dimension, tuning.m, lists)
    index = faiss.index_factory(dimension, factory, _metric_type(metric))
    faiss.omp_set_num_threads(threads)
    try:
        if isinstance(index, faiss.IndexHNSW):
            index.hnsw.efConstruction = tuning.ef_construction
        else:
            clustering = faiss.extract_index_ivf(index).cp
            clustering.seed = _SEED
            clustering.max_points_per_centroid = _TRAINED_PER_LIST
            with devices.training(index, device):
                index.train(_draw(matrix, _TRAINED_PER_LIST * lists))
        _make_room(index, rows)
        with devices.assigning(index, device):
            for block in _blocks(matrix):
                index.add(block)
    finally:
        faiss.omp_set_num_threads(1)
    return Graph(index, engine, metric)


def _blocks(matrix: Matrix) -> Iterator[Matrix]:
    """Some rows after the other; where they are mapped from a file, none is kept in memory."""
    for start in range(0, len(matrix), _ROWS_AT_ONCE):
        _let_go(matrix)
        yield matrix[start : start + _ROWS_AT_ONCE]
    _let_go(matrix)


def _draw(matrix: Matrix, count: int) -> Matrix:
    """At most `count` of the rows. FAISS would draw them itself, from all of a mapped file."""
    if count >= len(matrix):
        return matrix
    slots = np.random.default_rng(_SEED).choice(len(matrix), count, replace=False)
    drawn: Matrix = np.asarray(matrix)[np.sort(slots)]
    _let_go(matrix)
    return drawn


def _let_go(matrix: Matrix) -> None:
    file = getattr(matrix, "_mmap", None)
    if file is not None and hasattr(mmap, "MADV_DONTNEED"):
        file.madvise(mmap.MADV_DONTNEED)


def _make_room(index: faiss.Index, rows: int) -> None:
    """Have the rows kept in one piece from the start: one that grows is there twice at times."""
    holder = "storage" if isinstance(index, faiss.IndexHNSW) else "refine_index"
    codes = getattr(faiss.downcast_index(getattr(index, holder)), "codes")  # noqa: B009  no stub
    codes.resize(rows * index.d * 4)
    codes.resize(0)  # which leaves the room


def read(path: Path, engine: Engine, metric: Metric) -> Graph:
    """What `write` wrote. The bytes must have been checked: FAISS loads a flipped bit silently.

    Raises ValueError when FAISS cannot read it or it is of another kind.
    """
    with _READING:
        # No vector in it is larger than the file, whatever its headers say.
        faiss.set_deserialization_vector_byte_limit(path.stat().st_size)
        try:
            index = faiss.read_index(str(path))
        except RuntimeError as error:
            raise ValueError("cannot be read by FAISS") from error
    return Graph(index, engine, metric)


def version() -> str:
    """Of FAISS."""
    return str(faiss.__version__)


def _metric_type(metric: Metric) -> int:
    return faiss.METRIC_L2 if metric.is_distance else faiss.METRIC_INNER_PRODUCT


def _factory(engine: Engine, dimension: int, m: int, lists: int) -> str:
    if engine is Engine.HNSW:
        return f"HNSW{m}"
    return f"IVF{lists},PQ{_parts(dimension)}x4fs,RFlat"


def _lists(rows: int, wanted: int | None) -> int:
    return max(1, min(wanted or _LISTS_PER_ROOT * isqrt(rows), rows // _ROWS_PER_LIST))


def _parts(dimension: int) -> int:
    """Of a product quantiser's code: one for 4 dimensions, or as near as divides them."""
    return next(parts for parts in range(max(1, dimension // 4), 0, -1) if dimension % parts == 0)
