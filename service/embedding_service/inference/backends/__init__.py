"""Code paths from token ids to vectors, all behind `base.Backend`.

They run in worker processes only.
"""
