from embedding_service.indexes.records.silence import Silence


def test_silence_is_counted_from_the_last_answer() -> None:
    now = [100.0]
    silence = Silence(lambda: now[0])
    told: list[float | None] = [silence.seconds]
    now[0] = 105.0
    silence.end()
    now[0] = 107.0
    told.append(silence.seconds)
    silence.begin()
    told.append(silence.seconds)
    now[0] = 110.0
    silence.begin()
    told.append(silence.seconds)
    silence.end()
    told.append(silence.seconds)
    assert told == [None, None, 2.0, 5.0, None]
