{{/*
What values contradict each other, each with the way out. Single values are held by
values.schema.json. All faults are told at once.
*/}}

{{- define "gpu-embedding.faults" -}}
{{- range $room := list "names" "installation" "server" "gpu" "model" "auth" "exposure" "scaling" "operator" "defaults" "kinds" "alerts" }}
{{- include (printf "gpu-embedding.faults.%s" $room) $ }}
{{- end }}
{{- end }}

{{- define "gpu-embedding.faults.names" }}
{{- $full := include "gpu-embedding.fullname" . }}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $full) }}
- the release: {{ $full | quote }} cannot be a Service's name, which begins with a letter and has no dots; set fullnameOverride
{{- end }}
{{- range $key, $labels := dict "global.commonLabels" .Values.global.commonLabels "server.podLabels" .Values.server.podLabels "operator.podLabels" .Values.operator.podLabels }}
{{- range $name, $_ := $labels }}
{{- if or (hasPrefix "app.kubernetes.io/" $name) (hasPrefix "gpu-embedding.io/" $name) (hasPrefix "helm.sh/" $name) }}
- {{ $key }}: {{ $name }} is the chart's own, and pods are found by it; choose another name
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "gpu-embedding.faults.installation" }}
{{- if not (or .Values.server.enabled .Values.operator.enabled .Values.crds.enabled) }}
- server.enabled, operator.enabled, crds.enabled: with all three false nothing is installed; leave one true
{{- end }}
{{- range $component := list "server" "operator" }}
{{- with index $.Values $component }}
{{- if and .enabled (not .serviceAccount.create) (not .serviceAccount.name) }}
- {{ $component }}.serviceAccount: create is false, so its name must be there; set {{ $component }}.serviceAccount.name
{{- end }}
{{- range .env }}
{{- if and .value .valueFrom }}
- {{ $component }}.env: {{ .name }} has both value and valueFrom; leave one
{{- end }}
{{- end }}
{{- range .extraVolumes }}
{{- if has .name (list "defaults" "keys" "models" "tmp") }}
- {{ $component }}.extraVolumes: {{ .name }} is the name of a volume of the chart's own; choose another one
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "gpu-embedding.faults.server" }}
{{- with .Values.server }}
{{- $end := add .shutdown.delaySeconds .shutdown.graceSeconds }}
{{- if and .terminationGracePeriodSeconds (le (int .terminationGracePeriodSeconds) (int $end)) }}
- server.terminationGracePeriodSeconds: {{ .terminationGracePeriodSeconds }} s is over before a good end is ({{ $end }} s: server.shutdown); set more than {{ $end }}, or null
{{- end }}
{{- $own := concat (include "gpu-embedding.server.settings" $ | fromYaml | keys) (list "SERVICE_HOST" "ADMIN_PORT" "HF_TOKEN") }}
{{- range .env }}
{{- if or (has .name $own) (hasKey $.Values.server.config .name) }}
- server.env: {{ .name }} is set by the chart already; use the value that it is made of, or server.config
{{- end }}
{{- end }}
{{- if and (eq (default "" .strategy.type) "Recreate") .strategy.rollingUpdate }}
- server.strategy: Recreate has no rollingUpdate; take it away, with null
{{- end }}
{{- end }}
{{- end }}

{{- define "gpu-embedding.faults.gpu" }}
{{- with .Values.gpu }}
{{- if and (eq .mode "dra") .dra.existingClaimTemplate (gt (int .count) 1) }}
- gpu.count: how many GPUs a claim has is said in {{ .dra.existingClaimTemplate }} itself; set it to 1, or take gpu.dra.existingClaimTemplate away
{{- end }}
{{- range $kind := list "requests" "limits" }}
{{- if hasKey (index $.Values.server.resources $kind) $.Values.gpu.resourceName }}
- server.resources.{{ $kind }}: {{ $.Values.gpu.resourceName }} follows from gpu.count; set that, or gpu.enabled=false
{{- end }}
{{- end }}
{{- if and (not .enabled) (eq .mode "dra") }}
- gpu.mode: dra asks for GPUs, but gpu.enabled is false; set gpu.enabled=true, or gpu.mode=device-plugin
{{- end }}
{{- if and (not .enabled) (contains "nvidia" $.Values.server.runtimeClassName) }}
- server.runtimeClassName: {{ $.Values.server.runtimeClassName }} is for nodes with GPUs, but gpu.enabled is false; leave it empty
{{- end }}
{{- end }}
{{- end }}

