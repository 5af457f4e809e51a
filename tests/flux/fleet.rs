//! Plans for the tests of the Flux back end, written by hand.
//!
//! Every place is a text of its own, `payments.rollout` for the attribute `rollout` of the component `payments`, so that
//! a test can say what a diagnostic underlines.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetc::diag::Diagnostics;
use fleetc::plan::{
    Chart, Cluster, Content, Deployment, Duration, Flux, FluxLayout, FluxMode, Instance, Kubeconfig, Max, ObjectRef,
    OnDelete, Origin, Plan, Revision, Rollout, Settings, Source, SourceKind, Stage, Version,
};
use fleetc::source::{self, SourceFile, SourceId, Sources, Span};
use fleetc::target::{OutputTree, flux};

const ATTRIBUTES: [&str; 20] = [
    "source",
    "path",
    "chart",
    "version",
    "rollout",
    "after",
    "wait",
    "health",
    "values-files",
    "substitute",
    "ignore",
    "sync-options",
    "retry",
    "interval",
    "timeout",
    "prune",
    "force",
    "release",
    "images",
    "patch",
];

/// A plan in the making.
pub struct Fleet {
    pub plan: Plan,
    pub settings: Flux,
    text: Text,
}

/// A stage: name, clusters, `max`, `gate = manual`.
pub type StageOf<'a> = (&'a str, &'a [&'a str], Option<Max>, bool);

impl Fleet {
    /// Flux 2.9 and the source `config`, which holds the output folder.
    pub fn new() -> Self {
        let file = Sources::default().add(SourceFile::new("test.fleet", source::Origin::Project, ""));
        let mut text = Text { file, text: String::new(), starts: BTreeMap::new() };
        let minutes = |minutes: u64| Duration { milliseconds: minutes * 60_000 };
        let settings = Flux {
            span: text.place("flux"),
            instance: Instance::default(),
            mode: FluxMode::Hub,
            layout: FluxLayout::Kustomizations,
            version: Version { major: 2, minor: 9 },
            namespace: "flux-system".into(),
            provisioner: fleetc::plan::Provisioner::None,
            interval: minutes(10),
            retry: minutes(2),
            timeout: minutes(5),
            shards: 1,
            multi_tenant: false,
        };
        let plan = Plan {
            fleet: "test".into(),
            label_prefix: "fleetc.dev".into(),
            home: None,
            home_path: "gitops".into(),
            argocd: Vec::new(),
            flux: vec![settings.clone()],
            clusters: Vec::new(),
            sources: Vec::new(),
            projects: Vec::new(),
            rollouts: Vec::new(),
            deployments: Vec::new(),
            guards: fleetc::plan::guards::Guards::new(Span::new(file, 0, 0)),
            hub_objects: Vec::new(),
            space: None,
        };
        let mut fleet = Self { plan, settings, text };
        fleet.plan.home = Some(fleet.git("config"));
        fleet
    }

    pub fn version(&mut self, minor: u32) {
        self.settings.version = Version { major: 2, minor };
    }

    pub fn source(&mut self, name: &str, kind: SourceKind, url: &str, revision: Revision) -> Arc<Source> {
        let span = self.place(&format!("source {name}"));
        let source = Arc::new(Source { span, name: name.into(), kind, url: url.into(), revision, secret: None });
        self.plan.sources.push(source.clone());
        source
    }

    pub fn git(&mut self, name: &str) -> Arc<Source> {
        let url = format!("https://github.com/my-org/{name}");
        self.source(name, SourceKind::Git, &url, Revision::Branch("main".into()))
    }

    pub fn helm(&mut self, name: &str) -> Arc<Source> {
        self.source(name, SourceKind::Helm, &format!("https://charts.example.com/{name}"), Revision::Default)
    }

    pub fn cluster(&mut self, name: &str) -> &mut Cluster {
        let span = self.place(&format!("cluster {name}"));
        self.plan.clusters.push(Cluster {
            span,
            name: name.into(),
            labels: BTreeMap::new(),
            server: None,
            kubeconfig: Kubeconfig::Secret { name: format!("{name}-kubeconfig"), key: "value".into() },
            protected: false,
            suspend: false,
            many: false,
            registration: fleetc::plan::Registration::default(),
        });
        self.plan.clusters.last_mut().unwrap()
    }

