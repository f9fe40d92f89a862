{{- define "aspis.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{- define "aspis.selector" -}}
app.kubernetes.io/name: aspis
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "aspis.labels" -}}
{{ include "aspis.selector" . }}
app.kubernetes.io/component: agent
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "aspis.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- /* The configuration: what values say, and what belongs to the pod. */ -}}
{{- define "aspis.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "profiles" (list "/etc/aspis/profiles.d") -}}
{{- if .Values.metrics.enabled -}}
{{- $_ := set $config "metrics" (printf "0.0.0.0:%d" (int .Values.metrics.port)) -}}
{{- end -}}
{{- if not .Values.pins -}}
{{- $_ := set $config "pins" "" -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "aspis.securityContext" -}}
privileged: false
runAsUser: 0
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
  add:
    {{- toYaml .Values.capabilities | nindent 4 }}
# Runtimes' profiles allow bpf and perf_event_open to who has the capabilities.
seccompProfile: {type: RuntimeDefault}
# The runtimes' AppArmor profile forbids to look at processes of others.
appArmorProfile: {type: Unconfined}
{{- with .Values.seLinuxOptions }}
seLinuxOptions:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
