from object_stores import folder_place, object_store, place, s3_place, store

__all__ = ["folder_place", "object_store", "place", "s3_place", "store"]
