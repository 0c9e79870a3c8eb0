"""Which snapshots there are, which go, and which never do."""

from operator_port import Pod

DAY = 86_400


async def make(pod: Pod, count: int, **kept: object) -> list[str]:
    """Snapshots, oldest first."""
    made = []
    for row in range(count):
        await pod.service.put([100 + row])
        made.append((await pod.work("snapshot", **kept))["id"])
    return made


async def listed(pod: Pod) -> list[str]:
    """Newest first."""
    return [each["id"] for each in (await pod.ask("GET", "/snapshots"))["snapshots"]]


async def test_a_sweep_drops_what_nobody_needs(pod: Pod) -> None:
    made = await make(pod, 5)
    everything = {"held": [], "keep": 0, "keep_seconds": DAY}
    assert (await pod.ask("POST", "/snapshots/sweep", everything)) == {"dropped": []}
    wanted = {"held": [made[1], "unknown"], "keep": 2, "keep_seconds": 0}
    assert (await pod.ask("POST", "/snapshots/sweep", wanted))["dropped"] == [made[0], made[2]]
    assert (await pod.ask("POST", "/snapshots/sweep", wanted))["dropped"] == []
    assert await listed(pod) == [made[4], made[3], made[1]]
    nothing = {"held": [], "keep": 0, "keep_seconds": 0}
    assert (await pod.ask("POST", "/snapshots/sweep", nothing))["dropped"] == [made[1], made[3]]
    assert await listed(pod) == [made[4]]


async def test_an_order_says_what_stays_after_it(pod: Pod) -> None:
    first, second = await make(pod, 2)
    (third,) = await make(pod, 1, keep=1, keep_seconds=0, held=[first])
    assert await listed(pod) == [third, first]
    await make(pod, 1, keep=1)  # the settings keep all of a day
    assert second not in await listed(pod)
    assert len(await listed(pod)) == 3


async def test_the_newest_that_can_be_read_is_never_dropped(pod: Pod) -> None:
    first, second = await make(pod, 2)
    assert pod.application.retrieval is not None
    archive = pod.application.retrieval.snapshots._archive
    archive._store.create("shop/1234/snapshots/00000000000000000009.json", [b"?"], if_absent=True)
    nothing = {"held": [], "keep": 0, "keep_seconds": 0}
    assert (await pod.ask("POST", "/snapshots/sweep", nothing))["dropped"] == [first]
    told = (await pod.ask("GET", "/snapshots"))["snapshots"]
    assert [each["readable"] for each in told] == [True, False]
    assert (told[0]["id"], told[1]["id"], bool(told[1]["fault"])) == (second, None, True)


async def test_a_sweep_must_say_what_stays(pod: Pod) -> None:
    bodies: list[dict[str, object]] = [{}, {"held": [], "keep": 1}]
    for body in (*bodies, {"held": [], "keep": None, "keep_seconds": 0}):
        refused = await pod.fault("POST", "/snapshots/sweep", body)
        assert refused == (422, "invalid_request")


async def test_many_may_be_held(pod: Pod) -> None:
    held = [f"{number:020}" for number in range(20_000)]
    sweep = {"held": held, "keep": 1, "keep_seconds": 0}
    assert await pod.ask("POST", "/snapshots/sweep", sweep) == {"dropped": []}
