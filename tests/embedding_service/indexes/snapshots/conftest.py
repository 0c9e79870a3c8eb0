from object_stores import folder_place, place, s3_place, store

__all__ = ["folder_place", "place", "s3_place", "store"]