    pub fn rollout(&mut self, name: &str, stages: &[StageOf]) {
        let span = self.place(&format!("rollout {name}"));
        let stage = |&(stage, clusters, max, manual): &StageOf| Stage {
            span: self.text.place(&format!("stage {stage}")),
            name: stage.into(),
            clusters: clusters.iter().map(|&cluster| cluster.into()).collect(),
            max,
            manual,
            bake: None,
        };
        let stages = stages.iter().map(stage).collect();
        self.plan.rollouts.push(Rollout { span, name: name.into(), stages });
    }

    /// A component with a folder on a cluster; healthy when all that was applied is.
    pub fn path(&mut self, component: &str, cluster: &str, source: &Arc<Source>, path: &str) -> &mut Deployment {
        self.deployment(component, cluster, source, Content::Path(path.into()))
    }

    /// A component with a chart of its own name on a cluster, in a namespace of its own name.
    pub fn chart(&mut self, component: &str, cluster: &str, source: &Arc<Source>, version: &str) -> &mut Deployment {
        let chart = Chart {
            name: component.into(),
            version: version.into(),
            release: component.into(),
            values_files: Vec::new(),
            missing_values_files: false,
        };
        let deployment = self.deployment(component, cluster, source, Content::Chart(chart));
        deployment.namespace = Some(component.into());
        deployment
    }

    fn deployment(
        &mut self,
        component: &str,
        cluster: &str,
        source: &Arc<Source>,
        content: Content,
    ) -> &mut Deployment {
        let attributes = ATTRIBUTES.map(|attribute| (attribute, self.place(&format!("{component}.{attribute}"))));
        let origin = Origin { component: self.place(component), attributes: attributes.into() };
        self.plan.deployments.push(Deployment {
            cluster: cluster.into(),
            name: format!("{component}-{cluster}").into(),
            after: Arc::default(),
            implied: Arc::default(),
            stage: None,
            suspend: false,
            on_delete: OnDelete::Cascade,
            protected: false,
            values: Default::default(),
            patches: Arc::default(),
            settings: Arc::new(Settings {
                component: component.into(),
                project: None,
                namespace: None,
                source: source.clone(),
                content,
                images: Vec::new(),
                components: Vec::new(),
                substitute: BTreeMap::new(),
                health: Vec::new(),
                wait: true,
                ignore: Vec::new(),
                rollout: None,
                prune: true,
                self_heal: false,
                create_namespace: true,
                namespace_labels: BTreeMap::new(),
                namespace_annotations: BTreeMap::new(),
                server_side: false,
                force: false,
                sync_options: Vec::new(),
                interval: None,
                timeout: None,
                retry: None,
                service_account: None,
                labels: BTreeMap::new(),
                annotations: BTreeMap::new(),
                raw: Default::default(),
                origin,
            }),
        });
        self.plan.deployments.last_mut().unwrap()
    }

    /// The files, for a plan in which nothing is wrong.
    pub fn build(mut self) -> OutputTree {
        assert_eq!(self.check(), Vec::<String>::new());
        flux::build(&self.plan, &self.settings)
    }

    /// The diagnostics: code, underlined text, message.
    pub fn check(&mut self) -> Vec<String> {
        self.plan.deployments.sort_by(|a, b| (&a.component, &a.cluster).cmp(&(&b.component, &b.cluster)));
        self.plan.clusters.sort_by(|a, b| a.name.cmp(&b.name));
        let mut diagnostics = Diagnostics::default();
        flux::check(&self.plan, &self.settings, &mut diagnostics);
        diagnostics.sort();
        let line = |span: Span| &self.text.text[span.start as usize..span.end as usize];
        diagnostics.iter().map(|d| format!("{} {}: {}", d.code.id, line(d.primary.span), d.message)).collect()
    }

    fn place(&mut self, what: &str) -> Span {
        self.text.place(what)
    }
}

/// Text in which every place is written down once.
struct Text {
    file: SourceId,
    text: String,
    starts: BTreeMap<String, usize>,
}

impl Text {
    fn place(&mut self, what: &str) -> Span {
        let start = *self.starts.entry(what.to_owned()).or_insert_with(|| {
            self.text.push_str(what);
            self.text.len() - what.len()
        });
        Span::new(self.file, start as u32, (start + what.len()) as u32)
    }
}

/// `kind/name` of `apps/v1` in a namespace.
pub fn deployment_object(namespace: &str, name: &str) -> ObjectRef {
    ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: Some(namespace.into()),
        name: name.into(),
    }
}
