"""What the operator asks of the server of one index, on ADMIN_PORT: docs/operator-port.md."""
