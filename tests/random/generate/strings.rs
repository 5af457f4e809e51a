//! Text that YAML readers, templates and shells like to misread.

/// Strings for values, annotations, patches.
pub const TRICKY: [&str; 48] = [
    "no", "yes", "on", "Off", "y", "~", "null", "true", "012", "0o7", "0x1F", "1e3", "1_000", "12:30:45", "1.0", "+1",
    "-0", ".inf", "NaN", "2001-01-01", "=", "<<", "", " ", "a ", " a", "- a", "? a", "a: b", "a #b", "#a", "*a", "&a",
    "!a", "%a", "@a", "`a`", "|", ">", "it's", "say \"hi\"", "back\\slash", "{{ .Release.Name }}",
    "{{`{{`}} and {{\"}}\"}}", "${x} and $$y $(z)", "$${twice}", "ünï 漢字 🚀", "{a: [b, c]}",
];

/// Strings with characters that cannot be seen, and long ones.
pub const HIDDEN: [&str; 14] = [
    "a\nb", "a\nb\n", "a\n\nb\n\n", "\na", "  indented\nless\n    more", "tab\there", "\tfirst", "cr\r\nlf", "nbsp\u{a0}x",
    "\u{2028}line", "\u{feff}bom", "trailing \nblank", "#!/bin/sh\nset -e\necho \"$HOME\" ${PATH}\n",
    "{{- if .x }}\n  y: {{ .Values.z | quote }}\n{{- end }}\n",
];

/// Plain words.
pub const PLAIN: [&str; 8] = ["fast", "debug", "registry.example.com/app", "100m", "1Gi", "v2", "info", "a-b_c.d"];
