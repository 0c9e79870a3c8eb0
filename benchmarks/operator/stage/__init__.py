"""What the operator acts on while it is measured: an API server, and who plays pods and people."""
