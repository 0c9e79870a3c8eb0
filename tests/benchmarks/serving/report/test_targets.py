"""Each row gets the verdict that its figures earn."""

import pytest

from benchmarks.results import Result
from benchmarks.serving.loads import MIXED, SHORT
from benchmarks.serving.report.gpu_targets import GPU_TARGETS
from benchmarks.serving.report.long_targets import LONG_TARGETS
from benchmarks.serving.report.targets import list_targets
from benchmarks.targets import Row, Verdict, judge_all
from tests.benchmarks.serving.report.made import make_comparison, make_sample


def judge(result: Result) -> dict[str, Row]:
    rows = judge_all(list_targets(result), {"comparison": result})
    return {row.what: row for row in rows}


def judge_long(part: str, result: Result) -> set[Verdict]:
    targets = [target for target in LONG_TARGETS if target.part == part]
    return {row.verdict for row in judge_all(targets, {part: result})}


def test_a_run_that_is_fast_enough_everywhere_meets_every_row() -> None:
    assert {row.verdict for row in judge(make_comparison()).values()} == {Verdict.MET}


@pytest.mark.parametrize(("default", "wanted"), [(180.0, "≥ 6 times"), (390.0, "≥ 3.5 times")])
def test_more_is_asked_for_where_default_products_are_slow(default: float, wanted: str) -> None:
    rows = judge(make_comparison(default))
    assert rows["concurrency 32, short: texts/s against the naive server"].wanted == wanted


def test_the_better_naive_server_counts() -> None:
    row = judge(make_comparison())["concurrency 32, short: texts/s against the naive server"]
    assert row.measured == "7.14 [7.14 to 7.14] times naive, 2 threads"


def test_the_middle_of_the_turns_counts_and_their_range_is_told() -> None:
    samples = [make_sample(speed) for speed in (700.0, 420.0, 350.0)]
    result = make_comparison(ours={SHORT: samples})
    row = judge(result)["concurrency 32, short: texts/s against the naive server"]
    assert row.measured.startswith("6.00 [5.00 to 10.00] times")
    assert row.verdict is Verdict.MET


def test_without_infinity_its_rows_are_not_measured() -> None:
    rows = judge(make_comparison(without=["infinity"]))
    row = rows["concurrency 32, mixed: texts/s against infinity-emb's default"]
    assert (row.measured, row.verdict) == ("infinity-emb is not installed", Verdict.NOT_MEASURED)


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("vectors answered under these loads, least cosine to the truth", {"cosine": 0.9998}),
        ("requests that failed", {"errors": 1.0}),
        ("memory, peak PSS of the tree under the same loads", {"memory": 721.0}),
        ("concurrency 32, mixed: useful operations, of the best float32 GEMM", {"gflops": 199.0}),
    ],
)
def test_one_load_that_is_not_good_enough_is_seen(what: str, other: dict[str, float]) -> None:
    result = make_comparison(ours={MIXED: [make_sample(130.0, **other)]})
    assert judge(result)[what].verdict is Verdict.NOT_MET


def test_interactive_texts_may_take_60_ms_more_beside_batches() -> None:
    what = "p95 of 5 short texts a second beside batches of 128, medium"
    result = make_comparison()
    assert judge(result)[what].measured == "+31 ms: 40 [40 to 40] ms, unloaded 9 [9 to 9] ms"
    result.curves["beside"] = [[5, 9, 10, 6, 70, 80, 100, 90, 0]]
    assert judge(result)[what].verdict is Verdict.NOT_MET


@pytest.mark.parametrize(
    ("memory", "p99", "verdicts"),
    [
        (102.0, 130.0, {Verdict.MET}),
        (103.0, 130.0, {Verdict.MET, Verdict.NOT_MET}),
        (103.0, 131.0, {Verdict.NOT_MET}),
    ],
)
def test_a_soak_compares_the_second_minute_with_the_last(
    memory: float, p99: float, verdicts: set[Verdict]
) -> None:
    minutes = [[1, 9.0, 1.0, 900.0, 50.0, 0], [2, 9.0, 1.0, 100.0, 100.0, 0],
               [3, 9.0, 1.0, p99, memory, 0]]  # fmt: skip
    assert judge_long("soak", Result(curves={"minutes": minutes})) == verdicts


@pytest.mark.parametrize(
    ("over", "verdict"),
    [
        ([1.2, 120.0, 95.0, 900.0, 2_100.0, 0.2, 0.0, 1.0], Verdict.MET),
        ([1.2, 120.0, 95.0, 900.0, 2_101.0, 0.2, 0.0, 1.0], Verdict.NOT_MET),
        ([1.2, 120.0, 94.0, 900.0, 2_100.0, 0.2, 0.0, 1.0], Verdict.NOT_MET),
        ([1.2, 120.0, 95.0, 900.0, 2_100.0, 0.2, 1.0, 1.0], Verdict.NOT_MET),
    ],
)
def test_more_than_it_can_do_costs_neither_goodput_nor_time(
    over: list[float], verdict: Verdict
) -> None:
    figures = {"capacity_per_second": 100.0, "max_wait_ms": 2_000.0}
    half = [0.5, 50.0, 50.0, 50.0, 100.0, 0.0, 0.0, 1.0]
    assert verdict in judge_long("offered", Result(figures, {"offered": [half, over]}))
    assert (verdict is Verdict.MET) == (
        judge_long("offered", Result(figures, {"offered": [half, over]})) == {Verdict.MET}
    )


@pytest.mark.parametrize(("gflops", "peak", "verdict"), [
    (400_000.0, 989_000.0, Verdict.MET),
    (390_000.0, 989_000.0, Verdict.NOT_MET),
    (400_000.0, 0.0, Verdict.NOT_MEASURED),
])  # fmt: skip
def test_a_gpu_is_judged_by_its_peak_where_that_is_known(
    gflops: float, peak: float, verdict: Verdict
) -> None:
    names = ("long", "single", "many", "hundred", "beside")
    point = make_sample(2_000.0, gflops=gflops).write()
    result = Result({"peak_gflops": peak}, {name: [point] for name in names}, {"gpu": "H100"})
    first, *others = judge_all(GPU_TARGETS, {"gpu": result})
    assert first.verdict is verdict
    assert [row.verdict for row in others] == [Verdict.MET] * 4 + [Verdict.NOT_MEASURED]
