"""Indexes inside a process: ours, Chroma's and LanceDB's, each with its own defaults."""
