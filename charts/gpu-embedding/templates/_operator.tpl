{{/*
The operator: the file of its defaults (docs/operator.md).
*/}}

{{/* What indexes get that do not say it themselves, as embedding_operator/defaults.py reads it. */}}
{{- define "gpu-embedding.operator.defaults" -}}
{{- with .Values.defaults -}}
model: {{ .model | default (include "gpu-embedding.server.servedModel" $) | quote }}
encoder:
  url: {{ .encoder.url | default (include "gpu-embedding.server.url" $) | quote }}
  {{- with .encoder.secret }}
  secret: {{ . | quote }}
  {{- end }}
database:
  type: {{ .database.type }}
  {{- with .database.secret }}
  secret: {{ . | quote }}
  {{- end }}
  key: {{ .database.key | quote }}
  size: {{ .database.size }}
  {{- with .database.storageClassName | default $.Values.global.storageClass }}
  storageClassName: {{ . | quote }}
  {{- end }}
storage:
  type: {{ .storage.type }}
  {{- with .storage.s3 }}
  {{- if .bucket }}
  s3:
    bucket: {{ .bucket | quote }}
    {{- range $key := list "prefix" "endpoint" "region" }}
    {{- with get $.Values.defaults.storage.s3 $key }}
    {{ $key }}: {{ . | quote }}
    {{- end }}
    {{- end }}
    {{- with .secret }}
    secret:
      name: {{ . | quote }}
    {{- end }}
  {{- end }}
  {{- end }}
{{- with .authSecret }}
authSecret: {{ . | quote }}
{{- end }}
images:
  index: {{ include "gpu-embedding.image" (dict "context" $ "image" .images.index) | quote }}
  server: {{ include "gpu-embedding.image" (dict "context" $ "image" $.Values.server.image) | quote }}
  pullPolicy: {{ .images.index.pullPolicy }}
  {{- with .images.pullSecrets | default $.Values.global.imagePullSecrets }}
  pullSecrets:
    {{- range . }}
    - {{ .name | quote }}
    {{- end }}
  {{- end }}
allowed:
  {{- toYaml .allowed | nindent 2 }}
bounds:
  {{- toYaml .bounds | nindent 2 }}
peers:
  {{- include "gpu-embedding.selector" (dict "context" $ "component" "operator") | nindent 2 }}
{{- end }}
{{- end }}
