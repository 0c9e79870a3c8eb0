{{/*
Images. Each comes from `global.imageRegistry` where that is set.
*/}}

{{/* An image's whole name. Needs: context, image. */}}
{{- define "gpu-embedding.image" -}}
{{- with .context.Values.global.imageRegistry | default .image.registry }}{{ . }}/{{ end }}
{{- .image.repository }}:{{ .image.tag | default .context.Chart.AppVersion }}
{{- with .image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* `image` and `imagePullPolicy` of a container. Needs: context, image. */}}
{{- define "gpu-embedding.container.image" -}}
image: {{ include "gpu-embedding.image" . | quote }}
imagePullPolicy: {{ .image.pullPolicy }}
{{- end }}
