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
{{- if (.Values.injector.certificateCheck).enabled }}
{{- $_ := set $base "missingCertificates" "warn" }}
{{- end }}
{{- toYaml (mergeOverwrite $base (deepCopy .Values.injector.config)) }}
{{- end }}

{{- define "rolesanywhere.pull-secrets.labels" -}}
app.kubernetes.io/name: rolesanywhere-pull-secrets
app.kubernetes.io/part-of: rolesanywhere
{{- end }}

{{/* Flags from the values; what is not given is left to the program. */}}
{{- define "rolesanywhere.pull-secrets.args" -}}
{{- with .Values.pullSecrets }}
- {{ printf "--trust-anchor-arn=%s" .identity.trustAnchorArn | quote }}
- {{ printf "--profile-arn=%s" .identity.profileArn | quote }}
- {{ printf "--role-arn=%s" .identity.roleArn | quote }}
{{- range .registries }}
- {{ printf "--registry=%s" . | quote }}
{{- end }}
{{- if ne .secretName "ecr-pull-secret" }}
- {{ printf "--secret-name=%s" .secretName | quote }}
{{- end }}
{{- if .scoped }}
- --scoped
{{- end }}
{{- range .namespaces }}
- {{ printf "--namespace=%s" . | quote }}
{{- end }}
{{- range .excludedNamespaces }}
- {{ printf "--exclude-namespace=%s" . | quote }}
{{- end }}
{{- with .namespaceSelector }}
- {{ printf "--namespace-selector=%s" . | quote }}
{{- end }}
{{- range .serviceAccounts }}
- {{ printf "--service-account=%s" . | quote }}
{{- end }}
{{- range .extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
