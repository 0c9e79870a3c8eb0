"""Where rows are compared with the centroids of an inverted file while it is built.

That is most of the work of building one, and all that a GPU is ever asked for: what is built is in
the processor's memory, whatever has built it. A GPU's index takes a selector and does not look at
it (faiss/gpu/GpuIndexFlat.cu, kernels other than cuVS's), so that rows which are deleted or
filtered out would come back from a search there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import faiss

_TEMPORARY: Final = 256 << 20
"""Bytes on the GPU beside the centroids, which are few; the model is there too. FAISS takes 1.5 GiB
where it is not told. Needed are two pages of rows, the distances of twice 512 rows to all centroids
(50 MB for 12,000) and 12 bytes for each row of a training set."""
_PAGE: Final = 32 << 20
"""Bytes of rows that are copied to the GPU at once."""


@dataclass(frozen=True, slots=True)
class Device:
    """What compares rows with centroids."""

    name: str
    make_flat: Callable[[int, int], faiss.Index]
    """An empty flat index there, of a dimension and a metric of FAISS."""


CPU: Final = Device("cpu", faiss.IndexFlat)


def is_gpu_build() -> bool:
    """Whether this FAISS can use a GPU; asks for none."""
    return hasattr(faiss, "StandardGpuResources")


def find_gpu() -> Device | None:
    """The first GPU that CUDA_VISIBLE_DEVICES lets this process see, if there is one.

    Called, as the device is used, where a process may end: many errors of CUDA, a lack of memory
    among them, are asserted by FAISS, and the rest raise RuntimeError.
    """
    if not is_gpu_build() or faiss.get_num_gpus() == 0:
        return None
    resources = faiss.StandardGpuResources()
    resources.setTempMemory(_TEMPORARY)
    resources.setPinnedMemory(2 * _PAGE)  # halves of it are filled and copied in turns

    def make_flat(dimension: int, metric_type: int) -> faiss.Index:
        config = faiss.GpuIndexFlatConfig()
        config.device = 0
        config.use_cuvs = False  # which would allocate beside what is bounded here
        flat = faiss.GpuIndexFlat(resources, dimension, metric_type, config)
        flat.setMinPagingSize(_PAGE)  # type: ignore[attr-defined]  # no stub
        return flat

    return Device("cuda:0", make_flat)


@contextmanager
def training(index: faiss.Index, device: Device) -> Iterator[None]:
    """Within, the centroids of `index` are found on `device`, if it has any."""
    ivf = faiss.try_extract_index_ivf(index)
    if ivf is None:
        yield
        return
    flat = device.make_flat(ivf.d, ivf.metric_type)
    ivf.clustering_index = flat
    try:
        yield
    finally:
        ivf.clustering_index = None  # type: ignore[assignment]  # the stub knows no null
        _take_back(flat)


@contextmanager
def assigning(index: faiss.Index, device: Device) -> Iterator[None]:
    """Within, rows that are added to `index` get their lists, if it has any, on `device`.

    By another quantizer with the same centroids, because `add_core`, which takes lists that are
    known already, packs codes of 4 bits wrongly (tried with FAISS 1.15.1: recall 0.02).

    Raises RuntimeError when a row has got no list: no search would find it.
    """
    ivf = faiss.try_extract_index_ivf(index)
    if ivf is None:
        yield
        return
    own, flat = ivf.quantizer, device.make_flat(ivf.d, ivf.metric_type)
    flat.add(own.reconstruct_n(0, ivf.nlist))
    ivf.quantizer = flat
    try:
        yield
    finally:
        ivf.quantizer = own
        _take_back(flat)
    rows, listed = ivf.ntotal, ivf.invlists.compute_ntotal()  # type: ignore[union-attr]  # no stub
    if listed != rows:
        raise RuntimeError(f"{device.name} gave {rows - listed:,} of {rows:,} rows no list")


def _take_back(flat: faiss.Index) -> None:
    """Have Python free it: what is assigned to a member is FAISS's own from then on."""
    flat.thisown = True  # type: ignore[attr-defined]  # no stub
