//! A short text for a tree: one line a declaration or entry, holes as `?`.

use std::fmt::Write as _;

use fleetc::syntax::ast::*;

/// The outline of a file.
pub fn outline(file: &File) -> String {
    let mut out = String::new();
    for item in &file.declarations {
        if let Some(doc) = &item.doc {
            writeln!(out, "doc {doc:?}").unwrap();
        }
        declaration(&mut out, &item.kind);
    }
    out
}

fn name(name: Option<&Name>) -> String {
    name.map_or("?".to_owned(), |name| name.text.clone())
}

fn declaration(out: &mut String, kind: &DeclarationKind) {
    match kind {
        DeclarationKind::Fleet(named) => self::named(out, "fleet", named),
        DeclarationKind::Source(named) => self::named(out, "source", named),
        DeclarationKind::Project(named) => self::named(out, "project", named),
        DeclarationKind::Template(named) => self::named(out, "template", named),
        DeclarationKind::Defaults(named) => self::named(out, "defaults", named),
        DeclarationKind::Rollout(named) => self::named(out, "rollout", named),
        DeclarationKind::Engine(engine) => {
            let instance = engine.name.as_ref().map_or(String::new(), |name| format!(" {}", name.text));
            writeln!(out, "{:?}{instance}{}", engine.engine, on(engine.on.as_ref())).unwrap();
            block(out, &engine.body, 1);
        }
        DeclarationKind::Label(field) => writeln!(out, "label {}", self::field(field)).unwrap(),
        DeclarationKind::Fact(field) => writeln!(out, "fact {}", self::field(field)).unwrap(),
        DeclarationKind::Cluster(cluster) => {
            let name = cluster.name.as_ref().map_or("?".to_owned(), text);
            write!(out, "cluster {name}").unwrap();
            for binding in &cluster.bindings {
                write!(out, " for {} in {}", binding.name.text, expr(&binding.values)).unwrap();
            }
            out.push('\n');
            block(out, &cluster.body, 1);
        }
        DeclarationKind::Group(group) => {
            writeln!(out, "group {} = {}", name(group.name.as_ref()), expr(&group.predicate)).unwrap();
        }
        DeclarationKind::Component(component) => {
            write!(out, "{}", component.form.word()).unwrap();
            if let Form::Object(kind) = &component.form {
                write!(out, " {}", name(kind.as_ref())).unwrap();
            }
            write!(out, " {}", name(component.name.as_ref())).unwrap();
            for path in &component.from {
                write!(out, " from {}", path.text()).unwrap();
            }
            writeln!(out, "{}", on(component.on.as_ref())).unwrap();
            block(out, &component.body, 1);
        }
        DeclarationKind::Change(change) => {
            let to = change.to.as_ref().map_or(String::new(), |to| format!(" to {}", to.text));
            let of = format!("{:?}", change.of).to_lowercase();
            writeln!(out, "change {of} {}{to}{}", change.name.text, on(change.on.as_ref())).unwrap();
        }
        DeclarationKind::Test(test) => {
            writeln!(out, "test {}", name(test.name.as_ref())).unwrap();
            for expectation in &test.expectations {
                self::expectation(out, &expectation.kind);
            }
            block(out, &test.body, 1);
        }
        DeclarationKind::Inventory(inventory) => named(out, "inventory", inventory),
    }
}

fn expectation(out: &mut String, kind: &ExpectationKind) {
    match kind {
        ExpectationKind::Error => writeln!(out, "  expect ?").unwrap(),
        ExpectationKind::Component { negated, name, on } => {
            let not = if *negated { "not " } else { "" };
            writeln!(out, "  expect {not}component {}{}", name.text, self::on(Some(on))).unwrap();
        }
        ExpectationKind::Cluster { name, components } => {
            writeln!(out, "  expect cluster {} runs {}", name.text, expr(components)).unwrap();
        }
        ExpectationKind::Deployment { name, on, body } => {
            writeln!(out, "  expect {}{}", name.text, self::on(Some(on))).unwrap();
            block(out, body, 2);
        }
    }
}

