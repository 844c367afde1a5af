{{- define "rolesanywhere.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "rolesanywhere.injector.labels" -}}
app.kubernetes.io/name: rolesanywhere-injector
app.kubernetes.io/part-of: rolesanywhere
{{- end }}

{{/* The configuration file: what the chart knows, under what the values say. */}}
{{- define "rolesanywhere.injector.config" -}}
{{- $sidecar := dict "image" (include "rolesanywhere.image" .) }}
{{- $base := dict "apiVersion" "rolesanywhere.io/v1alpha1" "kind" "InjectorConfiguration" "sidecar" $sidecar }}
{{- toYaml (mergeOverwrite $base (deepCopy .Values.injector.config)) }}
{{- end }}
