//! Writes a fleet of the model as `.fleet` files, each time in other clothes.
//!
//! Two seeds: `dress` decides everything inside a declaration (order of attributes, separators, comments, quotes,
//! escapes), `order` only which file a declaration stands in and where. The same seeds give the same text.

use std::collections::BTreeMap;

use super::model::{
    Body, Change, Cluster, Clusters, Component, Expr, Field, Fleet, Max, Part, Patch, Pred, Presence, Project,
    Repository, Rollout, Source, Template, Type,
};
use super::reference::Bare;
use super::rng::Rng;
use super::text::{bare_name, comment, indent, quoted, string};

/// The files of a project: path and text.
pub type Files = BTreeMap<String, String>;

/// Writes `fleet`.
pub fn print(fleet: &Fleet, dress: u64, order: u64) -> Files {
    let mut printer = Printer { fleet, rng: Rng::new(dress, 2) };
    let head = printer.fleet();
    let declarations = printer.declarations();
    spread(head, declarations, &mut Rng::new(order, 3))
}

/// All files in one text, for people.
pub fn show(files: &Files) -> String {
    files.iter().map(|(path, text)| format!("# ---- {path}\n{text}\n")).collect()
}

/// Puts declarations into files. The `fleet` declaration marks the root, so its file lies there.
fn spread(head: String, mut declarations: Vec<String>, rng: &mut Rng) -> Files {
    let mut paths = vec!["clusters/all.fleet", "teams/a/apps.fleet", "b.fleet", "platform.fleet", "z/z.fleet"];
    rng.shuffle(&mut paths);
    paths.truncate(rng.below(4));
    let root = *rng.pick(&["fleet.fleet", "0.fleet", "root.fleet"]);
    paths.push(root);
    let mut files: BTreeMap<&str, Vec<String>> = BTreeMap::from([(root, vec![head])]);
    rng.shuffle(&mut declarations);
    for declaration in declarations {
        let file = files.entry(*rng.pick(&paths)).or_default();
        file.insert(rng.below(file.len() + 1), declaration);
    }
    files.into_iter().map(|(path, parts)| (path.to_string(), parts.join("\n"))).collect()
}

struct Printer<'a> {
    fleet: &'a Fleet,
    rng: Rng,
}

