import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from bulk import IDENTITY, FakeEncoder, matrix_of, read_output
from embedding_service.cli.bulk.encoders import Encoder, Options, Vectors
from embedding_service.cli.bulk.formats import INPUTS, OUTPUTS, open_input
from embedding_service.cli.bulk.job import Job, Report, run
from embedding_service.cli.bulk.journal import open_journal
from embedding_service.cli.bulk.slices import Bounds
from embedding_service.cli.bulk.survey import survey
from embedding_service.cli.complaints import Complaint
from embedding_service.errors import InferenceFailed
from embedding_service.settings import Limits

RECORDS = [{"id": str(n), "text": f"text {n}"} for n in range(1, 8)]
TEXTS = [record["text"] for record in RECORDS]


def write_input(path: Path) -> Path:
    match path.suffix:
        case ".txt":
            path.write_text("".join(f"{text}\n" for text in TEXTS))
        case ".csv":
            rows = (f"{record['id']},{record['text']}\n" for record in RECORDS)
            path.write_text("id,text\n" + "".join(rows))
        case ".jsonl":
            path.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
        case _:
            pyarrow.parquet.write_table(pa.Table.from_pylist(RECORDS), path)
    return path


def job_for(source: Path, output: Path, *, skip_empty: bool = False) -> Job:
    opened = open_input(source, "text")
    return Job(
        source=opened,
        output=output,
        survey=survey(opened, skip_empty=skip_empty, limits=Limits()),
        options=Options(),
        column="text",
        field="embedding",
        bounds=Bounds(texts=3),
        in_flight=1,
    )


async def do(job: Job, encoder: Encoder) -> tuple[Report, list[int]]:
    advanced = list[int]()
    with open_journal(job.output, restart=False) as journal:
        return await run(job, encoder, journal, advanced.append), advanced


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return job_for(write_input(tmp_path / "texts.jsonl"), tmp_path / "vectors.parquet")


@pytest.mark.parametrize("suffix_out", OUTPUTS)
@pytest.mark.parametrize("suffix_in", INPUTS)
async def test_every_input_becomes_every_output(
    tmp_path: Path, suffix_in: str, suffix_out: str
) -> None:
    output = tmp_path / f"vectors{suffix_out}"
    job = job_for(write_input(tmp_path / f"texts{suffix_in}"), output)
    report, advanced = await do(job, FakeEncoder())
    rows, matrix = read_output(output)
    np.testing.assert_array_equal(matrix, matrix_of(TEXTS))
    if suffix_out != ".npy":
        assert rows == ([{"text": text} for text in TEXTS] if suffix_in == ".txt" else RECORDS)
    assert report == Report(texts=7, dimension=8, skipped=0, truncated=[])
    assert advanced == [3, 3, 1]
    assert not (tmp_path / f"vectors{suffix_out}.partial").exists()


async def test_what_is_done_is_not_done_again(job: Job) -> None:
    broken = FakeEncoder()
    broken.failure, broken.failure_after = InferenceFailed("cannot"), 2
    with pytest.raises(InferenceFailed):
        await do(job, broken)
    assert not job.output.exists()
    encoder = FakeEncoder()
    _, advanced = await do(job, encoder)
    assert broken.asked + encoder.asked == [TEXTS[:3], TEXTS[3:6], TEXTS[6:]]
    assert advanced == [3, 3, 1]
    np.testing.assert_array_equal(read_output(job.output)[1], matrix_of(TEXTS))


async def test_a_kill_before_the_end_leaves_only_the_end_to_do(job: Job) -> None:
    await do(job, FakeEncoder())
    with open_journal(job.output, restart=False) as journal:
        for index, start in enumerate(range(0, 7, 3)):
            journal.write(index, Vectors(matrix_of(TEXTS[start : start + 3]), []))
        encoder = FakeEncoder()
        await run(job, encoder, journal, lambda _: None)
    assert encoder.asked == []
    assert len(read_output(job.output)[0]) == 7


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"options": Options(dimensions=4)}, "dimensions was None and is now 4"),
        ({"options": Options(input_type="query")}, "input_type was None and is now 'query'"),
        ({"bounds": Bounds(texts=2)}, "slice_texts was 3 and is now 2"),
        ({"column": "body"}, "column was 'text' and is now 'body'"),
    ],
)
async def test_other_options_may_not_go_on(job: Job, change: dict[str, object], told: str) -> None:
    await begin(job)
    with pytest.raises(Complaint, match=told):
        await do(replace(job, **change), FakeEncoder())  # type: ignore[arg-type]  # by parametrize


