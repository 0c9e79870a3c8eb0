"""Nearest rows of one matrix or one graph. The only importer of faiss.

What holds for all of it:
- Rows are slots from 0; no -1 and no sentinel score leaves this room. Only slots do: their scores
  are computed by whoever asks (search/scores.py), the same for every engine.
- A FAISS object is never changed once it may be searched: adding to an HNSW graph that is being
  searched kills the process.
- Parameters and selectors are made for each call and shared with nobody (IndexIDMap, which swaps
  them in place, is not used), and the bitmap under a selector outlives the call.
- Whatever is searched is in the processor's memory: a GPU's index would pass over selectors.
- Every call runs in one thread. OpenMP's number of threads is kept for each calling thread: what
  one sets, another does not see, so that it is set again at each call (0.1 µs).
"""
