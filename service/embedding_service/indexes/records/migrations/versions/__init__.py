"""One file a change of the schema, in order; a published one is never edited.

Programs of one minor version serve one database side by side, and the one before is gone back to:
so a change only adds, what it adds may be left out (a default, or NULL), and `compatibility` stays
as it is. One that programs before it cannot live with is for the next minor version, and writes its
own revision there: `op.execute("UPDATE compatibility SET oldest = '0005'")`.
"""
