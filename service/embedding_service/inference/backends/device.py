"""What backends on torch have in common: the device, its threads, its memory, its losses."""

import torch

from embedding_service.inference.backends.base import Facts

_OUT_OF_MEMORY = (
    "can't allocate memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


class OnDevice:
    """The part of base.Backend that does not depend on how a forward is done."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._device = torch.device(facts.device)

    def prepare_worker(self, threads: int) -> None:
        """Take the threads a worker is meant to have; the process that forked it had one."""
        torch.set_num_threads(threads)

    def is_out_of_memory(self, error: Exception) -> bool:
        """Tell whether a smaller batch might succeed; some allocators only raise RuntimeError."""
        if isinstance(error, MemoryError | torch.OutOfMemoryError):
            return True
        return any(sign in str(error) for sign in _OUT_OF_MEMORY)

    def is_fatal(self, error: Exception) -> bool:
        """Tell whether CUDA's context is lost: after a device-side error every call fails."""
        return self._device.type == "cuda" and "CUDA error" in str(error)

    def release_memory(self) -> None:
        """Give cached blocks back, so that a smaller batch meets no fragments of the larger one."""
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def device_memory(self) -> int:
        """Bytes in use on the device by everybody."""
        if self._device.type != "cuda":
            return 0
        free, total = torch.cuda.mem_get_info(self._device)
        return total - free
