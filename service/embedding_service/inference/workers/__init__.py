"""Processes that run forwards, and the front's handles on them.

    front ── control ──► zygote ── fork ──► host (one model) ── fork ──► worker (CPU: one a core)
      └────────────────── batches, over a socket pair ──────────────────────┘

The zygote imports torch once and never loads a model; a host loads one model with one thread; its
workers share the weights. On a GPU the host itself is the worker: a process that has touched CUDA
must not fork, one that has only imported torch may. Batches go straight from the front to a worker.
"""
