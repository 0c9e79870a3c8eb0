"""Texts in, nearest documents out: what needs both the models and the indexes."""
