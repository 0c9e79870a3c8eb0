"""Composition of what holds indexes, by the settings; app.py loads it where there is a database."""

from functools import partial
from typing import Final

from embedding_service.environment import BadSettings, child_environment
from embedding_service.errors import InvalidRequest
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.definition import (
    Engine,
    FieldType,
    Metric,
    check_fields,
    check_name,
)
from embedding_service.indexes.headroom import Headroom
from embedding_service.indexes.parameters import tune
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota
from embedding_service.indexes.records.sole import Sole
from embedding_service.indexes.snapshots.choice import Choice
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.inference.cores import usable_cores
from embedding_service.inference.encoder import Encoder
from embedding_service.jobs.jobs import Jobs
from embedding_service.jobs.runner import Runner
from embedding_service.retrieval.bounds import Bounds
from embedding_service.retrieval.managed import Charge, ManagedIndex
from embedding_service.retrieval.pins import PinnedEmbedder
from embedding_service.retrieval.pools import Pools
from embedding_service.retrieval.requests import NewIndex
from embedding_service.retrieval.retrieval import Retrieval
from embedding_service.secret import Secret
from embedding_service.settings import OperatorSettings, Settings
from embedding_service.stores import build_archive, open_shelf, url_of
from embedding_service.telemetry.metrics import Metrics

_DATABASE_FILE = "gpu-embedding.db"
_WORKSHOP = "building"
"""Folder in DATA_DIR."""
_SHARED_WRITERS = 4
"""Of one process, to PostgreSQL: writes to one index wait for each other there anyway."""
_READERS = 4
_PARAMETERS: Final = {
    "exact_rows": "index_exact_rows",
    "recall": "index_recall",
    "m": "index_hnsw_m",
    "ef_construction": "index_hnsw_ef_construction",
    "nlist": "index_ivf_nlist",
}
"""Of an engine, and the settings that they are called by."""


def build_retrieval(
    settings: Settings, embedder: Encoder, metrics: Metrics
) -> tuple[Retrieval, Jobs]:
    """The indexes, their record open, and their jobs. Raises RecordLocked, RecordUnavailable."""
    url = settings.database_url or f"sqlite:///{settings.data_dir / _DATABASE_FILE}"
    address = Secret("DATABASE_URL_FILE", url, settings.database_url_file)
    charge = _read_charge(settings)
    record = open_record(address, settings.data_dir, sole=_sole_of(charge, settings))
    quota = Quota(documents=settings.max_index_documents, size=settings.max_index_size)
    pools = Pools(
        writers=_SHARED_WRITERS if record.is_shared else 1,  # SQLite has one writer at a time
        readers=_READERS,
        searchers=usable_cores(),
        waits=metrics.waits,
    )
    choice = Choice(charge.uid, settings.index_snapshot_file) if charge else Choice()
    archive = build_archive(settings, record.build, choice)
    catalogue = Catalogue(record, quota, metrics.indexes, archive)
    threads = max(1, usable_cores() // 2)  # the other half is for searches
    workshop = Workshop(settings.data_dir / _WORKSHOP, child_environment(), threads)
    upkeep = Upkeep(workshop, metrics.indexes)
    headroom = Headroom(None if record.is_shared else settings.data_dir)
    bounds = Bounds(settings.version_wait, settings.max_unbuilt_rows, headroom)
    managed = None
    if charge is not None:
        managed = ManagedIndex(charge, catalogue, archive, upkeep.count_waiting, pools, headroom)
    retrieval = Retrieval(
        catalogue,
        upkeep,
        PinnedEmbedder(embedder),
        pools,
        bounds,
        managed,
    )
    return retrieval, Jobs(record, catalogue, upkeep, retrieval, Runner(record))


def _read_charge(settings: Settings) -> Charge | None:
    """The one index to serve, where there is to be no other. Raises BadSettings."""
    name = settings.index_name
    if not name:
        return None
    try:
        fields = {field: FieldType(kind) for field, kind in settings.index_fields.items()}
        check_name(name)
        check_fields(fields)
    except (InvalidRequest, ValueError) as error:
        raise BadSettings(f"INDEX_NAME or INDEX_FIELDS: {error}") from error
    engine = Engine(settings.index_engine or Engine.AUTO)
    tuning = _read_tuning(settings, engine)
    new = NewIndex(
        name=name,
        model=settings.index_model or None,
        dimension=settings.index_dimension,
        metric=Metric(settings.index_metric),
        engine=engine,
        tuning=tuning,
        fields=fields,
    )
    uid = settings.index_uid or name
    wanted = Blueprint(engine, tuning) if _says_engine(settings) else None
    shelf = partial(open_shelf, settings)
    return Charge(uid, new, url_of(settings), shelf, wanted, settings.index_engine_revision)


def _read_tuning(settings: Settings, engine: Engine) -> Tuning:
    given = {name: getattr(settings, setting) for name, setting in _PARAMETERS.items()}
    said_as = {name: setting.upper() for name, setting in _PARAMETERS.items()}
    try:
        return tune(engine, given, said_as)
    except InvalidRequest as error:
        raise BadSettings(error.message) from error


def _says_engine(settings: Settings) -> bool:
    said = ("index_engine", *_PARAMETERS.values())
    return any(getattr(settings, name) is not None for name in said)


def _sole_of(charge: Charge | None, settings: OperatorSettings) -> Sole | None:
    if charge is None:
        return None
    return Sole(charge.uid, charge.new.name, settings.index_aliases_file)
