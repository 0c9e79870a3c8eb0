"""Text in, vectors and nearest neighbours out, over REST."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("gpu-embedding")
except PackageNotFoundError:  # `python main.py` runs from a checkout that nobody installed
    __version__ = "0+checkout"
