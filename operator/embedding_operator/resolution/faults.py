"""What is wrong with a spec that only its surroundings can tell: defaults, calendars."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from embedding_operator.defaults import Defaults
from embedding_operator.reasons import Reason
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.resources.data import DatabaseType, StorageType
from embedding_operator.resources.exposure import AuthMode
from embedding_operator.resources.index import DeletionPolicy
from embedding_operator.resources.status import Resolved
from embedding_operator.schedule.cron import BadSchedule, check_schedule
from embedding_operator.service_settings import SETTINGS


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a spec is not taken; the last good one runs on."""

    reason: Reason
    message: str


def find_faults(wanted: Wanted, resolved: Resolved, defaults: Defaults) -> Iterator[Fault]:
    """Every one of them, the gravest first."""
    yield from _check_replicas(wanted)
    yield from _check_data(wanted, resolved)
    yield from _check_access(wanted)
    yield from _check_allowed(wanted, resolved, defaults)
    yield from _check_annotations(wanted, defaults)
    yield from _check_environment(wanted)
    yield from _check_schedule(wanted)


def can_schedule(faults: Iterable[Fault]) -> bool:
    """Whether none of them is of the schedule."""
    return all(fault.reason is not Reason.SCHEDULE_INVALID for fault in faults)


def _check_replicas(wanted: Wanted) -> Iterator[Fault]:
    scaling = wanted.spec.autoscaling
    most = scaling.max if scaling else wanted.spec.replicas
    if most <= 1:
        return
    if wanted.database is DatabaseType.SQLITE:
        yield Fault(
            Reason.REPLICAS_NEED_POSTGRESQL,
            f"{most} replicas need a PostgreSQL, and this index has SQLite; set 1, or make a new "
            "index with database.type PostgreSQL",
        )
    elif not wanted.storage.is_shared:
        yield Fault(
            Reason.STORAGE_NOT_SHARED,
            f"{most} replicas need storage that all can reach; set storage.type S3, or "
            "storage.volume.accessMode ReadWriteMany",
        )


def _check_data(wanted: Wanted, resolved: Resolved) -> Iterator[Fault]:
    if wanted.database is DatabaseType.POSTGRESQL and wanted.address is None:
        yield Fault(
            Reason.DATABASE_MISSING,
            "database.type is PostgreSQL, and neither database.postgresql nor the operator's "
            "defaults name a Secret with its address",
        )
    kind = wanted.spec.storage.type if wanted.spec.storage else resolved.storage
    if kind == StorageType.S3 and wanted.storage.s3 is None:
        yield Fault(
            Reason.STORAGE_MISSING,
            "storage.type is S3, and neither storage.s3 nor the operator's defaults name a bucket",
        )
    wants_last = wanted.spec.deletion_policy is DeletionPolicy.SNAPSHOT_THEN_DELETE
    if wants_last and wanted.storage.s3 is None and wanted.storage.volume is None:
        yield Fault(
            Reason.NOT_SUPPORTED,
            "deletionPolicy SnapshotThenDelete needs storage that outlives the data: set "
            "storage.type S3, or storage.volume",
        )


def _check_access(wanted: Wanted) -> Iterator[Fault]:
    is_open = wanted.spec.auth is not None and wanted.spec.auth.mode is AuthMode.NONE
    if wanted.keys is None and not is_open and (wanted.ingress or wanted.spec.auth):
        yield Fault(
            Reason.AUTH_MISSING,
            "there are no API keys for it: name a Secret in auth.secret, or let everybody in with "
            "auth.mode None",
        )


def _check_allowed(wanted: Wanted, resolved: Resolved, defaults: Defaults) -> Iterator[Fault]:
    allowed, spec = defaults.allowed, wanted.spec
    if spec.encoder is not None and spec.encoder.url is not None:
        host = _read_host(spec.encoder.url)
        tiers = (defaults.encoder.url, resolved.encoder and resolved.encoder.url)
        if host not in {*allowed.encoder_hosts, *(_read_host(url) for url in tiers if url)}:
            yield _refuse("encoder.url", host, "encoderHosts")
    yield from _check_endpoints(wanted, resolved, defaults)
    priority = wanted.template.priority_class_name
    if priority is not None and priority not in allowed.priority_classes:
        yield _refuse("podTemplate.priorityClassName", priority, "priorityClasses")


def _check_endpoints(wanted: Wanted, resolved: Resolved, defaults: Defaults) -> Iterator[Fault]:
    spec = wanted.spec
    known = (defaults.storage.s3, resolved.s3)
    allowed = {*defaults.allowed.s3_endpoints, *(each.endpoint for each in known if each)}
    s3 = spec.storage.s3 if spec.storage else None
    for where, each in (("storage.s3", s3), ("bootstrap", spec.bootstrap)):
        if each is not None and each.endpoint is not None and each.endpoint not in allowed:
            yield _refuse(f"{where}.endpoint", each.endpoint, "s3Endpoints")


def _check_annotations(wanted: Wanted, defaults: Defaults) -> Iterator[Fault]:
    annotations = (wanted.ingress and wanted.ingress.annotations) or {}
    for name in sorted(annotations):
        if not any(_is_named(name, pattern) for pattern in defaults.allowed.ingress_annotations):
            yield _refuse("ingress.annotations", name, "ingressAnnotations")


def _is_named(name: str, pattern: str) -> bool:
    """Whether a pattern names it, or what it begins with and `*`."""
    if pattern.endswith("*"):
        return name.startswith(pattern.removesuffix("*"))
    return name == pattern


def _read_host(url: str) -> str:
    """The host, or all of what has none: nobody allows that."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _refuse(field: str, value: str, bound: str) -> Fault:
    return Fault(
        Reason.NOT_ALLOWED,
        f"{field}: {value} is not among allowed.{bound} of the operator's defaults; ask whoever "
        "installed it",
    )


def _check_environment(wanted: Wanted) -> Iterator[Fault]:
    # Pods read their settings in any case of letters.
    names = (each.name for each in wanted.template.env or ())
    if ours := sorted(name for name in names if name.upper() in SETTINGS):
        yield Fault(
            Reason.NOT_ALLOWED,
            f"podTemplate.env: {', '.join(ours)} is the product's own; the spec has a field for "
            "what may be chosen",
        )


def _check_schedule(wanted: Wanted) -> Iterator[Fault]:
    snapshots = wanted.spec.snapshots
    if snapshots is None or snapshots.schedule is None:
        return
    try:
        check_schedule(snapshots.schedule, snapshots.time_zone)
    except BadSchedule as error:
        yield Fault(Reason.SCHEDULE_INVALID, f"snapshots: {error}")