async def test_another_model_may_not_go_on(job: Job) -> None:
    await begin(job)
    encoder = FakeEncoder()
    encoder.identity = replace(IDENTITY, fingerprint="0" * 64)
    with pytest.raises(Complaint, match=r"fingerprint was 'f{64}' and is now '0{64}'"):
        await do(job, encoder)


async def test_another_input_may_not_go_on(job: Job) -> None:
    await begin(job)
    job.source.path.write_text('{"text": "other"}\n' * 7)
    with pytest.raises(Complaint, match="holds the beginning of another job: input was"):
        await do(job_for(job.source.path, job.output), FakeEncoder())


async def begin(job: Job) -> None:
    broken = FakeEncoder()
    broken.failure, broken.failure_after = InferenceFailed("cannot"), 1
    with pytest.raises(InferenceFailed):
        await do(job, broken)


async def test_an_input_that_changes_on_the_way_is_noticed(job: Job) -> None:
    class Meddler(FakeEncoder):
        async def embed(self, texts: Sequence[str]) -> Vectors:
            if len(self.asked) == 2:
                job.source.path.write_text(job.source.path.read_text().replace("1", "2"))
            return await super().embed(texts)

    with pytest.raises(Complaint, match="has changed while it was embedded"):
        await do(job, Meddler())
    assert not job.output.exists()


async def test_texts_that_were_cut_are_told_by_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("one\n\ntwo\nthree\nfour\n")
    encoder = FakeEncoder()
    encoder.truncated = [0]
    job = job_for(path, tmp_path / "vectors.npy", skip_empty=True)
    report, _ = await do(job, encoder)
    assert report == Report(texts=4, dimension=8, skipped=1, truncated=[1, 5])
    np.testing.assert_array_equal(
        read_output(job.output)[1], matrix_of(["one", "two", "three", "four"])
    )


async def test_a_wrong_number_of_vectors_is_not_kept(job: Job) -> None:
    class Short(FakeEncoder):
        async def embed(self, texts: Sequence[str]) -> Vectors:
            return Vectors(matrix_of(texts[:-1]), [])

    with pytest.raises(Complaint, match=r"2 vectors came back for 3 texts \(line 1 to 3\)"):
        await do(job, Short())


async def test_two_slices_are_at_work_at_once_and_no_more(job: Job) -> None:
    class Counting(FakeEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.now, self.most = 0, 0
            self.both = asyncio.Event()

        async def embed(self, texts: Sequence[str]) -> Vectors:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now == 2:
                self.both.set()
            await self.both.wait()
            self.now -= 1
            return await super().embed(texts)

    encoder = Counting()
    await do(replace(job, bounds=Bounds(texts=1), in_flight=2), encoder)
    assert encoder.most == 2
    np.testing.assert_array_equal(read_output(job.output)[1], matrix_of(TEXTS))


async def test_a_failure_ends_what_else_is_at_work(job: Job) -> None:
    class Failing(FakeEncoder):
        cancelled = False

        async def embed(self, texts: Sequence[str]) -> Vectors:
            if texts[0] != TEXTS[0]:
                raise InferenceFailed("cannot")
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled = True
            raise AssertionError("nobody sets that event")

    encoder = Failing()
    with pytest.raises(InferenceFailed):
        await do(replace(job, in_flight=2), encoder)
    assert encoder.cancelled


async def test_an_old_output_is_replaced_in_one_step(job: Job) -> None:
    job.output.write_text("old")
    await do(job, FakeEncoder())
    assert len(read_output(job.output)[0]) == 7
