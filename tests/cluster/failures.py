"""What can go wrong with a cluster, in one line of cause and one of remedy."""


class ClusterFailure(Exception):
    """A cluster cannot be had, or not be kept. The message is for the person who asked for it."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}\n    {remedy}")
        self.cause = cause
        self.remedy = remedy
