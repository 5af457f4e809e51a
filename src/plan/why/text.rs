//! The answer for reading. Its form is no contract; programs read the JSON.

use serde_json::Value;

use super::{Beaten, Because, Field, Input, Part, Place, Said, Stage, Why};
use crate::diag::render::Look;
use crate::diag::render::text::{Paint, Style, escape, width, wrap};
use crate::plan::text::counted;

/// The whole answer, as `look` wants it.
pub fn text(why: &Why, look: &Look) -> String {
    let mut page = Page { look, paint: Paint::new(look), lines: Vec::new() };
    if !why.selected {
        page.because(why);
        if let Some(stage) = &why.stage {
            page.stage(stage);
        }
    }
    let (said, defaults): (Vec<&Field>, Vec<&Field>) =
        why.fields.iter().partition(|field| why.selected || field.is_said());
    for field in said {
        page.field(field);
    }
    let defaults: Vec<String> = defaults
        .into_iter()
        .filter(|field| !is_nothing(&field.value))
        .map(|field| format!("{} = {}", field.name, field.value))
        .collect();
    if !defaults.is_empty() {
        page.gap();
        page.put(0, Style::Faint, &format!("by default: {}", defaults.join(", ")));
    }
    page.lines.join("\n") + "\n"
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

struct Page<'l> {
    look: &'l Look,
    paint: Paint,
    lines: Vec<String>,
}

impl Page<'_> {
    fn gap(&mut self) {
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
    }

    fn put(&mut self, indent: usize, style: Style, text: &str) {
        self.put_behind(&" ".repeat(indent), &" ".repeat(indent + 2), style, text);
    }

    /// `text` wrapped, the first line behind `first`, the others behind `rest`.
    fn put_behind(&mut self, first: &str, rest: &str, style: Style, text: &str) {
        for line in wrap(&escape(text), self.look.columns(), first, rest) {
            let (blank, words) = line.split_at(line.len() - line.trim_start().len());
            self.lines.push(format!("{blank}{}", self.paint.text(style, words)));
        }
    }

    fn plain(&mut self, indent: usize, text: &str) {
        let (first, rest) = (" ".repeat(indent), " ".repeat(indent + 2));
        self.lines.extend(wrap(&escape(text), self.look.columns(), &first, &rest));
    }

    /// The line of a place with the text that stands there.
    fn place(&mut self, indent: usize, place: &Place) {
        let at = at(place);
        let room = self.look.columns().saturating_sub(indent + width(&at) + 2);
        let text = escape(&place.text).into_owned();
        if room < 20 {
            self.put(indent, Style::Faint, &at);
            return self.plain(indent + 2, &text);
        }
        let shown = if width(&text) <= room { text } else { cut(&text, room, self.look.ellipsis()) };
        let blank = " ".repeat(indent);
        let (at, shown) = (self.paint.text(Style::Faint, &escape(&at)), self.paint.text(Style::Code, &shown));
        self.lines.push(format!("{blank}{at}  {shown}"));
    }

    fn because(&mut self, why: &Why) {
        let Because { kind, text, place, parts } = &why.because;
        let (component, cluster) = (&why.component, &why.cluster);
        let reason = match (*kind, why.runs) {
            ("on", true) => format!("`{text}` holds"),
            ("on", false) => format!("`{text}` does not hold"),
            ("hub", _) => "it is an object on the hub".to_string(),
            ("secret", true) => "a secret there reads it".to_string(),
            ("secret", false) => "no secret there reads it".to_string(),
            ("nothing", _) => "it has no `on`, and the cluster does not name it in `with`".to_string(),
            (word, _) => format!("the cluster names it in `{word}`"),
        };
        let verb = if why.runs { "runs" } else { "does not run" };
        self.put(0, Style::Strong, &format!("{component} {verb} on {cluster}: {reason}"));
        self.place(2, place);
        self.parts(parts, (*kind == "on").then_some(text.as_str()));
    }

    fn stage(&mut self, stage: &Stage) {
        self.gap();
        let Stage { rollout, name, number, of, .. } = stage;
        self.put(0, Style::Strong, &format!("stage {name} of {rollout}, {number} of {of}"));
        self.place(2, &stage.place);
        self.parts(&stage.parts, None);
    }

    fn parts(&mut self, parts: &[Part], whole: Option<&str>) {
        for part in parts {
            if whole != Some(part.text.as_str()) {
                let verb = if part.holds { "holds" } else { "does not hold" };
                self.plain(2, &format!("`{}` {verb} ({})", part.text, at(&part.place)));
            }
            self.inputs(&part.inputs, 4);
        }
    }

    fn inputs(&mut self, inputs: &[Input], indent: usize) {
        for input in inputs {
            let value = if input.value.is_null() { "not set".to_string() } else { format!("= {}", input.value) };
            let place = input.place.as_ref().map(|place| format!(" ({})", at(place))).unwrap_or_default();
            self.plain(indent, &format!("{} {value}: {}{place}", input.name, input.how));
        }
    }

    fn field(&mut self, field: &Field) {
        self.gap();
        let nothing = field.value.is_null() && field.from.as_ref().is_none_or(|from| from.layer == "default");
        let value = match nothing {
            true => "is not set here".to_string(),
            // What a block becomes is long, and stands in the source as good as the same.
            false if field.name.contains(' ') => "applies here".to_string(),
            false => format!("= {}", field.value),
        };
        self.put(0, Style::Strong, &format!("{} {value}", field.name));
        if let Some(from) = &field.from {
            if !nothing {
                let arrow = if self.look.unicode { "← " } else { "<- " };
                self.plain(2, &format!("{arrow}{}", layer(from)));
            }
            if let Some(place) = &from.place {
                self.place(4, place);
            }
        }
        self.inputs(&field.inputs, 4);
        for beaten in &field.beat {
            self.beaten(field, beaten);
        }
    }

    fn beaten(&mut self, field: &Field, Beaten { field: name, said, why }: &Beaten) {
        let name = if *name == field.name { String::new() } else { format!("{name} ") };
        let value = if said.value.is_null() { String::new() } else { format!("= {} ", said.value) };
        let word = if why == "says the same" { "and" } else { "beats" };
        let word = if field.from.as_ref().is_none_or(|from| from.layer == "default") { "not" } else { word };
        self.plain(2, &format!("{word} {name}{value}of {}: {why}", layer(said)));
        if let Some(place) = &said.place {
            self.place(4, place);
        }
    }
}

fn at(place: &Place) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

/// `component, on env == prod (2 clusters)`
fn layer(said: &Said) -> String {
    let word = match said.layer.as_str() {
        "default" => "the language's default",
        "secrets" => "what follows from secrets and stores",
        word => word,
    };
    match (&said.on, said.clusters) {
        (Some(on), Some(clusters)) => format!("{word}, `on {on}` ({})", counted(clusters, "cluster")),
        _ => word.to_string(),
    }
}

fn cut(text: &str, columns: usize, ellipsis: &str) -> String {
    let mut short = String::new();
    for c in text.chars() {
        if width(&short) + width(&c.to_string()) + width(ellipsis) > columns {
            break;
        }
        short.push(c);
    }
    short + ellipsis
}
