//! The blocks that stand once: the fleet and its engines.

use serde_json::Value;

use crate::diag::{Applicability, Diagnostic, Diagnostics, codes, one_of};
use crate::model::body;
use crate::model::eval::{At, Evaluator};
use crate::model::schema::{self, Type};
use crate::model::scope::{Env, Place, Scope};
use crate::model::{Model, predicate};
use crate::plan::{ArgoCd, Destination, Duration, Flux, Kubeconfig, OnDelete, Version};
use crate::source::Span;
use crate::syntax::ast::{self, EngineKind};

/// The minors of Argo CD that fleetc knows; the newest released is the default.
const ARGOCD_VERSIONS: [Version; 7] = versions::<7>(3, 0);
const ARGOCD_DEFAULT: Version = Version { major: 3, minor: 5 };
/// The minors of Flux that fleetc knows; the newest is the default.
const FLUX_VERSIONS: [Version; 5] = versions::<5>(2, 5);
const FLUX_DEFAULT: Version = Version { major: 2, minor: 9 };

const fn versions<const N: usize>(major: u32, first: u32) -> [Version; N] {
    let mut all = [Version { major, minor: first }; N];
    let mut index = 1;
    while index < N {
        #[expect(clippy::indexing_slicing, reason = "the loop ends at the length")]
        {
            all[index].minor = all[index - 1].minor + 1;
        }
        index += 1;
    }
    all
}

/// What the `fleet` block says.
#[derive(Debug)]
pub struct FleetSettings {
    /// The name.
    pub name: String,
    /// The place of the name or the keyword.
    pub span: Span,
    /// The default source, as in the source.
    pub source: Option<(String, Span)>,
    /// The protected clusters.
    pub protected: Option<predicate::Predicate>,
    /// The prefix of fleetc's labels.
    pub label_prefix: String,
    /// The output folder.
    pub output: String,
    /// Both engines on purpose.
    pub migrating: bool,
}

/// Evaluates attributes of a block that needs no cluster.
pub struct Fixed<'f, 'a> {
    model: &'f Model<'a>,
    table: &'static schema::Block,
    body: &'f ast::Block,
    std: bool,
}

impl<'f, 'a> Fixed<'f, 'a> {
    /// The attributes of `body`.
    pub fn new(model: &'f Model<'a>, table: &'static schema::Block, body: &'f ast::Block, std: bool) -> Self {
        Self { model, table, body, std }
    }

    /// The value of `name` and its place.
    pub fn value(&self, name: &str) -> Option<(Value, Span)> {
        let ty = self.table.attribute(name).map_or(Type::Text, |attribute| attribute.ty);
        let attribute = body::find(self.body, name)?;
        let scope = Scope { std: self.std, ..Scope::of(Place::Fixed) };
        let env = Env::on(usize::MAX);
        let at = At { model: self.model, scope: &scope, env: &env };
        let value = Evaluator::default().attribute(at, &ty, &attribute.value)?;
        Some((value, attribute.value.span))
    }

    /// The text of `name` and its place.
    pub fn text(&self, name: &str) -> Option<(String, Span)> {
        let (value, span) = self.value(name)?;
        Some((value.as_str()?.to_string(), span))
    }

    /// Whether `name` is true.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.value(name), Some((Value::Bool(true), _)))
    }

    /// The texts of the list `name`, with the place of each.
    pub fn texts(&self, name: &str) -> Option<Vec<(String, Span)>> {
        let attribute = body::find(self.body, name)?;
        let ast::ExprKind::List(items) = &attribute.value.kind else { return None };
        let (value, _) = self.value(name)?;
        let texts = value.as_array()?.iter().zip(items);
        texts.map(|(text, item)| Some((text.as_str()?.to_string(), item.span))).collect()
    }
}

/// Reads the `fleet` block.
pub fn fleet(model: &Model) -> Option<FleetSettings> {
    let (node, keyword) = model.names.fleet?;
    let fixed = Fixed::new(model, &schema::FLEET, &node.body, false);
    let output = fixed.text("output").map_or_else(|| "gitops".to_string(), |(text, _)| text);
    Some(FleetSettings {
        name: node.name.as_ref().map(|name| name.text.clone()).unwrap_or_default(),
        span: node.name.as_ref().map_or(keyword, |name| name.span),
        source: fixed.text("source"),
        protected: body::find(&node.body, "protected").and_then(|a| model.conditions.get(&a.value.span).cloned()),
        label_prefix: fixed.text("label-prefix").map_or_else(|| "fleetc.dev".to_string(), |(text, _)| text),
        output: output.trim_end_matches('/').to_string(),
        // A value that cannot be read was reported, and may well be meant as true.
        migrating: fixed.flag("migrating")
            || body::find(&node.body, "migrating").is_some() && fixed.value("migrating").is_none(),
    })
}

/// The engines that are built: those declared and those asked for.
#[derive(Debug, Default)]
pub struct Engines {
    /// Argo CD.
    pub argocd: Option<ArgoCd>,
    /// What Argo CD's block says of workloads.
    pub on_delete: Option<OnDelete>,
    /// Flux.
    pub flux: Option<Flux>,
}

