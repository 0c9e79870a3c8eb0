"""Every condition and reason there is: an interface, kept stable."""

from enum import StrEnum


class ConditionType(StrEnum):
    """What a condition is about."""

    READY = "Ready"
    AVAILABLE = "Available"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    SPEC_ACCEPTED = "SpecAccepted"
    SNAPSHOT_HEALTHY = "SnapshotHealthy"


class SnapshotConditionType(StrEnum):
    """What a condition of a snapshot is about."""

    COMPLETED = "Completed"
    FAILED = "Failed"


class SnapshotReason(StrEnum):
    """In one word, why a snapshot has ended so."""

    SUCCEEDED = "Succeeded"
    EXECUTOR_LOST = "ExecutorLost"
    REFUSED = "Refused"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    INDEX_GONE = "IndexGone"
    OBJECT_STORE_UNREACHABLE = "ObjectStoreUnreachable"
    STORAGE_FULL = "StorageFull"


class Reason(StrEnum):
    """In one word, why."""

    AS_EXPECTED = "AsExpected"
    SCALED_TO_ZERO = "ScaledToZero"
    WAITING_FOR_REPLICAS = "WaitingForReplicas"
    BOOTSTRAPPING = "Bootstrapping"
    SPEC_INVALID = "SpecInvalid"
    PAUSED = "Paused"
    DELETING = "Deleting"
    MINIMUM_REPLICAS_AVAILABLE = "MinimumReplicasAvailable"
    MINIMUM_REPLICAS_UNAVAILABLE = "MinimumReplicasUnavailable"
    PROVISIONING = "Provisioning"
    ROLLING_OUT = "RollingOut"
    WAITING_FOR_TURN = "WaitingForTurn"
    SCALING = "Scaling"
    RELOADING = "Reloading"
    SNAPSHOTTING = "Snapshotting"
    UP_TO_DATE = "UpToDate"
    PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
    PODS_UNSCHEDULABLE = "PodsUnschedulable"
    VOLUME_UNAVAILABLE = "VolumeUnavailable"
    VOLUME_PENDING = "VolumePending"
    IMAGE_PULL_FAILED = "ImagePullFailed"
    CRASH_LOOPING = "CrashLooping"
    EVICTED = "Evicted"
    SECRET_NOT_FOUND = "SecretNotFound"  # noqa: S105  not one
    CHILD_REFUSED = "ChildRefused"
    DATABASE_UNAVAILABLE = "DatabaseUnavailable"
    ENCODER_UNAVAILABLE = "EncoderUnavailable"
    MODEL_UNAVAILABLE = "ModelUnavailable"
    INDEX_DAMAGED = "IndexDamaged"
    SNAPSHOT_LOAD_FAILED = "SnapshotLoadFailed"
    SNAPSHOT_UNREACHABLE = "SnapshotUnreachable"
    SNAPSHOT_FAILING = "SnapshotFailing"
    OBJECT_STORE_UNREACHABLE = "ObjectStoreUnreachable"
    STORAGE_FULL = "StorageFull"
    MEMORY_FULL = "MemoryFull"
    SWEEP_FAILED = "SweepFailed"
    PODS_UNREACHABLE = "PodsUnreachable"
    RUNNING_ON_CPU = "RunningOnCPU"
    SCALING_CONFLICT = "ScalingConflict"
    PURGE_FAILED = "PurgeFailed"
    ACCEPTED = "Accepted"
    NOT_SUPPORTED = "NotSupported"
    REPLICAS_NEED_POSTGRESQL = "ReplicasNeedPostgreSQL"
    STORAGE_NOT_SHARED = "StorageNotShared"
    DATABASE_MISSING = "DatabaseMissing"
    STORAGE_MISSING = "StorageMissing"
    AUTH_MISSING = "AuthMissing"
    NOT_ALLOWED = "NotAllowed"
    RETAINED_NOT_FOUND = "RetainedNotFound"
    NAME_TAKEN = "NameTaken"
    PATH_TAKEN = "PathTaken"
    SCHEDULE_INVALID = "ScheduleInvalid"
    SNAPSHOT_NOT_FOUND = "SnapshotNotFound"
    LAST_SNAPSHOT_SUCCEEDED = "LastSnapshotSucceeded"
    LAST_SNAPSHOT_FAILED = "LastSnapshotFailed"
    LAST_SNAPSHOT_RUNNING = "LastSnapshotRunning"
    NEVER_RUN = "NeverRun"
    STALE = "Stale"