fn named(out: &mut String, keyword: &str, named: &Named) {
    writeln!(out, "{keyword} {}", name(named.name.as_ref())).unwrap();
    block(out, &named.body, 1);
}

fn on(predicate: Option<&Expr>) -> String {
    predicate.map_or(String::new(), |predicate| format!(" on {}", expr(predicate)))
}

fn field(field: &Field) -> String {
    let mut out = name(field.name.as_ref());
    if let Some(key) = &field.key {
        write!(out, " ({})", key.text).unwrap();
    }
    if let Some(ty) = &field.ty {
        let words: Vec<&str> = ty.alternatives.iter().map(|word| word.text.as_str()).collect();
        write!(out, ": {}{}", words.join(" | "), if ty.optional { "?" } else { "" }).unwrap();
    }
    if let Some(value) = &field.value {
        write!(out, " = {}", expr(value)).unwrap();
    }
    out
}

fn block(out: &mut String, block: &Block, depth: usize) {
    let margin = "  ".repeat(depth);
    for entry in &block.entries {
        out.push_str(&margin);
        match entry {
            Entry::Attribute(item) => writeln!(out, "{} = {}", item.key.text, expr(&item.value)).unwrap(),
            Entry::Param(param) => {
                let doc = param.doc.as_ref().map_or(String::new(), |doc| format!(" doc {doc:?}"));
                writeln!(out, "param {}{doc}", field(&param.field)).unwrap();
            }
            Entry::Operation(item) => {
                let value = item.value.as_ref().map_or(String::new(), |value| format!(" = {}", expr(value)));
                writeln!(out, "{} {}{value}", item.word.text, text(&item.pointer)).unwrap();
            }
            Entry::Block(item) => {
                let arguments: String = item.arguments.iter().map(|argument| format!(" {}", text(argument))).collect();
                writeln!(out, "{}{arguments}{} {{}}", item.keyword.text, on(item.on.as_ref())).unwrap();
                self::block(out, &item.body, depth + 1);
            }
        }
    }
}

fn text(text: &Text) -> String {
    let parts: String = text
        .parts
        .iter()
        .map(|part| match part {
            TextPart::Literal(text) => text.escape_debug().to_string(),
            TextPart::Name(name) => format!("<{}>", name.text),
        })
        .collect();
    format!("'{parts}'")
}

fn attributes(items: &[Attribute]) -> String {
    let items: Vec<String> = items.iter().map(|item| format!("{} = {}", item.key.text, expr(&item.value))).collect();
    format!("{{{}}}", items.join(", "))
}

fn all(items: &[Expr], between: &str) -> String {
    items.iter().map(expr).collect::<Vec<_>>().join(between)
}

fn expr(value: &Expr) -> String {
    match &value.kind {
        ExprKind::Error => "?".to_owned(),
        ExprKind::Null => "null".to_owned(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::Duration(value) => format!("{value}ms"),
        ExprKind::Share(value) => format!("{value}%"),
        ExprKind::Text(value) => text(value),
        ExprKind::Path(path) => path.text(),
        ExprKind::List(items) => format!("[{}]", all(items, ", ")),
        ExprKind::Map(items) => attributes(items),
        ExprKind::Tagged(name, items) => format!("{}{}", name.text, attributes(items)),
        ExprKind::If { branches, otherwise } => {
            let branches: String =
                branches.iter().map(|b| format!("{} -> {}; ", expr(&b.condition), expr(&b.value))).collect();
            format!("if({branches}{})", expr(otherwise))
        }
        ExprKind::Not(inner) => format!("not({})", expr(inner)),
        ExprKind::And(items) => format!("({})", all(items, " and ")),
        ExprKind::Or(items) => format!("({})", all(items, " or ")),
        ExprKind::Compare { left, negated, right } => {
            format!("({} {} {})", expr(left), if *negated { "!=" } else { "==" }, expr(right))
        }
        ExprKind::In { left, negated, values } => {
            format!("({} {} {})", expr(left), if *negated { "not in" } else { "in" }, expr(values))
        }
        ExprKind::Like { left, pattern } => format!("({} like {})", expr(left), expr(pattern)),
        ExprKind::Has(name) => format!("has({})", name.text),
    }
}
