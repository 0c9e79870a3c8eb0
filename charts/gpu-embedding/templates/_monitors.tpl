{{/*
How the Prometheus Operator is told to scrape.
*/}}

{{/*
What every endpoint has. Needs: settings, which is `metrics.serviceMonitor` or `metrics.podMonitors`.
May have: relabelings and metricRelabelings, before those of the settings.
*/}}
{{- define "gpu-embedding.monitor" -}}
{{- $own := dict -}}
{{- range $key := list "relabelings" "metricRelabelings" }}
{{- $_ := set $own $key (concat (get $ $key | default list) (get $.settings $key)) }}
{{- end -}}
path: /metrics
{{- range $key := list "interval" "scrapeTimeout" "relabelings" "metricRelabelings" }}
{{- with get (merge $own $.settings) $key }}
{{ dict $key . | toYaml }}
{{- end }}
{{- end }}
{{- end }}