impl Printer<'_> {
    fn fleet(&mut self) -> String {
        let fleet = self.fleet;
        let mut entries = vec![format!("source = {}", self.name(&fleet.home))];
        if let Some(pred) = &fleet.protected {
            entries.push(format!("protected = {}", self.pred(pred, 0)));
        }
        if let Some(prefix) = &fleet.label_prefix {
            entries.push(format!("label-prefix = {}", quoted(prefix)));
        }
        if fleet.open {
            entries.push("inventory = open".into());
        }
        if fleet.argocd.is_some() && fleet.flux.is_some() {
            entries.push("migrating = true".into());
        }
        self.declaration(format!("fleet {}", self.fleet.name), entries)
    }

    fn declarations(&mut self) -> Vec<String> {
        let fleet = self.fleet;
        let mut all = self.engines();
        all.extend(fleet.sources.iter().map(|source| self.source(source)));
        all.extend(fleet.fields.iter().map(|field| {
            let keyword = if field.fact { "fact" } else { "label" };
            let field = self.field(field);
            self.dressed(format!("{keyword} {field}"))
        }));
        all.extend(fleet.clusters.iter().map(|cluster| self.cluster(cluster)));
        all.extend(fleet.groups.iter().map(|(name, pred)| {
            let group = format!("group {} = {}", self.declared(name), self.pred(pred, 0));
            self.dressed(group)
        }));
        all.extend(fleet.projects.iter().map(|project| self.project(project)));
        all.extend(fleet.rollouts.iter().map(|rollout| self.rollout(rollout)));
        all.extend(fleet.templates.iter().map(|template| self.template(template)));
        all.extend(fleet.components.iter().map(|component| self.component(component)));
        if let Some(body) = &fleet.defaults {
            let entries = self.body(body);
            all.push(self.declaration("defaults component".into(), entries));
        }
        if !fleet.cluster_defaults.is_empty() {
            let entries = self.set_fields(&fleet.cluster_defaults);
            all.push(self.declaration("defaults cluster".into(), entries));
        }
        all
    }

    fn engines(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(argocd) = &self.fleet.argocd {
            let mut entries = Vec::new();
            entries.extend(argocd.version.as_ref().map(|version| format!("version = {}", quoted(version))));
            entries.extend(argocd.namespace.as_ref().map(|name| format!("namespace = {}", self.name(name))));
            if argocd.by_server {
                entries.push("destination = server".into());
            }
            if argocd.progressive_syncs {
                entries.push("progressive-syncs = true".into());
            }
            if argocd.labels {
                entries.push("membership = labels".into());
            }
            if argocd.app_of_apps {
                entries.push("layout = app-of-apps".into());
            }
            all.push(self.shuffled("argocd".into(), entries));
        }
        if let Some(flux) = &self.fleet.flux {
            let mut entries = Vec::new();
            entries.extend(flux.version.as_ref().map(|version| format!("version = {}", quoted(version))));
            entries.extend(flux.namespace.as_ref().map(|name| format!("namespace = {}", self.name(name))));
            entries.extend(flux.interval.as_ref().map(|interval| format!("interval = {interval}")));
            if let Some((before, after)) = &flux.kubeconfig {
                entries.push(format!("kubeconfig = \"{before}${{cluster}}{after}\""));
            }
            if flux.pull {
                entries.push("mode = pull".into());
            }
            if flux.overlays {
                entries.push("layout = overlays".into());
            }
            if flux.hub_said && !flux.pull {
                entries.push("mode = hub".into());
            }
            all.push(self.shuffled("flux".into(), entries));
        }
        all
    }

    fn source(&mut self, source: &Source) -> String {
        let mut entries = vec![format!("{} = {}", source.kind, quoted(&source.url))];
        entries.extend(source.revision.as_ref().map(|(key, value)| format!("{key} = {}", quoted(value))));
        let head = format!("source {}", self.declared(&source.name));
        self.shuffled(head, entries)
    }

    /// `name: type = default` or `name = expression`
    fn field(&mut self, field: &Field) -> String {
        let mut text = match &field.key {
            Some(key) => format!("{} as {}", quoted(key), field.name),
            None => field.name.clone(),
        };
        if let Presence::Derived(expr) = &field.presence {
            return format!("{text} = {}", self.expr(expr, Bare::Itself));
        }
        text += ": ";
        text += &match &field.ty {
            Type::Choice(values) => {
                let values: Vec<String> = values.iter().map(|value| self.name(value)).collect();
                values.join(*self.rng.pick(&[" | ", " | ", "|", "\n  | "]))
            }
            Type::Text => "string".into(),
            Type::Bool => "bool".into(),
            Type::Int => "int".into(),
            Type::List => "list".into(),
        };
        match &field.presence {
            Presence::Optional => text += "?",
            Presence::Default(expr) => text += &format!(" = {}", self.expr(expr, position(&field.ty))),
            _ => {}
        }
        text
    }

    fn cluster(&mut self, cluster: &Cluster) -> String {
        let name = match cluster.name.as_slice() {
            [Part::Literal(name)] => self.declared(name),
            parts => string(parts, &mut self.rng),
        };
        let mut head = format!("cluster {name}");
        for (index, (variable, values)) in cluster.bindings.iter().enumerate() {
            let values: Vec<String> = values.iter().map(|value| self.expr(value, Bare::Itself)).collect();
            let word = if index == 0 { " for" } else { "," };
            head += &format!("{word} {variable} in [{}]", values.join(", "));
        }
        let mut entries = self.set_fields(&cluster.fields);
        for (key, names) in [("with", &cluster.with), ("without", &cluster.without)] {
            if !names.is_empty() {
                let names: Vec<String> = names.iter().map(|name| self.name(name)).collect();
                entries.push(format!("{key} = [{}]", names.join(", ")));
            }
        }
        entries.extend(cluster.server.as_ref().map(|server| format!("server = {}", string(server, &mut self.rng))));
        self.shuffled(head, entries)
    }

    fn set_fields(&mut self, fields: &BTreeMap<String, Expr>) -> Vec<String> {
        let fleet = self.fleet;
        let bare = |name: &str| fleet.field(name).map_or(Bare::Refers, |field| position(&field.ty));
        fields.iter().map(|(name, expr)| format!("{name} = {}", self.expr(expr, bare(name)))).collect()
    }

    fn project(&mut self, project: &Project) -> String {
        let mut entries = Vec::new();
        entries.extend(project.description.as_ref().map(|text| format!("description = {}", quoted(text))));
        let sources: Vec<String> = project
            .sources
            .iter()
            .map(|source| match source {
                Repository::Glob(glob) => quoted(glob),
                Repository::Home => "fleet".into(),
                Repository::Source(name) => name.clone(),
            })
            .collect();
        entries.push(format!("sources = [{}]", sources.join(", ")));
        let list = |items: &[String]| items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", ");
        match &project.clusters {
            None => {}
            Some(Clusters::Globs(globs)) => entries.push(format!("clusters = [{}]", list(globs))),
            Some(Clusters::Pred(pred)) => entries.push(format!("clusters = {}", self.pred(pred, 0))),
        }
        entries.push(format!("namespaces = [{}]", list(&project.namespaces)));
        entries.push("cluster-resources = [\"*/*\"]".into());
        let head = format!("project {}", self.declared(&project.name));
        self.shuffled(head, entries)
    }

    fn rollout(&mut self, rollout: &Rollout) -> String {
        let mut entries = Vec::new();
        for stage in &rollout.stages {
            let on = stage.on.as_ref().map_or("rest".to_string(), |pred| self.pred(pred, 0));
            let mut inner = Vec::new();
            inner.extend(stage.max.map(|max| match max {
                Max::Count(count) => format!("max = {count}"),
                Max::Percent(percent) => format!("max = {percent}%"),
            }));
            if stage.manual {
                inner.push("gate = manual".into());
            }
            self.rng.shuffle(&mut inner);
            let max = match inner.is_empty() && self.rng.chance(80) {
                true => String::new(),
                false => format!(" {}", self.block(inner)),
            };
            entries.push(format!("stage {} on {on}{max}", self.declared(&stage.name)));
        }
        let head = format!("rollout {}", self.declared(&rollout.name));
        self.declaration(head, entries)
    }

    fn template(&mut self, template: &Template) -> String {
        let mut entries = Vec::new();
        for param in &template.params {
            let param = self.field(param);
            entries.push(format!("param {param}"));
        }
        entries.extend(self.body(&template.body));
        let head = format!("template {}", self.declared(&template.name));
        self.declaration(head, entries)
    }

    fn component(&mut self, component: &Component) -> String {
        let mut head = format!("component {}", self.declared(&component.name));
        if !component.from.is_empty() {
            head += &format!(" from {}", component.from.join(", "));
        }
        if let Some(pred) = &component.on {
            head += &format!(" on {}", self.pred(pred, 0));
        }
        let entries = self.body(&component.body);
        self.declaration(head, entries)
    }

    /// The entries of a body, shuffled; patches keep their order among themselves, and so do ignores.
    fn body(&mut self, body: &Body) -> Vec<String> {
        let mut entries: Vec<String> = Vec::new();
        for (key, expr) in &body.attributes {
            let bare = self.attribute_position(key);
            entries.push(format!("{key} = {}", self.expr(expr, bare)));
        }
        for (key, map) in &body.maps {
            let sign = if self.rng.chance(20) { " =" } else { "" };
            let map = self.map(map, Bare::Refers);
            entries.push(format!("{key}{sign} {map}"));
        }
        for block in &body.on {
            let head = format!("on {}", self.pred(&block.on, 0));
            let inner = self.body(&block.body);
            let inner = self.block(inner);
            entries.push(format!("{head} {inner}"));
        }
        for ignore in &body.ignores {
            let fields: Vec<String> = ignore.fields.iter().map(|field| quoted(field)).collect();
            entries.push(format!("ignore {} {{ fields = [{}] }}", quoted(&ignore.target), fields.join(", ")));
        }
        self.rng.shuffle(&mut entries);
        let mut slots: Vec<usize> = body.patches.iter().map(|_| self.rng.below(entries.len() + 1)).collect();
        slots.sort_unstable();
        for (shift, (patch, slot)) in body.patches.iter().zip(slots).enumerate() {
            let patch = self.patch(patch);
            entries.insert(slot + shift, patch);
        }
        entries
    }

    fn patch(&mut self, patch: &Patch) -> String {
        let inner = match &patch.change {
            Change::Operations(operations) => operations
                .iter()
                .map(|(word, pointer, value)| match value {
                    Some(value) => format!("{word} {} = {}", quoted(pointer), self.expr(value, Bare::Refers)),
                    None => format!("{word} {}", quoted(pointer)),
                })
                .collect(),
            Change::Merge(fields) => vec![format!("merge {}", self.map(fields, Bare::Refers))],
        };
        let head = format!("patch {} {}", self.declared(&patch.kind), self.declared(&patch.name));
        format!("{head} {}", self.block(inner))
    }

    /// What a bare name means as the value of this attribute.
    fn attribute_position(&self, key: &str) -> Bare {
        match key {
            "source" | "project" | "rollout" | "namespace" | "release" | "after" | "on-delete" => Bare::Itself,
            _ => {
                let params = self.fleet.templates.iter().flat_map(|template| &template.params);
                params.filter(|param| param.name == key).map(|param| position(&param.ty)).next().unwrap_or(Bare::Refers)
            }
        }
    }

    fn expr(&mut self, expr: &Expr, bare: Bare) -> String {
        match expr {
            Expr::Null => "null".into(),
            Expr::Bool(value) => value.to_string(),
            Expr::Int(value) => value.to_string(),
            Expr::Float(value) => format!("{value:?}"),
            Expr::Duration(value) => value.clone(),
            Expr::Text(parts) => string(parts, &mut self.rng),
            Expr::Name(name) if bare == Bare::Itself => self.name(name),
            Expr::Name(name) => name.clone(),
            Expr::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.expr(item, bare)).collect();
                self.list(&items)
            }
            Expr::Map(entries) => self.map(entries, bare),
            Expr::If(branches, otherwise) => self.if_then(branches, otherwise, bare),
            Expr::Pred(pred) if self.rng.chance(30) => format!("({})", self.pred(pred, 0)),
            Expr::Pred(pred) => self.pred(pred, 0),
        }
    }

    fn if_then(&mut self, branches: &[(Pred, Expr)], otherwise: &Expr, bare: Bare) -> String {
        let gap = *self.rng.pick(&[" ", " ", "\n  "]);
        let mut text = String::new();
        for (pred, value) in branches {
            let value = self.operand(value, bare);
            text += &format!("if {}{gap}then {value}{gap}else ", self.pred(pred, 0));
        }
        text + &self.operand(otherwise, bare)
    }

    fn operand(&mut self, expr: &Expr, bare: Bare) -> String {
        let text = self.expr(expr, bare);
        if matches!(expr, Expr::If(..) | Expr::Pred(_)) { format!("({text})") } else { text }
    }

    fn list(&mut self, items: &[String]) -> String {
        match self.rng.below(6) {
            0 if !items.is_empty() => format!("[\n{}\n]", indent(&items.join(",\n"))),
            1 if !items.is_empty() => format!("[{},]", items.join(", ")),
            _ => format!("[{}]", items.join(", ")),
        }
    }

    fn map(&mut self, entries: &BTreeMap<String, Expr>, bare: Bare) -> String {
        let mut entries: Vec<String> = entries
            .iter()
            .map(|(key, value)| {
                let key = if bare_name(key) && self.rng.chance(85) { key.clone() } else { quoted(key) };
                format!("{key} = {}", self.expr(value, bare))
            })
            .collect();
        self.rng.shuffle(&mut entries);
        self.block(entries)
    }

    /// A predicate where `level` binds: 0 anywhere, 1 inside `or`, 2 inside `and`, 3 behind `not`.
    fn pred(&mut self, pred: &Pred, level: u8) -> String {
        let sign = |negated: bool, no: &'static str, yes: &'static str| if negated { no } else { yes };
        let (text, binds) = match pred {
            Pred::All => ("all".into(), 4),
            Pred::None => ("none".into(), 4),
            // In quotes it is a cluster; groups and labels have names that need none.
            Pred::Name(name) if !self.selector(name) => (self.declared(name), 4),
            Pred::Name(name) => (name.clone(), 4),
            Pred::Equal { label, negated, value } => {
                (format!("{label} {} {}", sign(*negated, "!=", "=="), self.expr(value, Bare::Itself)), 3)
            }
            Pred::In { label, negated, values } => {
                let values: Vec<String> = values.iter().map(|value| self.expr(value, Bare::Itself)).collect();
                (format!("{label} {} {}", sign(*negated, "not in", "in"), self.list(&values)), 3)
            }
            Pred::Has(label) => (format!("has {label}"), 3),
            Pred::Like { label, glob } => (format!("{} like {}", label.as_deref().unwrap_or("name"), quoted(glob)), 3),
            Pred::Not(inner) => (format!("not {}", self.pred(inner, 3)), 3),
            Pred::And(all) => (all.iter().map(|each| self.pred(each, 2)).collect::<Vec<_>>().join(" and "), 1),
            Pred::Or(any) => (any.iter().map(|each| self.pred(each, 1)).collect::<Vec<_>>().join(" or "), 0),
        };
        if binds < level || self.rng.chance(4) { format!("({text})") } else { text }
    }

    /// Whether a name in a predicate is a group or a label.
    fn selector(&self, name: &str) -> bool {
        self.fleet.field(name).is_some() || self.fleet.groups.iter().any(|(group, _)| group == name)
    }

    /// A name where a name is declared: quotes are always allowed.
    fn declared(&mut self, name: &str) -> String {
        if bare_name(name) && self.rng.chance(90) { name.to_string() } else { quoted(name) }
    }

    /// A name where a value stands.
    fn name(&mut self, name: &str) -> String {
        if bare_name(name) && self.rng.chance(93) { name.to_string() } else { quoted(name) }
    }

    fn shuffled(&mut self, head: String, mut entries: Vec<String>) -> String {
        self.rng.shuffle(&mut entries);
        self.declaration(head, entries)
    }

    fn declaration(&mut self, head: String, entries: Vec<String>) -> String {
        let block = self.block(entries);
        self.dressed(format!("{head} {block}"))
    }

    /// A declaration with a comment or blank line above it, or not.
    fn dressed(&mut self, declaration: String) -> String {
        let above = match self.rng.below(6) {
            0 => format!("{}\n", comment(&mut self.rng)),
            1 => "\n".into(),
            2 => format!("{}\n{}\n", comment(&mut self.rng), comment(&mut self.rng)),
            _ => String::new(),
        };
        format!("{above}{declaration}\n")
    }

    /// `{ … }` on one line or several, with newlines or commas between the entries.
    fn block(&mut self, entries: Vec<String>) -> String {
        if entries.is_empty() {
            return (*self.rng.pick(&["{ }", "{}", "{\n}"])).into();
        }
        let length: usize = entries.iter().map(String::len).sum();
        if length < 90 && !entries.iter().any(|entry| entry.contains('\n')) && self.rng.chance(50) {
            let end = if self.rng.chance(10) { "," } else { "" };
            return format!("{{ {}{end} }}", entries.join(", "));
        }
        let mut text = String::from("{\n");
        for entry in entries {
            if self.rng.chance(6) {
                text += &format!("  {}\n", comment(&mut self.rng));
            }
            text += &indent(&entry);
            text += *self.rng.pick(&["", "", "", ",", " ,"]);
            if self.rng.chance(6) {
                text += &format!("  {}", comment(&mut self.rng));
            }
            text += *self.rng.pick(&["\n", "\n", "\n", "\n\n"]);
        }
        text + "}"
    }
}

fn position(ty: &Type) -> Bare {
    if matches!(ty, Type::Choice(_)) { Bare::Itself } else { Bare::Refers }
}
