"""The chart's values: typed here, and written from here.

`values.yaml` with its comments, `values.schema.json` and the table of the README are three views
of the models of this folder. They stand beside the other generators, not in the operator: what
ships in an image has no use of them.
"""
