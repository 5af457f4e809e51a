//! The ApplicationSets of a component.
//!
//! One when its Applications have one shape, one answer to what happens when they are removed, and one rollout; more
//! otherwise, or when there are too many. The order of several, and so their names, does not depend on the clusters:
//! a new cluster must not rename what is there, for that would move Applications between ApplicationSets.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use serde_json::{Map, Value, json};

use crate::plan::values::Values;
use crate::plan::{Content, Deployment, Max, OnDelete, Patch, Settings, Stage};
use crate::target::yaml::{self, Filling, Stencil};

use super::application::{self, Own, Part};
use super::template::{Applications, Fill, Naming, Refer, fold, shape};
use super::{API_VERSION, Component, Context, kustomize, labels, split};

/// Deployments that one template can give, under the same settings of an ApplicationSet.
pub(super) struct Group<'a> {
    /// By cluster, each with the class of its Application.
    pub(super) members: Vec<(&'a Deployment, usize)>,
    /// What the Applications of a class say, with holes where a cluster decides. One of which there is no other is whole.
    pub(super) classes: Vec<Value>,
    pub(super) on_delete: OnDelete,
    pub(super) rollout: Option<&'a str>,
}

/// The deployments whose Applications differ in nothing but what stands in their holes.
#[derive(PartialEq, Eq, Hash)]
struct Alike {
    /// The address of the settings: deployments that share them are alike in them.
    settings: *const Settings,
    keeps: bool,
    form: (bool, bool, bool),
}

/// What tells groups apart: what cascades before what is kept, the plainer shape before the richer.
type Key<'a> = (bool, Option<&'a str>, usize, Arc<str>);

/// One ApplicationSet.
pub(super) struct Set<'a> {
    /// Its name.
    pub(super) name: String,
    /// The rollout of its deployments.
    pub(super) rollout: Option<&'a str>,
    on_delete: OnDelete,
    template: Value,
    generators: Generators,
}

/// What gives an ApplicationSet its parameters.
enum Generators {
    /// A list of elements: of each parameter the texts at these places.
    List(Rc<Vec<(String, Vec<String>)>>, Vec<usize>),
    /// Generators of clusters.
    Clusters(Vec<Value>),
}

/// The groups of a component.
pub(super) fn groups<'a>(context: &Context<'a>, component: &Component<'a>) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<Key<'a>, Group<'a>> = BTreeMap::new();
    let mut alike: HashMap<Alike, (Key<'a>, usize)> = HashMap::new();
    for deployment in component.deployments {
        let class = Alike {
            settings: Arc::as_ptr(&deployment.settings),
            keeps: deployment.on_delete == OnDelete::Keep,
            form: Own::of(context, component, deployment).form(),
        };
        if let Some((key, class)) = alike.get(&class) {
            groups.entry(key.clone()).and_modify(|group| group.members.push((deployment, *class)));
            continue;
        }
        // What fleetc writes itself lies in a folder of the cluster, and raw fields are laid over everything. Over the label
        // space nothing is shared.
        let is_plain = !matches!(deployment.content, Content::Objects(_))
            && deployment.raw.application.is_empty()
            && context.space.is_none();
        let make = if is_plain { application::of_class } else { application::manifest };
        let mut manifest = make(context, component, deployment);
        let shape: Arc<str> = shape(&manifest).into();
        if is_plain {
            application::take_own(&mut manifest);
        }
        let key = (class.keeps, deployment.rollout.as_deref(), shape.len(), shape);
        let group = groups.entry(key.clone()).or_insert_with(|| Group {
            members: Vec::new(),
            classes: Vec::new(),
            on_delete: deployment.on_delete,
            rollout: deployment.rollout.as_deref(),
        });
        let number = group.classes.len();
        group.classes.push(manifest);
        group.members.push((deployment, number));
        if is_plain {
            alike.insert(class, (key, number));
        }
    }
    groups.into_values().collect()
}

/// What stands in the holes of a group.
struct Members<'m, 'a> {
    context: &'m Context<'a>,
    component: &'m Component<'a>,
    deployments: &'m [&'a Deployment],
    /// The texts of each.
    own: Vec<Own<'a>>,
    /// The patches that were written, by the address of the plan's.
    patches: RefCell<HashMap<*const Vec<Patch>, Rc<Value>>>,
}

impl<'m> Fill<'m> for Members<'m, '_> {
    fn text(&self, application: usize, part: Part) -> String {
        self.own.get(application).map(|own| own.get(part).to_owned()).unwrap_or_default()
    }

    fn values(&self, application: usize) -> Option<&'m Values> {
        self.deployments.get(application).map(|deployment| &deployment.values)
    }

    fn patches(&self, application: usize) -> Rc<Value> {
        let Some(deployment) = self.deployments.get(application) else { return Rc::default() };
        let make = || Rc::new(kustomize::patches(self.context, deployment, &self.component.alignment));
        self.patches.borrow_mut().entry(Arc::as_ptr(&deployment.patches)).or_insert_with(make).clone()
    }
}

/// The ApplicationSets of a component. All groups are numbered before the further parts of any.
pub(super) fn of<'a>(context: &Context<'a>, component: &Component<'a>) -> Vec<Set<'a>> {
    let mut first = Vec::new();
    let mut further = Vec::new();
    for group in groups(context, component) {
        let mut sets = parts(context, component, group).into_iter();
        first.extend(sets.next());
        further.extend(sets);
    }
    first.append(&mut further);
    for (index, set) in first.iter_mut().enumerate().skip(1) {
        set.name = format!("{}-{}", component.name, index + 1);
    }
    first
}

