{{/*
Labels, and the head of every object.
*/}}

{{/* Finds a component's pods. Immutable for ever: three labels, no more. Needs: context, component. */}}
{{- define "gpu-embedding.selector" -}}
app.kubernetes.io/name: {{ include "gpu-embedding.name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* The chart's own labels of an object, but not of pods, which a new version would restart. */}}
{{- define "gpu-embedding.labels" -}}
{{ include "gpu-embedding.selector" . }}
app.kubernetes.io/part-of: gpu-embedding
app.kubernetes.io/version: {{ .context.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .context.Chart.Name .context.Chart.Version | replace "+" "_" }}
{{- end }}

{{/*
`metadata` of an object. Needs: context, component. May have: suffix, which ends its name instead of
the component; name, instead of a name made so; namespace; cluster, for an object without one;
labels; annotations.
*/}}
{{- define "gpu-embedding.metadata" -}}
{{- $suffix := .suffix | default .component }}
{{- $made := printf "%s-%s" (include "gpu-embedding.fullname" .context) $suffix }}
{{- if .cluster -}}
name: {{ .name | default (include "gpu-embedding.clusterName" (dict "context" .context "suffix" $suffix)) | quote }}
{{- else -}}
name: {{ .name | default $made | quote }}
namespace: {{ .namespace | default (include "gpu-embedding.namespace" .context) | quote }}
{{- end }}
labels:
  {{- merge (include "gpu-embedding.labels" . | fromYaml) (.labels | default dict) .context.Values.global.commonLabels | toYaml | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) .context.Values.global.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
