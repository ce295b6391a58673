{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{/* The release's name is that of all objects. */}}
{{- define "mpijobd.labels" -}}
{{ include "mpijobd.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "mpijobd.selector" -}}
app.kubernetes.io/name: mpijobd
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The Secret of http.tls; empty: none. */}}
{{- define "mpijobd.tlsSecret" -}}
{{- with .Values.http.tls }}{{ .secretName }}{{ end -}}
{{- end }}

{{/* mpijobd.yaml: what the chart's own values say, and `config` over it. */}}
{{- define "mpijobd.config" -}}
{{- $c := dict "policies" (list "/policies") "state" "/var/lib/mpijobd/own/state.db" "log" (dict "format" "json") -}}
{{- with .Values.namespaces }}{{ $_ := set $c "namespaces" . }}{{ end -}}
{{- if .Values.leaderElection.enabled }}{{ $_ := set $c "leader_election" (dict "lease" .Release.Name) }}{{ end -}}
{{- if .Values.sharding.enabled }}{{ $_ := set $c "sharding" (dict "lease" .Release.Name "shards" .Values.sharding.shards) }}{{ end -}}
{{- if .Values.http.enabled -}}
{{- $t := dict "read" "/run/secrets/mpijobd/read" -}}
{{- if .Values.http.write }}{{ $_ := set $t "write" "/run/secrets/mpijobd/write" }}{{ end -}}
{{- $_ := set $c "tokens" $t -}}
{{- end -}}
{{- if include "mpijobd.tlsSecret" . -}}
{{- if not .Values.http.enabled }}{{ fail "http.tls needs http.enabled: there is no port to serve HTTPS at without it" }}{{ end -}}
{{- if .Values.config.tls }}{{ fail "http.tls.secretName and config.tls both say which certificate the port has: leave one of them out" }}{{ end -}}
{{- $_ := set $c "tls" (dict "certificate" "/run/secrets/mpijobd-tls/tls.crt" "key" "/run/secrets/mpijobd-tls/tls.key") -}}
{{- end -}}
{{ toYaml (mergeOverwrite $c (deepCopy .Values.config)) }}
{{- end }}

{{/* What the port serves, and its name, by which meshes know it, too: `config.tls` may name a pair from elsewhere. */}}
{{- define "mpijobd.scheme" -}}
{{ if or (include "mpijobd.tlsSecret" .) .Values.config.tls }}https{{ else }}http{{ end }}
{{- end }}

{{- define "mpijobd.configName" -}}
{{ .Release.Name }}-config-{{ include "mpijobd.config" . | sha256sum | trunc 10 }}
{{- end }}

{{/* Not empty: several pods, which take Leases. */}}
{{- define "mpijobd.several" -}}
{{- if and .Values.leaderElection.enabled .Values.sharding.enabled }}{{ fail "leaderElection and sharding exclude each other" }}{{ end -}}
{{- if or .Values.leaderElection.enabled .Values.sharding.enabled }}yes{{ end -}}
{{- end }}

{{/* A key of config.leader_election or config.sharding, or what it is by default. */}}
{{- define "mpijobd.lead" -}}
{{- $own := get .root.Values.config (ternary "sharding" "leader_election" .root.Values.sharding.enabled) -}}
{{- if kindIs "map" $own }}{{ get $own .key | default .default }}{{ else }}{{ .default }}{{ end -}}
{{- end }}

{{- define "mpijobd.subject" -}}
- kind: ServiceAccount
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
{{- end }}
