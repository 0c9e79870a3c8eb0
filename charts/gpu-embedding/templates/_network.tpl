{{/*
Rules that both NetworkPolicies have.
*/}}

{{/*
Names are looked up on these ports, wherever that is: a node's own cache is in no namespace. Many
networks see the port behind the Service, not the Service's own.
*/}}
{{- define "gpu-embedding.network.dns" -}}
- ports:
    {{- range .Values.networkPolicy.egress.dnsPorts }}
    - port: {{ . }}
      protocol: UDP
    - port: {{ . }}
      protocol: TCP
    {{- end }}
{{- end }}

{{/* Somewhere outside. Needs: cidrs, which are anywhere if empty, and ports. */}}
{{- define "gpu-embedding.network.outside" -}}
- ports:
    {{- range .ports }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
  {{- with .cidrs }}
  to:
    {{- range . }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* Pods of the operator's indexes. */}}
{{- define "gpu-embedding.network.indexPods" -}}
- podSelector:
    matchLabels:
      gpu-embedding.io/role: server
  {{- with include "gpu-embedding.operator.namespaces" . }}
  namespaceSelector:
    matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
          {{- . | nindent 10 }}
  {{- else }}
  namespaceSelector: {}
  {{- end }}
{{- end }}
