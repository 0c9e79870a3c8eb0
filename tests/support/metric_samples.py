"""What a live server's /metrics says."""

import httpx
from prometheus_client.parser import text_string_to_metric_families


def sample(http: httpx.Client, name: str, **labels: str) -> float:
    """Sum of the series of this name that have these labels."""
    return read_sample(http.get("/metrics").text, name, **labels)


def read_sample(page: str, name: str, **labels: str) -> float:
    """The same, from a page that was fetched already."""
    return sum(
        each.value
        for family in text_string_to_metric_families(page)
        for each in family.samples
        if each.name == name and labels.items() <= each.labels.items()
    )
