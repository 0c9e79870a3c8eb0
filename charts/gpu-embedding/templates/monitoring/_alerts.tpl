{{/*
Alerts: those of files/rules for what is installed and scraped, as `metrics.prometheusRule.overrides`
has them. docs/alerts.md has what each asks of a person.
*/}}

{{/* Files of alerts that can ever fire here, as a list in JSON. */}}
{{- define "gpu-embedding.alerts.files" -}}
{{- $hasTier := and .Values.server.enabled .Values.metrics.serviceMonitor.enabled }}
{{- $hasOperator := and .Values.operator.enabled .Values.metrics.podMonitors.enabled }}
{{- concat (ternary (list "tier") list $hasTier) (ternary (list "indexes" "operator") list $hasOperator) | toJson }}
{{- end }}

{{/* Groups of one file, with names for its @…@. Needs: context, file. */}}
{{- define "gpu-embedding.alerts.groups" -}}
{{- $fullname := include "gpu-embedding.fullname" .context }}
{{- $namespace := include "gpu-embedding.namespace" .context }}
{{- .context.Files.Get (printf "files/rules/%s.yaml" .file)
  | replace "@NAMESPACE@" $namespace
  | replace "@RELEASE@" $fullname
  | replace "@TIER@" (printf "%s-server-metrics" $fullname)
  | replace "@INDEXES@" (printf "%s/%s-indexes" $namespace $fullname)
  | replace "@OPERATOR@" (printf "%s/%s-operator" $namespace $fullname)
  | replace "@PROBES@" "/(livez|readyz|startupz|health|metrics)"
}}
{{- end }}

{{/* Rules as Prometheus takes them, but for those that are turned off. Needs: settings, rules. */}}
{{- define "gpu-embedding.alerts.rules" -}}
{{- $page := .settings.runbookBaseURL | trimSuffix "/" | default "docs" }}
{{- range $rule := .rules }}
{{- $override := get $.settings.overrides $rule.alert | default dict }}
{{- $for := $override.for | default $rule.for }}
{{- $threshold := kindIs "invalid" $override.threshold | ternary $rule.threshold $override.threshold }}
{{- $changes := dict
  "for" $for
  "labels" (dict "severity" ($override.severity | default $rule.labels.severity))
  "annotations" (dict "runbook_url" (printf "%s/alerts.md#%s" $page (lower $rule.alert)))
}}
{{- if ne $override.enabled false }}
{{ merge $changes (omit $rule "threshold") | list | toYaml | replace "@FOR@" $for | replace "@THRESHOLD@" (toString $threshold) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What is wrong with `metrics.prometheusRule`, as `gpu-embedding.faults` has it. */}}
{{- define "gpu-embedding.faults.alerts" }}
{{- $settings := .Values.metrics.prometheusRule }}
{{- if and $settings.enabled (not (include "gpu-embedding.alerts.files" . | fromJsonArray)) }}
- metrics.prometheusRule.enabled: nothing that it watches is scraped; set metrics.serviceMonitor.enabled (with server.enabled) or metrics.podMonitors.enabled (with operator.enabled)
{{- end }}
{{- $known := dict }}
{{- range $file := list "tier" "indexes" "operator" }}
{{- range (include "gpu-embedding.alerts.groups" (dict "context" $ "file" $file) | fromYaml).groups }}
{{- range .rules }}
{{- $_ := set $known .alert . }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $override := $settings.overrides }}
{{- $rule := get $known $name }}
{{- if not $rule }}
- metrics.prometheusRule.overrides.{{ $name }}: there is no such alert; there are {{ keys $known | sortAlpha | join ", " }}
{{- else if and (not (kindIs "invalid" $override.threshold)) (not (hasKey $rule "threshold")) }}
- metrics.prometheusRule.overrides.{{ $name }}.threshold: this alert has none; take it away
{{- end }}
{{- end }}
{{- end }}
