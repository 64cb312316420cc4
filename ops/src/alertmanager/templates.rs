//! What is said of a group of alerts: what it is, what to do, and where to look.

use crate::kit::Kit;
use crate::place::filled;

/// The templates.
pub(crate) fn file(kit: &Kit) -> String {
    let places = [
        ("DASHBOARDS", kit.dashboards.as_str()),
        ("TRACES", &kit.traces),
        ("UID", &kit.dashboard("api-performance")),
        ("JOB", &kit.job),
    ];
    filled(TEMPLATES, &places)
}

// A service is looked up in Jaeger by its name, which is the job's.
const TEMPLATES: &str = r#"{{ define "ecolaura.title" -}}
[{{ .Status | toUpper }}{{ if eq .Status "firing" }}{{ with .CommonLabels.severity }} {{ . | toUpper }}{{ end }}{{ end }}] {{ .GroupLabels.alertname }}{{ with .GroupLabels.job }} of {{ . }}{{ end }}{{ with .GroupLabels.environment }} in {{ . }}{{ end }}{{ if gt (len .Alerts.Firing) 1 }} ({{ len .Alerts.Firing }}){{ end }}
{{- end }}

{{ define "ecolaura.where" }}{{ with .journey }}: {{ . }}{{ end }}{{ with .step }}, step {{ . }}{{ end }}{{ with .instance }}: {{ . }}{{ end }}{{ end }}

{{ define "ecolaura.page" -}}
{{ template "ecolaura.title" . }}{{ if eq (len .Alerts.Firing) 1 }}{{ range .Alerts.Firing }}{{ template "ecolaura.where" .Labels }}{{ end }}{{ else }}{{ template "ecolaura.where" .CommonLabels }}{{ end }}
{{- end }}

{{ define "ecolaura.alert" -}}
{{ with .Annotations.summary }}{{ . }}{{ else }}{{ range .Labels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}{{ end }}
{{ with .Annotations.description }}{{ . }}
{{ end }}{{ with .Annotations.runbook_url }}What to do: {{ . }}
{{ end }}{{ if eq .Labels.job "JOB" }}Dashboard: DASHBOARDS/d/UID{{ with .Labels.environment }}?var-environment={{ . | urlquery }}{{ end }}
Traces: TRACES/search?service=JOB&lookback=1h
{{ end }}Since {{ .StartsAt.UTC.Format "2006-01-02 15:04 UTC" }}{{ if eq .Status "resolved" }} until {{ .EndsAt.UTC.Format "2006-01-02 15:04 UTC" }}{{ end }}

{{ end }}

{{ define "ecolaura.text" -}}
{{ range .Alerts.Firing }}{{ template "ecolaura.alert" . }}{{ end -}}
{{ if .Alerts.Firing }}{{ with .Alerts.Resolved }}Over, {{ len . }} of them:

{{ end }}{{ end -}}
{{ range .Alerts.Resolved }}{{ template "ecolaura.alert" . }}{{ end -}}
{{- end }}
"#;
