from databases import postgresql, postgresql_url, record_folder

__all__ = ["postgresql", "postgresql_url", "record_folder"]