{{- define "gpu-embedding.faults.model" }}
{{- $cache := .Values.modelCache }}
{{- if and .Values.server.enabled (include "gpu-embedding.server.isOnOneNode" .) (gt (include "gpu-embedding.server.mostReplicas" . | int) 1) }}
- modelCache.accessModes: {{ join ", " $cache.accessModes }} lets one node have the volume, but there may be {{ include "gpu-embedding.server.mostReplicas" . }} replicas; take ReadWriteMany, or modelCache.type=emptyDir
{{- end }}
{{- if and (eq .Values.model.source "pvc") (not (and (eq $cache.type "existingClaim") $cache.existingClaim)) }}
- model.source: pvc needs a claim with the model; set modelCache.type=existingClaim and modelCache.existingClaim
{{- else if and (eq $cache.type "existingClaim") (not $cache.existingClaim) }}
- modelCache.existingClaim: the claim needs its name; set it, or modelCache.type=pvc for one of the chart's own
{{- end }}
{{- if and (eq $cache.type "hostPath") (not $cache.hostPath) }}
- modelCache.hostPath: the folder needs its path; set it, or another modelCache.type
{{- end }}
{{- if and .Values.model.hfToken.existingSecret (ne .Values.model.source "hub") }}
- model.hfToken.existingSecret: nothing is asked of the hub, because model.source is {{ .Values.model.source }}; take it away
{{- end }}
{{- if and .Values.model.revision (regexMatch "^(package:|hashing:|[./~])" .Values.model.name) }}
- model.revision: only models of the hub have one, and {{ .Values.model.name }} is none; take it away
{{- end }}
{{- end }}

{{- define "gpu-embedding.faults.auth" }}
{{- with .Values.auth }}
{{- if and .enabled (not .existingSecret) (not .keys) }}
- auth: no key would let anybody in; set auth.existingSecret, or auth.keys, or auth.enabled=false
{{- end }}
{{- if and .existingSecret .keys }}
- auth: existingSecret and keys both say which keys there are; leave one
{{- end }}
{{- if and (not .enabled) (or .existingSecret .keys) }}
- auth.enabled: keys are given but not asked for; set auth.enabled=true
{{- end }}
{{- end }}
{{- end }}

{{- define "gpu-embedding.faults.exposure" }}
{{- if and (not .Values.server.enabled) (or .Values.ingress.enabled .Values.httpRoute.enabled) }}
- server.enabled: without the tier there is nothing behind its Ingress or HTTPRoute; set ingress.enabled=false and httpRoute.enabled=false
{{- end }}
{{- if and .Values.ingress.enabled .Values.httpRoute.enabled }}
- ingress.enabled, httpRoute.enabled: one way from outside is enough, and two may differ; leave one
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
- ingress.hosts: it would answer for every host of the cluster; name its own
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
- httpRoute.parentRefs: no Gateway would lead to it; name one
{{- end }}
{{- if and .Values.service.nodePort (eq .Values.service.type "ClusterIP") }}
- service.nodePort: a Service of type ClusterIP has none; set service.type=NodePort, or take it away
{{- end }}
{{- if and .Values.metrics.enabled (has (int .Values.metrics.port) (list 8001 8002)) }}
- metrics.port: {{ .Values.metrics.port }} is in use by the server itself; take another one, such as 9090
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) }}
- metrics.serviceMonitor.enabled: there are no metrics to scrape; set metrics.enabled=true
{{- end }}
{{- end }}

