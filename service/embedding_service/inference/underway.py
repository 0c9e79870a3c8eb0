"""Texts that are waiting or being embedded, so that an identical one is computed once.

Identical is what the model would read: token ids, the part of them that is the prompt's, and the
bound of texts that a caller has set for the forward. Whoever comes second takes a seat in the entry
of the first. Entries leave when nobody can join them any more. Callers have no entries in common:
nobody is to wait for another one's turn, nor to learn from the time that it had the same text.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from embedding_service.inference.backends.base import Int32s
from embedding_service.inference.batching import Entry
from embedding_service.inference.queueing import Queue
from embedding_service.inference.requests import TrafficClass
from embedding_service.inference.tickets import Seat, Ticket

Key: TypeAlias = tuple[str, int, int | None, bytes]
"""Caller, prompt length, most texts of a forward, and the ids themselves: no digest that could
collide."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the texts of one request have in common."""

    caller: str
    traffic: TrafficClass
    prompt_length: int


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of entering the texts of one request."""

    keys: list[Key]
    """Of its texts; to be given back to `leave`."""
    tokens: int
    """That are read for it: of the texts that nobody waited for yet."""
    joined: int
    """Texts that an identical one is computed for."""


@dataclass(slots=True)
class _Place:
    traffic: TrafficClass
    entry: Entry


@dataclass(slots=True)
class Underway:
    """Of one model, before its queue."""

    queue: Queue
    _places: dict[Key, _Place] = field(default_factory=dict)

    def __len__(self) -> int:
        """Texts that are remembered."""
        return len(self._places)

    def enter(
        self,
        asked: Asked,
        lists: Sequence[Int32s],
        ticket: Ticket,
        known: Container[int] = (),
    ) -> Entered:
        """Queue the texts of `ticket`, row by row, or join what is under way for them already.

        Rows at `known` positions are there and need nothing.
        """
        keys: list[Key] = []
        fresh: list[Entry] = []
        for position, ids in enumerate(lists):
            if position in known:
                continue
            key = (asked.caller, asked.prompt_length, ticket.max_batch_texts, ids.tobytes())
            keys.append(key)
            place = self._places.get(key)
            if place is None or not self._join(place, asked, Seat(ticket, position)):
                entry = Entry(ids, asked.prompt_length, ticket, position)
                self._places[key] = _Place(asked.traffic, entry)
                fresh.append(entry)
        self.queue.add(asked.traffic, fresh, asked.caller)
        tokens = sum(len(entry.ids) for entry in fresh)
        return Entered(keys, tokens, len(keys) - len(fresh))

    def leave(self, keys: Iterable[Key]) -> None:
        """Forget what is under way no more, after a request with these texts has ended."""
        for key in keys:
            place = self._places.get(key)
            if place is not None and place.entry.is_over:
                del self._places[key]

    def _join(self, place: _Place, asked: Asked, seat: Seat) -> bool:
        """Take a seat in an entry that somebody waits for; tells whether there is one."""
        if place.entry.is_over:
            return False
        place.entry.followers += (seat,)
        is_lifted = asked.traffic is TrafficClass.INTERACTIVE is not place.traffic
        if is_lifted and not place.entry.has_begun:
            # What waited as bulk goes on as interactive; its old place in the lane dies.
            place.traffic, place.entry = asked.traffic, place.entry.move()
            self.queue.add(asked.traffic, [place.entry], asked.caller)
            self.queue.note_dead()
        return True
