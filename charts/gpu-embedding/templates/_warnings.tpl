{{/*
What is allowed and may surprise; NOTES.txt says it.
*/}}

{{- define "gpu-embedding.warnings" }}
{{- if .Values.server.enabled }}
{{- if not .Values.auth.enabled }}
- auth.enabled is false: whoever reaches the tier may use it.
{{- else if and .Values.operator.enabled (not .Values.defaults.encoder.secret) }}
- The tier asks for keys and defaults.encoder.secret is empty: indexes cannot embed unless they name a Secret themselves.
{{- end }}
{{- if and .Values.auth.enabled (not .Values.tests.apiKey.existingSecret) .Values.tests.enabled }}
- tests.apiKey.existingSecret is empty: `helm test` only sees to it that nobody gets in without a key.
{{- end }}
{{- if and (eq .Values.model.source "hub") (eq .Values.modelCache.type "emptyDir") }}
- modelCache.type is emptyDir: each new pod downloads the model again.
{{- end }}
{{- if and (eq .Values.model.source "hub") (not .Values.model.revision) }}
- model.revision is empty: a new pod takes what the hub has then. Pin a commit.
{{- end }}
{{- if eq .Values.modelCache.type "hostPath" }}
- modelCache.type is hostPath: Pod Security "restricted" and "baseline" refuse such pods, and user 10001 must be able to write to {{ .Values.modelCache.hostPath }}.
{{- end }}
{{- if hasPrefix "hashing:" .Values.model.name }}
- {{ .Values.model.name }} is no model: its vectors say nothing about what a text means.
{{- end }}
{{- if and .Release.IsUpgrade .Values.operator.enabled }}
- Another model than before (now {{ include "gpu-embedding.server.servedModel" . }}) would be refused by indexes that are there: vectors of two models do not compare. For another model install a second release.
{{- end }}
{{- end }}
{{- if and .Values.crds.enabled (not .Values.crds.keep) }}
- crds.keep is false: with this release every EmbeddingIndex of the cluster goes.
{{- end }}
{{- if not .Values.networkPolicy.enabled }}
- networkPolicy.enabled is false: whoever is in the cluster reaches all ports of these pods.
{{- end }}
{{- if and .Values.operator.enabled (eq (int .Values.operator.replicaCount) 0) }}
- operator.replicaCount is 0: indexes serve on, but nothing of them is changed, backed up or scaled.
{{- end }}
{{- end }}
