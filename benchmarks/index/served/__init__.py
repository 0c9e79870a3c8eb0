"""The server as a user has it: a process of its own, reached over HTTP."""