fn parts<'a>(context: &Context<'a>, component: &Component<'a>, group: Group<'a>) -> Vec<Set<'a>> {
    let set = |template: Value, generators: Generators| Set {
        name: component.name.to_owned(),
        on_delete: group.on_delete,
        rollout: group.rollout,
        template,
        generators,
    };
    let (cluster_label, step_label) = (context.label("cluster"), context.label("step"));
    let naming = Naming { component: component.name, cluster_label: &cluster_label, step_label: &step_label };
    if let Some(space) = context.space {
        let whole = |(deployment, class): &(&'a Deployment, usize)| Some((*deployment, group.classes.get(*class)?));
        let members: Vec<(&Deployment, &Value)> = group.members.iter().filter_map(whole).collect();
        let made = labels::made(context, space, component, &members, &naming);
        return vec![set(made.template, Generators::Clusters(made.generators))];
    }
    let (members, class_of): (Vec<&Deployment>, Vec<usize>) = group.members.iter().copied().unzip();
    let clusters: Vec<&str> = members.iter().map(|member| &*member.cluster).collect();
    let own = members.iter().map(|member| Own::of(context, component, member)).collect();
    let own = Members { context, component, deployments: &members, own, patches: RefCell::default() };
    let applications = Applications { classes: group.classes.iter().collect(), class_of, own: &own };
    let folded = fold(&applications, &clusters, &naming, &Refer::Elements);
    let parts = split::parts(&folded.parameters, &clusters);
    let parameters = Rc::new(folded.parameters);
    let part = |part| set(folded.template.clone(), Generators::List(parameters.clone(), part));
    parts.into_iter().map(part).collect()
}

impl Set<'_> {
    /// Its file below the folder of the engine.
    pub(super) fn path(&self) -> String {
        format!("applicationsets/{}.yaml", self.name)
    }

    /// Its text.
    pub(super) fn text(&self, context: &Context<'_>, component: &Component<'_>) -> String {
        match &self.generators {
            Generators::Clusters(generators) => yaml::stream(&[self.manifest(context, component, json!(generators))]),
            Generators::List(parameters, places) => {
                let generators = json!([{ "list": { "elements": yaml::hole(0) } }]);
                let stencil = Stencil::new(&self.manifest(context, component, generators));
                yaml::filled(&stencil, |_| Filling::Rows { columns: parameters, places })
            }
        }
    }

    fn manifest(&self, context: &Context<'_>, component: &Component<'_>, generators: Value) -> Value {
        let mut spec = Map::new();
        spec.insert("goTemplate".to_owned(), json!(true));
        spec.insert("goTemplateOptions".to_owned(), json!(["missingkey=error"]));
        spec.insert("generators".to_owned(), generators);
        if let Some(strategy) = self.strategy(context, component) {
            spec.insert("strategy".to_owned(), strategy);
        }
        spec.insert("syncPolicy".to_owned(), self.sync_policy());
        spec.insert("template".to_owned(), self.template.clone());
        json!({
            "apiVersion": API_VERSION,
            "kind": "ApplicationSet",
            "metadata": self.metadata(context, component),
            "spec": spec,
        })
    }

    fn metadata(&self, context: &Context<'_>, component: &Component<'_>) -> Value {
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), json!(self.name));
        metadata.insert("namespace".to_owned(), json!(context.settings.namespace));
        if application::is_label_value(component.name) {
            metadata.insert("labels".to_owned(), json!({ context.label("component"): component.name }));
        }
        if let Some(wave) = context.order.wave(component.name).filter(|wave| *wave > 0) {
            metadata.insert("annotations".to_owned(), json!({ super::SYNC_WAVE: wave.to_string() }));
        }
        Value::Object(metadata)
    }

    /// What happens to Applications that are no longer wanted. To keep, Argo CD may neither delete the Application nor,
    /// when it is deleted by hand, its workloads.
    fn sync_policy(&self) -> Value {
        match self.on_delete {
            OnDelete::Keep => json!({ "applicationsSync": "create-update", "preserveResourcesOnDeletion": true }),
            OnDelete::Cascade => json!({ "applicationsSync": "sync" }),
        }
    }

    fn strategy(&self, context: &Context<'_>, component: &Component<'_>) -> Option<Value> {
        let stages = self.rollout.and_then(|rollout| component.stages.get(rollout));
        let label = context.label("step");
        let step = |(index, stage): (usize, Option<&&Stage>)| {
            let number = (index + 1).to_string();
            let mut step = Map::new();
            let expression = json!([{ "key": label, "operator": "In", "values": [number] }]);
            step.insert("matchExpressions".to_owned(), expression);
            if let Some(max) = stage.and_then(|stage| max_update(stage)) {
                step.insert("maxUpdate".to_owned(), max);
            }
            Value::Object(step)
        };
        let steps: Vec<Value> = match stages {
            Some(stages) => stages.iter().map(Some).enumerate().map(step).collect(),
            None if component.ordered => vec![step((0, None))],
            None => return None,
        };
        Some(json!({ "type": "RollingSync", "rollingSync": { "steps": steps } }))
    }
}

/// With 0, Argo CD syncs nothing of a step by itself, and the next step waits until somebody did (argocd.md 4.3). What
/// somebody syncs by hand is not counted, so beside a manual gate `max` says nothing.
fn max_update(stage: &Stage) -> Option<Value> {
    if stage.manual {
        return Some(json!(0));
    }
    stage.max.map(|max| match max {
        Max::Count(count) => json!(count.max(1)),
        // Argo CD rounds down, too, and takes at least one unless it is exactly `0%`.
        Max::Percent(0) => json!(1),
        Max::Percent(percent) => json!(format!("{percent}%")),
    })
}
