{{/*
How the Prometheus Operator is told to scrape.
*/}}

{{/* What every endpoint has. Needs: one of `metrics.serviceMonitor` and `metrics.podMonitors`. */}}
{{- define "gpu-embedding.monitor" -}}
path: /metrics
{{- range $key := list "interval" "scrapeTimeout" "relabelings" "metricRelabelings" }}
{{- with get $ $key }}
{{ dict $key . | toYaml }}
{{- end }}
{{- end }}
{{- end }}