/// Reads the engines' blocks.
pub fn engines(model: &Model, fleet: &FleetSettings, also: &[EngineKind], diagnostics: &mut Diagnostics) -> Engines {
    let mut engines = Engines::default();
    let empty = ast::Block { span: fleet.span, entries: Vec::new() };
    for kind in [EngineKind::ArgoCd, EngineKind::Flux] {
        let declared = model.names.engines.iter().find(|(node, _)| node.engine == kind);
        if declared.is_none() && !also.contains(&kind) {
            continue;
        }
        let (block, span) = declared.map_or((&empty, fleet.span), |(node, keyword)| (&node.body, *keyword));
        match kind {
            EngineKind::ArgoCd => {
                let fixed = Fixed::new(model, &schema::ARGOCD, block, false);
                engines.on_delete = fixed.text("on-delete").and_then(|(word, _)| on_delete(&word));
                engines.argocd = Some(argocd(&fixed, span, diagnostics));
            }
            EngineKind::Flux => {
                engines.flux = Some(flux(&Fixed::new(model, &schema::FLUX, block, false), span, diagnostics));
            }
        }
    }
    if let (Some(argocd), Some(flux), false) = (&engines.argocd, &engines.flux, fleet.migrating) {
        let all = model.list_clusters(0..model.clusters.len());
        diagnostics.push(
            Diagnostic::new(codes::TWO_ENGINES, flux.span, "Argo CD and Flux would both deploy to the same clusters")
                .label(format!("would fight over {all}"))
                .related(argocd.span, "Argo CD is declared here")
                .help("keep one engine, or say `migrating = true` in the `fleet` block while you move"),
        );
    }
    if engines.argocd.is_none() && engines.flux.is_none() {
        diagnostics.push(
            Diagnostic::new(codes::NO_ENGINE, fleet.span, "the fleet declares no engine")
                .label("nothing would be built")
                .help("add `argocd { }` or `flux { }`"),
        );
    }
    engines
}

/// `keep` or `cascade`.
pub fn on_delete(word: &str) -> Option<OnDelete> {
    match word {
        "keep" => Some(OnDelete::Keep),
        "cascade" => Some(OnDelete::Cascade),
        _ => None,
    }
}

fn argocd(fixed: &Fixed, span: Span, diagnostics: &mut Diagnostics) -> ArgoCd {
    let destination = match fixed.text("destination") {
        Some((word, _)) if word == "server" => Destination::Server,
        _ => Destination::Name,
    };
    ArgoCd {
        span,
        version: version(fixed, "Argo CD", &ARGOCD_VERSIONS, ARGOCD_DEFAULT, diagnostics),
        namespace: namespace(fixed, "argocd", diagnostics),
        destination,
        progressive_syncs: fixed.flag("progressive-syncs"),
    }
}

fn flux(fixed: &Fixed, span: Span, diagnostics: &mut Diagnostics) -> Flux {
    let version = version(fixed, "Flux", &FLUX_VERSIONS, FLUX_DEFAULT, diagnostics);
    let namespace = namespace(fixed, "flux-system", diagnostics);
    let mut duration = |name: &str| {
        let (value, at) = fixed.value(name)?;
        let milliseconds = value.as_u64()?;
        if milliseconds == 0 {
            diagnostics.push(super::check::zero(at, name));
        }
        Some(Duration { milliseconds })
    };
    let minutes = |minutes: u64| Duration { milliseconds: minutes * 60_000 };
    Flux {
        span,
        version,
        namespace,
        interval: duration("interval").unwrap_or(minutes(10)),
        retry: duration("retry").unwrap_or(minutes(2)),
        timeout: duration("timeout").unwrap_or(minutes(5)),
    }
}

fn namespace(fixed: &Fixed, default: &str, diagnostics: &mut Diagnostics) -> String {
    let Some((text, span)) = fixed.text("namespace") else { return default.to_string() };
    if !crate::model::cluster::is_dns_label(&text) {
        diagnostics.push(super::check::invalid_name(span, &text, "a namespace", 63));
    }
    text
}

fn version(fixed: &Fixed, engine: &str, known: &[Version], default: Version, diagnostics: &mut Diagnostics) -> Version {
    let Some((text, span)) = fixed.text("version") else { return default };
    let found = known.iter().find(|version| format!("{}.{}", version.major, version.minor) == text);
    if let Some(version) = found {
        return *version;
    }
    let words: Vec<String> = known.iter().map(|version| format!("{}.{}", version.major, version.minor)).collect();
    diagnostics.push(
        Diagnostic::new(codes::UNKNOWN_ENGINE_VERSION, span, format!("fleetc does not know {engine} `{text}`"))
            .label("not a minor version that it can write for")
            .help(format!("write {}", one_of(words.iter().map(String::as_str))))
            .fix(
                format!("write `{}.{}`", default.major, default.minor),
                Applicability::Unsafe,
                span,
                format!("\"{}.{}\"", default.major, default.minor),
            ),
    );
    default
}

/// Where Flux finds the kubeconfig of the cluster at `cluster`.
pub fn kubeconfig(model: &Model, cluster: usize, evaluator: &mut Evaluator) -> Option<Kubeconfig> {
    let name = model.clusters.get(cluster)?.name.clone();
    let fallback = Kubeconfig::Secret { name: format!("{name}-kubeconfig"), key: "value".into() };
    let Some((node, _)) = model.names.engines.iter().find(|(node, _)| node.engine == EngineKind::Flux) else {
        return Some(fallback);
    };
    let scope = Scope::of(Place::Engine);
    let env = Env::on(cluster);
    let at = At { model, scope: &scope, env: &env };
    let mut text = |name: &str| -> Option<Option<String>> {
        let Some(attribute) = body::find(&node.body, name) else { return Some(None) };
        evaluator
            .attribute(at, &Type::Text, &attribute.value)
            .and_then(|value| value.as_str().map(String::from))
            .map(Some)
    };
    if let Some(name) = text("kubeconfig-map")? {
        return Some(Kubeconfig::ConfigMap { name });
    }
    let name = text("kubeconfig")?.unwrap_or_else(|| format!("{name}-kubeconfig"));
    let key = text("kubeconfig-key")?.unwrap_or_else(|| "value".into());
    Some(Kubeconfig::Secret { name, key })
}
