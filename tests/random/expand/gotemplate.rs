//! Go templates as Argo CD renders them, as far as fleetc may use them: `{{.name}}` and literal strings.
//!
//! Argo CD 3.5, applicationset/utils: every string of the template, keys too, is a template of its own; values that
//! come in are not rendered again.

use std::collections::BTreeMap;

use serde_json::Value;

/// Renders every string below `value`.
pub fn render(value: &Value, element: &BTreeMap<String, String>) -> Result<Value, String> {
    Ok(match value {
        Value::String(template) => Value::String(render_text(template, element)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| render(item, element)).collect::<Result<_, String>>()?)
        }
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| Ok((render_text(key, element)?, render(value, element)?));
            Value::Object(entries.iter().map(entry).collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// Renders one string.
pub fn render_text(template: &str, element: &BTreeMap<String, String>) -> Result<String, String> {
    let mut result = String::new();
    let mut left = template;
    while let Some(start) = left.find("{{") {
        result += &left[..start];
        let (value, behind) = action(&left[start + 2..], element).map_err(|why| format!("{why} in {template:?}"))?;
        result += &value;
        left = behind;
    }
    Ok(result + left)
}

/// What stands between `{{` and `}}`, and the text behind it.
fn action<'t>(text: &'t str, element: &BTreeMap<String, String>) -> Result<(String, &'t str), String> {
    let text = text.trim_start();
    let (value, behind) = match text.chars().next() {
        Some('`') => {
            let end = text[1..].find('`').ok_or("a raw string that does not end")?;
            (text[1..=end].to_string(), &text[end + 2..])
        }
        Some('"') => quoted(text)?,
        Some('.') => {
            let name = |char: char| char.is_ascii_alphanumeric() || char == '_';
            let end = text[1..].find(|char| !name(char)).map_or(text.len(), |end| end + 1);
            let value =
                element.get(&text[1..end]).ok_or_else(|| format!("map has no entry for key {:?}", &text[1..end]))?;
            (value.clone(), &text[end..])
        }
        _ => return Err(format!("the tests cannot render {:?}", text.chars().take(20).collect::<String>())),
    };
    let behind = behind.trim_start().strip_prefix("}}").ok_or("more than a name or a string")?;
    Ok((value, behind))
}

/// An interpreted string of Go that JSON reads the same way.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            '"' if !escaped => {
                let value = serde_json::from_str(&text[..=at]).map_err(|error| error.to_string())?;
                return Ok((value, &text[at + 1..]));
            }
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    Err("a string that does not end".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str) -> Result<String, String> {
        let element = BTreeMap::from([("a".to_string(), "{{.b}}".to_string()), ("b".to_string(), "2".to_string())]);
        render_text(template, &element)
    }

    #[test]
    fn names_and_literal_braces() {
        assert_eq!(rendered("x-{{.b}}-{{ .a }}y").unwrap(), "x-2-{{.b}}y");
        assert_eq!(rendered("{{`{{ .Release.Name }}`}}").unwrap(), "{{ .Release.Name }}");
        assert_eq!(rendered("{{\"{{\"}} .x }} \\ {{\"\\\"`\"}}").unwrap(), "{{ .x }} \\ \"`");
        assert_eq!(rendered("}} and { {").unwrap(), "}} and { {");
    }

    #[test]
    fn what_argo_refuses() {
        assert!(rendered("{{.missing}}").is_err());
        assert!(rendered("{{ b }}").is_err());
        assert!(rendered("{{`open").is_err());
        assert!(rendered("{{").is_err());
    }
}
