{{/*
Who the pods are, and what the operator may do.
*/}}

{{/* A ServiceAccount. Its token is mounted by pods that say so, and by none else. Needs: context, component. */}}
{{- define "gpu-embedding.serviceAccount" -}}
{{- $own := (index .context.Values .component).serviceAccount }}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "gpu-embedding.metadata" (merge (dict "name" $own.name "annotations" $own.annotations) .) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}

{{/* Namespaces in which the operator has a Role, as a list in YAML; none where it has a ClusterRole. */}}
{{- define "gpu-embedding.operator.namespaces" -}}
{{- if not .Values.operator.watch.clusterWide }}
{{- .Values.operator.watch.namespaces | uniq | sortAlpha | toYaml }}
{{- end }}
{{- end }}

{{/* `subjects` and `roleRef`. Needs: context, kind and name of the role. */}}
{{- define "gpu-embedding.operator.binding" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "gpu-embedding.serviceAccountName" (dict "context" .context "component" "operator") | quote }}
    namespace: {{ include "gpu-embedding.namespace" .context | quote }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
{{- end }}

{{/* All that it does with indexes and their children. A test holds this to the calls that it makes. */}}
{{- define "gpu-embedding.operator.rules" -}}
rules:
  - apiGroups: [gpu-embedding.io]
    resources: [embeddingindexes]
    verbs: [get, list, watch, patch]
  - apiGroups: [gpu-embedding.io]
    resources: [embeddingindexsnapshots]
    verbs: [list, watch, create, delete]
  - apiGroups: [gpu-embedding.io]
    resources: [embeddingindexes/status, embeddingindexsnapshots/status]
    verbs: [patch]
  # To own children that hold up its deletion, where admission asks for it.
  - apiGroups: [gpu-embedding.io]
    resources: [embeddingindexes/finalizers]
    verbs: [update]
  - apiGroups: [""]
    resources: [services, configmaps, persistentvolumeclaims]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [apps]
    resources: [deployments]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [batch]
    resources: [jobs]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [networking.k8s.io]
    resources: [ingresses, networkpolicies]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [policy]
    resources: [poddisruptionbudgets]
    verbs: [get, list, watch, create, patch, delete]
  - apiGroups: [""]
    resources: [pods]
    verbs: [list, watch]
  # Whether it is going, when an index in it is.
  - apiGroups: [""]
    resources: [namespaces]
    verbs: [get]
  # Another autoscaler, on an index that scales by itself, is told.
  - apiGroups: [autoscaling]
    resources: [horizontalpodautoscalers]
    verbs: [list]
  - apiGroups: [events.k8s.io]
    resources: [events]
    verbs: [list, create]
{{- end }}
