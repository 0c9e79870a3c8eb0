{{/*
The embedding tier: what follows from several values.
*/}}

{{/* Most pods that there will be at once. */}}
{{- define "gpu-embedding.server.mostReplicas" -}}
{{- include "gpu-embedding.server.isScaled" . | empty | ternary .Values.server.replicaCount .Values.autoscaling.maxReplicas }}
{{- end }}

{{/* Fewest pods that there will be while nothing fails. */}}
{{- define "gpu-embedding.server.fewestReplicas" -}}
{{- include "gpu-embedding.server.isScaled" . | empty | ternary .Values.server.replicaCount .Values.autoscaling.minReplicas }}
{{- end }}

{{/* Not empty where an autoscaler decides how many pods there are. */}}
{{- define "gpu-embedding.server.isScaled" -}}
{{- if or .Values.autoscaling.enabled .Values.keda.enabled }}true{{ end }}
{{- end }}

{{/* Not empty where one node at a time has the cache. */}}
{{- define "gpu-embedding.server.isOnOneNode" -}}
{{- if and (eq .Values.modelCache.type "pvc") (eq .Values.model.source "hub") (not (has "ReadWriteMany" .Values.modelCache.accessModes)) }}true{{ end }}
{{- end }}

{{/*
How pods are replaced. A second pod finds no GPU where all are taken, and no volume that another
node has: there the old one goes first.
*/}}
{{- define "gpu-embedding.server.strategy" -}}
{{- $isAlone := and (eq (include "gpu-embedding.server.mostReplicas" .) "1") .Values.gpu.enabled }}
{{- if .Values.server.strategy }}
{{- toYaml .Values.server.strategy }}
{{- else if or $isAlone (include "gpu-embedding.server.isOnOneNode" .) -}}
type: Recreate
{{- else -}}
type: RollingUpdate
rollingUpdate:
  maxSurge: {{ .Values.gpu.enabled | ternary 0 "25%" }}
  maxUnavailable: {{ .Values.gpu.enabled | ternary 1 0 }}
{{- end }}
{{- end }}

{{/* Seconds from SIGTERM to SIGKILL: ten more than a good end takes. */}}
{{- define "gpu-embedding.server.gracePeriod" -}}
{{- with .Values.server }}
{{- .terminationGracePeriodSeconds | default (add .shutdown.delaySeconds .shutdown.graceSeconds 10) }}
{{- end }}
{{- end }}

{{/* The model by the server's own notation: [name=]reference[@revision]. */}}
{{- define "gpu-embedding.server.model" -}}
{{- with .Values.model }}
{{- if or .servedName .revision }}{{ .servedName | default .name }}={{ end }}
{{- .name }}
{{- with .revision }}@{{ . }}{{ end }}
{{- end }}
{{- end }}

{{- define "gpu-embedding.server.servedModel" -}}
{{ .Values.model.servedName | default .Values.model.name }}
{{- end }}

{{/* Not empty where requests need a key. Name of the Secret that has the file of keys. */}}
{{- define "gpu-embedding.server.keysSecret" -}}
{{- if .Values.auth.enabled }}
{{- .Values.auth.existingSecret | default (printf "%s-server-keys" (include "gpu-embedding.fullname" .)) }}
{{- end }}
{{- end }}

{{/* `resources` of the container, its GPUs included. */}}
{{- define "gpu-embedding.server.resources" -}}
{{- $resources := deepCopy .Values.server.resources }}
{{- with .Values.gpu }}
{{- if and .enabled (eq .mode "dra") }}
{{- $resources = merge $resources (dict "claims" (list (dict "name" "gpu"))) }}
{{- else if .enabled }}
{{- $gpus := dict .resourceName .count }}
{{- $resources = mergeOverwrite $resources (dict "requests" $gpus) (dict "limits" $gpus) }}
{{- end }}
{{- end }}
{{- toYaml $resources }}
{{- end }}

{{/* The chart's own settings of the server, by name; docs/settings.md tells what they are. */}}
{{- define "gpu-embedding.server.settings" -}}
ALLOWED_MODELS: {{ join "," .Values.model.allowed | quote }}
API_KEYS_FILE: {{ include "gpu-embedding.server.keysSecret" . | empty | ternary "" "/etc/gpu-embedding/keys.toml" | quote }}
DATABASE_URL: none
DEVICE: {{ .Values.gpu.enabled | ternary "auto" "cpu" }}
EMBEDDING_MODEL: {{ include "gpu-embedding.server.model" . | quote }}
HF_HOME: /models
HF_HUB_OFFLINE: {{ eq .Values.model.source "hub" | ternary "" "1" | quote }}
METRICS_ENABLED: {{ .Values.metrics.enabled | quote }}
METRICS_PORT: {{ .Values.metrics.port | quote }}
SERVICE_PORT: "8001"
SHUTDOWN_DELAY: {{ .Values.server.shutdown.delaySeconds | quote }}
SHUTDOWN_GRACE: {{ .Values.server.shutdown.graceSeconds | quote }}
TMPDIR: /tmp
{{- end }}

{{/* The volume of the model; none where it is in the server's own image. */}}
{{- define "gpu-embedding.server.modelVolume" -}}
{{- $cache := .Values.modelCache }}
{{- if eq .Values.model.source "imageVolume" -}}
image:
  reference: {{ include "gpu-embedding.image" (dict "context" . "image" .Values.model.image) | quote }}
  pullPolicy: {{ .Values.model.image.pullPolicy }}
{{- else if eq .Values.model.source "pvc" -}}
persistentVolumeClaim:
  claimName: {{ $cache.existingClaim | quote }}
  readOnly: true
{{- else if eq .Values.model.source "hub" }}
{{- if eq $cache.type "emptyDir" -}}
emptyDir:
  sizeLimit: {{ $cache.size }}
{{- else if eq $cache.type "hostPath" -}}
hostPath:
  path: {{ $cache.hostPath | quote }}
  type: DirectoryOrCreate
{{- else -}}
persistentVolumeClaim:
  claimName: {{ eq $cache.type "pvc" | ternary (printf "%s-models" (include "gpu-embedding.fullname" .)) $cache.existingClaim | quote }}
{{- end }}
{{- end }}
{{- end }}
