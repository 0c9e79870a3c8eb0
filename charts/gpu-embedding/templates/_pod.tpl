{{/*
What pods of all components have in common. Each needs: context, component, and values, which is
`.Values.server` or `.Values.operator`.
*/}}

{{/* `metadata` of a pod: nothing in it changes with the chart's version. May have: annotations. */}}
{{- define "gpu-embedding.pod.metadata" -}}
labels:
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- include "gpu-embedding.selector" . | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) .values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Who a pod is, and where it runs. */}}
{{- define "gpu-embedding.pod.spec" -}}
serviceAccountName: {{ include "gpu-embedding.serviceAccountName" . | quote }}
enableServiceLinks: false
{{- with .context.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "gpu-embedding.pod.security" . | nindent 2 }}
{{- with merge (dict) .values.nodeSelector .context.Values.global.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with concat .context.Values.global.tolerations .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity | default (include "gpu-embedding.pod.affinity" . | fromYaml) }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  - {{- toYaml (merge (dict) . (dict "labelSelector" (dict "matchLabels" (include "gpu-embedding.selector" $ | fromYaml)))) | nindent 4 }}
  {{- end }}
{{- end }}
{{- range $key := list "priorityClassName" "runtimeClassName" "schedulerName" "hostAliases" "dnsConfig" }}
{{- with get $.values $key }}
{{ dict $key . | toYaml }}
{{- end }}
{{- end }}
{{- with .values.initContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Pod Security "restricted"; OpenShift chooses users itself. */}}
{{- define "gpu-embedding.pod.security" -}}
{{- $own := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") "fsGroupChangePolicy" "OnRootMismatch" }}
{{- if not .context.Values.openshift.enabled }}
{{- $own = merge $own (dict "runAsUser" 10001 "runAsGroup" 10001 "fsGroup" 10001) }}
{{- end }}
{{- mergeOverwrite $own .values.podSecurityContext | toYaml }}
{{- end }}

{{- define "gpu-embedding.container.security" -}}
{{- $own := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) }}
{{- mergeOverwrite $own .values.securityContext | toYaml }}
{{- end }}

{{/* One node for each replica of the tier, where there are enough. */}}
{{- define "gpu-embedding.pod.affinity" -}}
{{- if eq .component "server" }}
podAntiAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "gpu-embedding.selector" . | nindent 12 }}
{{- end }}
{{- end }}

{{/* Variables of a person's own, after the chart's. */}}
{{- define "gpu-embedding.container.env" -}}
{{- range .values.env }}
- name: {{ .name }}
  {{- if .valueFrom }}
  valueFrom:
    {{- toYaml .valueFrom | nindent 4 }}
  {{- else }}
  value: {{ .value | default "" | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What a probe asks. Needs: probe, path, port. */}}
{{- define "gpu-embedding.probe" -}}
httpGet:
  path: {{ .path }}
  port: {{ .port }}
{{ toYaml .probe }}
{{- end }}
