"""Why a model is left to sentence-transformers' own forward."""


class NotPackable(Exception):
    """The packed forward is not for this model. The message follows on `because `."""
