"""A file of texts into a file of vectors: in slices, in bounded memory, and on from a kill."""
