from databases import postgresql, postgresql_url, record, record_folder, record_url, sqlite_url

__all__ = ["postgresql", "postgresql_url", "record", "record_folder", "record_url", "sqlite_url"]
