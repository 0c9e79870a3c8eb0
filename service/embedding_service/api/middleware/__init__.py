"""What every request goes through: plain ASGI, one concern a file; application.py has the order."""
