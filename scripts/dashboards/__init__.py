"""Grafana's dashboards of the chart: what is shown, one board a file, and how Grafana writes it."""
