"""What each reason means, and what a person does about it. docs/conditions.md is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from embedding_operator.reasons import ConditionType, Reason

_READY, _AVAILABLE = ConditionType.READY, ConditionType.AVAILABLE
_PROGRESSING, _DEGRADED = ConditionType.PROGRESSING, ConditionType.DEGRADED
_SPEC, _SNAPSHOT = ConditionType.SPEC_ACCEPTED, ConditionType.SNAPSHOT_HEALTHY


@dataclass(frozen=True, slots=True)
class Entry:
    """One reason of one condition."""

    status: str
    """Of the condition: True, False, or both."""
    meaning: str
    remedy: str = ""
    """Empty where nobody has to do anything."""


RUNBOOK: Final[Mapping[tuple[ConditionType, Reason], Entry]] = {
    (_READY, Reason.AS_EXPECTED): Entry("True", "Every replica that is wanted serves."),
    (_READY, Reason.SCALED_TO_ZERO): Entry("True", "No replica is wanted; the data is kept."),
    (_READY, Reason.WAITING_FOR_REPLICAS): Entry(
        "False", "Fewer replicas serve than are wanted; the message says what keeps them."
    ),
    (_READY, Reason.BOOTSTRAPPING): Entry(
        "False", "It is being filled from what `bootstrap` names; nobody can reach it yet."
    ),
    (_READY, Reason.DATABASE_UNAVAILABLE): Entry(
        "False",
        "The database does not answer. Searches go on from memory; writes get 503, and are not "
        "lost, because they were never acknowledged.",
        "Bring the database back. Pods come back by themselves.",
    ),
    (_READY, Reason.INDEX_DAMAGED): Entry(
        "False",
        "A row is not what was written: its checksum does not hold. The index has stopped there.",
        "Restore the database, or bootstrap a new index from a snapshot and move the alias.",
    ),
    (_READY, Reason.SPEC_INVALID): Entry(
        "False",
        "See SpecAccepted. Nothing is changed until then; pods that there are serve on, and are "
        "backed up as before.",
    ),
    (_READY, Reason.DELETING): Entry("False", "It is being deleted."),
    (_AVAILABLE, Reason.MINIMUM_REPLICAS_AVAILABLE): Entry("True", "At least one replica serves."),
    (_AVAILABLE, Reason.MINIMUM_REPLICAS_UNAVAILABLE): Entry("False", "No replica serves."),
    (_PROGRESSING, Reason.PROVISIONING): Entry("True", "Its parts are being made."),
    (_PROGRESSING, Reason.BOOTSTRAPPING): Entry("True", "It is being filled."),
    (_PROGRESSING, Reason.ROLLING_OUT): Entry("True", "Pods are replaced, a few at a time."),
    (_PROGRESSING, Reason.WAITING_FOR_TURN): Entry(
        "True",
        "Pods of another release (images, operator) wait until fewer other indexes are getting "
        "theirs, or until one that has got worse by it is well again. So does every change of the "
        "pods; their number, and what they read, do not.",
        "If it lasts: find the index that is Degraded since the upgrade, and mend or take back "
        "what was installed.",
    ),
    (_PROGRESSING, Reason.SCALING): Entry("True", "Pods are added or taken away."),
    (_PROGRESSING, Reason.RELOADING): Entry("True", "Pods load a snapshot, a few at a time."),
    (_PROGRESSING, Reason.SNAPSHOTTING): Entry(
        "True",
        "It is being deleted, and a last snapshot is made (`deletionPolicy: SnapshotThenDelete`). "
        "Any other snapshot is told by SnapshotHealthy alone.",
    ),
    (_PROGRESSING, Reason.UP_TO_DATE): Entry("False", "Everything is as the spec says."),
    (_PROGRESSING, Reason.PAUSED): Entry("False", "`spec.paused` is true: nothing is changed."),
    (_PROGRESSING, Reason.SPEC_INVALID): Entry(
        "False", "Nothing is changed while the spec cannot be done.", "See SpecAccepted."
    ),
    (_PROGRESSING, Reason.PROGRESS_DEADLINE_EXCEEDED): Entry(
        "False",
        "A rollout has made no progress for ten minutes. Old pods serve on.",
        "See Degraded and the pods' events; undo the change, or mend what keeps the pods.",
    ),
    (_PROGRESSING, Reason.CHILD_REFUSED): Entry(
        "False", "What the spec asks for was refused; what ran before runs on.", "See Degraded."
    ),
    (_DEGRADED, Reason.AS_EXPECTED): Entry("False", "Nothing is wrong."),
    (_DEGRADED, Reason.PODS_UNSCHEDULABLE): Entry(
        "True",
        "No node takes a pod; the scheduler's message is in the condition's.",
        "Add nodes or GPUs, or ask for less: `resources`, `encoder.gpu`, `podTemplate`.",
    ),
    (_DEGRADED, Reason.VOLUME_UNAVAILABLE): Entry(
        "True",
        "A volume cannot be had where the pod is to run; most often its node is away. The pod "
        "waits, and is never forced elsewhere: the volume may still be written to there.",
        "Bring the node back. If it is lost for good, delete its Node object, and bootstrap a new "
        "index from a snapshot.",
    ),
    (_DEGRADED, Reason.VOLUME_PENDING): Entry(
        "True",
        "A volume was asked for and is not there.",
        "Look at the events of the PersistentVolumeClaim that the message names. Make its class, "
        "where there is none of that name; or delete the index and the claim, which is empty, and "
        "make the index anew with a class that exists: `storageClassName` cannot change.",
    ),
    (_DEGRADED, Reason.IMAGE_PULL_FAILED): Entry(
        "True",
        "A node cannot get the image.",
        "Mend the image's name or the pull Secret in the installation's values.",
    ),
    (_DEGRADED, Reason.CRASH_LOOPING): Entry(
        "True",
        "A pod starts and ends again, or cannot be started; its last words, or the kubelet's, are "
        "in the message.",
        "`kubectl logs --previous` has all of them. Most name a setting. After OOMKilled raise "
        "`resources.limits.memory`.",
    ),
    (_DEGRADED, Reason.EVICTED): Entry(
        "True",
        "A node has ended a pod, most often for want of memory or disk, and too few others serve. "
        "Another pod is made in its place.",
        "Ask for as much as it takes in `resources.requests`: who takes more than that goes first.",
    ),
    (_DEGRADED, Reason.SECRET_NOT_FOUND): Entry(
        "True",
        "A Secret that the spec or the installation names is not in this namespace: pods wait.",
        "Create it; they go on by themselves.",
    ),
    (_DEGRADED, Reason.CHILD_REFUSED): Entry(
        "True",
        "The API server, or a policy of the cluster, will not have one of its parts or snapshots, "
        "or fails at it, as when a webhook is away. The rest is made; it is tried each minute.",
        "The message is theirs: change the spec, the policy, or mend the webhook.",
    ),
    (_DEGRADED, Reason.DATABASE_UNAVAILABLE): Entry(
        "True", "The database has been away for more than two minutes.", "Bring it back."
    ),
    (_DEGRADED, Reason.ENCODER_UNAVAILABLE): Entry(
        "True",
        "The embedding tier does not answer. Reads, and searches by vector, go on; texts get 503.",
        "Look at the tier's pods.",
    ),
    (_DEGRADED, Reason.MODEL_UNAVAILABLE): Entry(
        "True",
        "The embedding tier no longer serves the model whose vectors the index holds. Nothing is "
        "mixed: texts are refused.",
        "Serve that model again (`allowedModels` of the tier), or re-embed into a new index.",
    ),
    (_DEGRADED, Reason.INDEX_DAMAGED): Entry(
        "True",
        "A row's checksum does not hold.",
        "As for Ready.",
    ),
    (_DEGRADED, Reason.SNAPSHOT_LOAD_FAILED): Entry(
        "True",
        "A snapshot could not be loaded. Pods have built their indexes from the database instead, "
        "or keep what they had.",
        "Take `reload.snapshot` back, or make a new snapshot. For `bootstrap` bring back the file "
        "that the message names, and it goes on; or make another index that names another one.",
    ),
    (_DEGRADED, Reason.SNAPSHOT_NOT_FOUND): Entry(
        "True",
        "`bootstrap` names a snapshot that is not there, or has failed.",
        "Make it; or make another index that names another.",
    ),
    (_DEGRADED, Reason.SNAPSHOT_UNREACHABLE): Entry(
        "True",
        "`bootstrap` names a snapshot that lies in storage this index has not.",
        "Give it the same storage, or use `bootstrap.uri` with a Secret and its endpoint.",
    ),
    (_DEGRADED, Reason.SNAPSHOT_FAILING): Entry(
        "True", "Three snapshots have failed in a row.", "The message has the last one's error."
    ),
    (_DEGRADED, Reason.OBJECT_STORE_UNREACHABLE): Entry(
        "True",
        "The storage of snapshots does not answer, or refuses: one snapshot has been tried three "
        "times, or three have failed. Requests go on.",
        "The message is the storage's: bring it back, or give its keys their rights again. The "
        "snapshot is tried again until its deadline.",
    ),
    (_DEGRADED, Reason.STORAGE_FULL): Entry(
        "True",
        "A disk is full: the volume of the documents, whose writes get 507, or the storage of "
        "snapshots. Nothing is half written; searches go on.",
        "Let the volume grow (`database.sqlite.size`, `storage.volume.size`) where its class can; "
        "keep fewer snapshots (`snapshots.retention`); remove documents.",
    ),
    (_DEGRADED, Reason.MEMORY_FULL): Entry(
        "True",
        "A pod has too little memory left for another document: writes get 507, before the kernel "
        "ends it. Searches go on.",
        "Raise `resources.limits.memory`, or remove documents.",
    ),
    (_DEGRADED, Reason.SWEEP_FAILED): Entry(
        "True",
        "It has no pods, and the Job that removes what no snapshot object holds has failed. "
        "Nothing else waits for it.",
        "`kubectl logs job/NAME` of the Job in the message says why. It is tried again after an "
        "hour, and at once when that Job is deleted.",
    ),
    (_DEGRADED, Reason.PODS_UNREACHABLE): Entry(
        "True",
        "For a minute no pod that serves has answered the operator on port 8002. Requests go on; "
        "what the operator asks of pods waits: snapshots, reloads, filling, removal of data.",
        "The message has what a pod said. Nothing at all: let the operator's pods through, with "
        "`peers` of its defaults as their labels are. 401: its keys; see docs/security.md.",
    ),
    (_DEGRADED, Reason.RUNNING_ON_CPU): Entry(
        "True",
        "A GPU was asked for and cannot be used: it serves, slowly.",
        "`gpu-embedding doctor` in the pod says what is missing.",
    ),
    (_DEGRADED, Reason.SCALING_CONFLICT): Entry(
        "True",
        "`autoscaling` is set, and a HorizontalPodAutoscaler wants this index too. The operator's "
        "number holds.",
        "Remove one of both.",
    ),
    (_DEGRADED, Reason.PURGE_FAILED): Entry(
        "True",
        "It is being deleted, and its data is not removed; the message says why, in a pod's words "
        "if one has tried. It is tried again every half minute.",
        "Mend what the message names, or what keeps its pods; or let it go as it is with the "
        "annotation `gpu-embedding.io/force-deletion=true`, and remove the data by hand.",
    ),
    (_SPEC, Reason.ACCEPTED): Entry(
        "True",
        "The spec can be done. A volume that is larger than it says stays so; the message tells.",
    ),
    (_SPEC, Reason.NOT_SUPPORTED): Entry(
        "False",
        "Two wishes do not go together; or something cannot be read, because it was written under "
        "another definition of the kind.",
        "The message says which.",
    ),
    (_SPEC, Reason.REPLICAS_NEED_POSTGRESQL): Entry(
        "False", "SQLite serves one pod.", "One replica; or a new index with PostgreSQL."
    ),
    (_SPEC, Reason.STORAGE_NOT_SHARED): Entry(
        "False",
        "Several replicas need storage that all can reach.",
        "S3, or a volume with ReadWriteMany.",
    ),
    (_SPEC, Reason.DATABASE_MISSING): Entry(
        "False", "No Secret with the address of a PostgreSQL is named.", "Name one."
    ),
    (_SPEC, Reason.STORAGE_MISSING): Entry("False", "No bucket is named.", "Name one."),
    (_SPEC, Reason.AUTH_MISSING): Entry(
        "False",
        "It is reachable from outside, and there are no API keys.",
        "Name a Secret in `auth.secret`, or say `auth: {mode: None}`.",
    ),
    (_SPEC, Reason.NOT_ALLOWED): Entry(
        "False",
        "The installation does not allow a host, an endpoint, a class, an annotation or a variable "
        "that it names.",
        "Ask whoever installed it.",
    ),
    (_SPEC, Reason.RETAINED_NOT_FOUND): Entry(
        "False",
        "`bootstrap.retained` names data that no volume under this index's name has, or that "
        "another index has.",
        "Make the index under the old one's name, and name the value of the label "
        "`gpu-embedding.io/data-uid` of the PersistentVolumeClaim `NAME-data`.",
    ),
    (_SPEC, Reason.NAME_TAKEN): Entry(
        "False",
        "An object of a name that it needs is there and not its own; it is never adopted. A volume "
        "of a deleted index is such an object.",
        "Remove it, name the index otherwise, or take the volume over with `bootstrap.retained`.",
    ),
    (_SPEC, Reason.PATH_TAKEN): Entry(
        "False", "An older index has a path on this host.", "Another host, path or name."
    ),
    (_SPEC, Reason.SCHEDULE_INVALID): Entry("False", "The cron expression is none.", "Mend it."),
    (_SNAPSHOT, Reason.LAST_SNAPSHOT_SUCCEEDED): Entry("True", "The newest snapshot is complete."),
    (_SNAPSHOT, Reason.LAST_SNAPSHOT_RUNNING): Entry("True", "One is being made."),
    (_SNAPSHOT, Reason.NEVER_RUN): Entry("True", "The first scheduled one is not due yet."),
    (_SNAPSHOT, Reason.LAST_SNAPSHOT_FAILED): Entry(
        "False", "The newest snapshot has failed.", "Its object's `status.error` says why."
    ),
    (_SNAPSHOT, Reason.STALE): Entry(
        "False",
        "The newest complete snapshot is older than two intervals of the schedule.",
        "See the newest snapshot object, and whether the operator runs.",
    ),
}
