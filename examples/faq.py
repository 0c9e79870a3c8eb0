"""The application that the examples start from: it finds the answer to a question.

It asks one thing of the outside, a function from texts to vectors, and so does not know who embeds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float32]


class Embed(Protocol):
    """Texts to vectors."""

    def __call__(self, texts: Sequence[str]) -> Matrix:
        """Embed `texts`: one row of unit length a text, in their order."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A question that has an answer."""

    question: str
    answer: str


ENTRIES = (
    Entry("How do I reset my password?", "Choose “Forgotten” on the sign-in page."),
    Entry("When will my parcel arrive?", "Two working days after it has left us."),
    Entry("Can I send something back?", "Within 30 days, unused, at our expense."),
    Entry("Which cards do you accept?", "All that your bank allows on the internet."),
    Entry("How do I speak to a person?", "Call us on working days from nine to five."),
)


class Faq:
    """Entries and their vectors, compared with each question by cosine."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._vectors = embed([entry.question for entry in ENTRIES])

    def find(self, question: str) -> tuple[Entry, float]:
        """The nearest entry and its cosine to `question`."""
        cosines = self._vectors @ self._embed([question])[0]
        nearest = int(cosines.argmax())
        return ENTRIES[nearest], float(cosines[nearest])


def converse(faq: Faq, questions: Iterable[str]) -> None:
    """Print an answer to each question as it comes."""
    for question in questions:
        entry, cosine = faq.find(question.strip())
        print(f"{cosine:.4f}  {entry.question}  {entry.answer}", flush=True)
