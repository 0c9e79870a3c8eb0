from databases import postgresql_url, record_folder

__all__ = ["postgresql_url", "record_folder"]
