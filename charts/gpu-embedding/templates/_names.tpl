{{/*
Names. Every object is called fullname, or fullname and a suffix of 23 characters at most, so that
none is longer than the 63 that Kubernetes allows.
*/}}

{{- define "gpu-embedding.name" -}}
{{ .Values.nameOverride | default .Chart.Name }}
{{- end }}

{{- define "gpu-embedding.fullname" -}}
{{- $name := include "gpu-embedding.name" . }}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- include "gpu-embedding.fit" (dict "name" (.Values.fullnameOverride | default $full) "length" 40) }}
{{- end }}

{{/* A name of `length` characters at most. What is cut off is told apart by a digest. */}}
{{- define "gpu-embedding.fit" -}}
{{- if le (len .name) (int .length) }}
{{- .name }}
{{- else }}
{{- printf "%s-%s" (.name | trunc (int (sub .length 9)) | trimSuffix "-") (.name | sha256sum | trunc 8) }}
{{- end }}
{{- end }}

{{- define "gpu-embedding.namespace" -}}
{{ .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{/*
Name of an object without a namespace, or in somebody else's. A fullname has no dot, so two releases
never share one.
Needs: context, suffix.
*/}}
{{- define "gpu-embedding.clusterName" -}}
{{- $name := printf "%s-%s.%s" (include "gpu-embedding.fullname" .context) .suffix (include "gpu-embedding.namespace" .context) }}
{{- include "gpu-embedding.fit" (dict "name" $name "length" 63) }}
{{- end }}

{{/* Name of a component's ServiceAccount. Needs: context, component. */}}
{{- define "gpu-embedding.serviceAccountName" -}}
{{- $own := (index .context.Values .component).serviceAccount }}
{{- $own.name | default (printf "%s-%s" (include "gpu-embedding.fullname" .context) .component) }}
{{- end }}

{{/* Address of the tier in the cluster. */}}
{{- define "gpu-embedding.server.url" -}}
http://{{ include "gpu-embedding.fullname" . }}-server.{{ include "gpu-embedding.namespace" . }}.svc:{{ .Values.service.port }}
{{- end }}
