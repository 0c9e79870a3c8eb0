from databases import postgresql, postgresql_url, record, record_folder, record_url, sqlite_url
from object_stores import object_store, s3_place

__all__ = [
    "object_store",
    "postgresql",
    "postgresql_url",
    "record",
    "record_folder",
    "record_url",
    "s3_place",
    "sqlite_url",
]
