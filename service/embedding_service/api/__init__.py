"""The only room that knows HTTP: three dialects over the same embedder.

`application.build_api` is its front door; `probes.build_metrics_app` is the same for a port of
metrics alone.
"""