{{- define "gpu-embedding.faults.scaling" }}
{{- $fewest := include "gpu-embedding.server.fewestReplicas" . | int }}
{{- if and .Values.autoscaling.enabled .Values.keda.enabled }}
- autoscaling.enabled, keda.enabled: two autoscalers would fight over one Deployment; leave one
{{- end }}
{{- with .Values.autoscaling }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
- autoscaling.minReplicas: {{ .minReplicas }} is more than autoscaling.maxReplicas, {{ .maxReplicas }}; lower one, or raise the other
{{- end }}
{{- if and .enabled (not .metrics) (not .cpuUtilization) }}
- autoscaling.metrics: an autoscaler needs something to go by; name a metric
{{- end }}
{{- if and .enabled (not .metrics) .cpuUtilization $.Values.gpu.enabled }}
- autoscaling.cpuUtilization: CPU alone does not tell how busy GPUs are; name one of autoscaling.metrics as well
{{- end }}
{{- if and .enabled .metrics (not $.Values.metrics.enabled) }}
- autoscaling.metrics: pods do not tell them while metrics.enabled is false; set metrics.enabled=true
{{- end }}
{{- end }}
{{- if and .Values.keda.enabled (not .Values.keda.serverAddress) }}
- keda.serverAddress: KEDA needs the address of a Prometheus; set it
{{- end }}
{{- if and .Values.pdb.minAvailable .Values.pdb.maxUnavailable }}
- pdb: minAvailable and maxUnavailable exclude each other; leave one
{{- end }}
{{- if and .Values.pdb.enabled .Values.pdb.minAvailable (ge (int .Values.pdb.minAvailable) $fewest) }}
- pdb.minAvailable: of {{ $fewest }} pods {{ .Values.pdb.minAvailable }} must stay, so no node could ever be drained; lower it, or have more replicas
{{- end }}
{{- end }}

{{- define "gpu-embedding.faults.operator" }}
{{- with .Values.operator }}
{{- if gt (int .replicaCount) 1 }}
- operator.replicaCount: {{ .replicaCount }} operators would undo each other's work; set 1. Indexes serve on while it restarts
{{- end }}
{{- if and .enabled (not .watch.clusterWide) (not .watch.namespaces) }}
- operator.watch.namespaces: without clusterWide it must be told whose indexes it looks after; name them, or set operator.watch.clusterWide=true
{{- end }}
{{- if and .watch.clusterWide .watch.namespaces }}
- operator.watch.namespaces: with clusterWide it looks after all of them; set operator.watch.clusterWide=false, or name none
{{- end }}
{{- range .env }}
{{- if has .name (list "OPERATOR_NAMESPACE" "OPERATOR_RELEASE" "DEFAULTS_FILE" "WATCH_NAMESPACES" "CONCURRENCY" "RESYNC" "LOG_LEVEL" "HEALTH_PORT" "TMPDIR") }}
- operator.env: {{ .name }} is set by the chart already; use the value that it is made of
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "gpu-embedding.faults.defaults" }}
{{- with .Values.defaults }}
{{- if and $.Values.operator.enabled (not $.Values.server.enabled) (not .encoder.url) }}
- defaults.encoder.url: without a tier of its own the release must know whose embeds; set it, or server.enabled=true
{{- end }}
{{- if and (eq .database.type "PostgreSQL") (not .database.secret) }}
- defaults.database.secret: PostgreSQL needs the Secret with its address; set it
{{- end }}
{{- if and (eq .storage.type "S3") (not .storage.s3.bucket) }}
- defaults.storage.s3.bucket: S3 needs a bucket; set it
{{- end }}
{{- if and (eq .storage.type "Volume") .storage.s3.bucket }}
- defaults.storage.type: a bucket is named, but snapshots lie on volumes; set S3, or take the bucket away
{{- end }}
{{- end }}
{{- end }}

{{/*
Kinds that others bring. Without a cluster (`helm template`, `helm lint`) nobody knows which there
are: then no kind of Kubernetes' own is listed either, such as v1/Pod, but versions alone.
*/}}
{{- define "gpu-embedding.faults.kinds" }}
{{- $prometheus := list "monitoring.coreos.com/v1" "the Prometheus Operator" }}
{{- $wanted := dict
  "metrics.serviceMonitor" (prepend $prometheus .Values.metrics.serviceMonitor)
  "metrics.podMonitors" (prepend $prometheus .Values.metrics.podMonitors)
  "metrics.prometheusRule" (prepend $prometheus .Values.metrics.prometheusRule)
  "httpRoute" (list .Values.httpRoute "gateway.networking.k8s.io/v1" "the Gateway API")
  "keda" (list .Values.keda "keda.sh/v1alpha1" "KEDA")
}}
{{- if .Capabilities.APIVersions.Has "v1/Pod" }}
{{- range $key, $each := $wanted }}
{{- if and (first $each).enabled (not ($.Capabilities.APIVersions.Has (index $each 1))) }}
- {{ $key }}.enabled: this cluster does not know {{ index $each 1 }}; install {{ last $each }} first, or set {{ $key }}.enabled=false
{{- end }}
{{- end }}
{{- end }}
{{- end }}
