//! Plans by hand, with everything at its default but what a test speaks of.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetc::plan::*;
use fleetc::source::{Origin as FileOrigin, SourceFile, SourceId, Sources, Span};

pub fn file() -> SourceId {
    Sources::default().add(SourceFile::new("test.fleet", FileOrigin::Project, ""))
}

/// A place that no other one equals.
pub fn span(start: u32) -> Span {
    Span::new(file(), start, start + 1)
}

pub fn git(name: &str) -> Arc<Source> {
    source(name, SourceKind::Git, &format!("https://github.com/acme/{name}"), Revision::Branch("main".to_owned()))
}

pub fn source(name: &str, kind: SourceKind, url: &str, revision: Revision) -> Arc<Source> {
    Arc::new(Source { span: span(1), name: name.to_owned(), kind, url: url.to_owned(), revision, secret: None })
}

pub fn settings() -> ArgoCd {
    ArgoCd {
        span: span(2),
        instance: Instance::default(),
        membership: Membership::Static,
        layout: ArgoCdLayout::ApplicationSets,
        version: Version { major: 3, minor: 5 },
        namespace: "argocd".to_owned(),
        destination: Destination::Name,
        progressive_syncs: true,
        register: fleetc::plan::Register::None,
        on_delete: None,
    }
}

pub fn cluster(name: &str) -> Cluster {
    Cluster {
        span: span(3),
        name: name.into(),
        labels: BTreeMap::new(),
        server: None,
        kubeconfig: Kubeconfig::Secret { name: format!("{name}-kubeconfig"), key: "value".to_owned() },
        protected: false,
        suspend: false,
        many: false,
        registration: Registration::default(),
    }
}

/// A component on a cluster: the folder of its name, in its namespace, cascading.
pub fn deployment(component: &str, cluster: &str) -> Deployment {
    Deployment {
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
            namespace: Some(component.to_owned()),
            source: git("config"),
            content: Content::Path(component.to_owned()),
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
            origin: Origin { component: span(10), attributes: BTreeMap::new() },
        }),
    }
}

pub fn chart(name: &str, version: &str, release: &str) -> Chart {
    Chart {
        name: name.to_owned(),
        version: version.to_owned(),
        release: release.to_owned(),
        values_files: Vec::new(),
        missing_values_files: false,
    }
}

pub fn project(name: &str) -> Project {
    Project {
        span: span(4),
        name: name.to_owned(),
        description: None,
        sources: vec!["*".to_owned()],
        clusters: ProjectClusters::All,
        namespaces: vec!["*".to_owned()],
        cluster_resources: Vec::new(),
        deny_cluster_resources: Vec::new(),
        namespace_resources: None,
        deny_namespace_resources: Vec::new(),
        source_namespaces: Vec::new(),
        windows: Vec::new(),
        roles: Vec::new(),
        orphaned_resources: None,
        service_account: None,
    }
}

/// The stages of a rollout with their clusters.
pub fn rollout(name: &str, stages: &[(&str, &[&str])]) -> Rollout {
    let stage = |(name, clusters): &(&str, &[&str])| Stage {
        span: span(5),
        name: (*name).into(),
        clusters: clusters.iter().map(|&cluster| cluster.into()).collect(),
        max: None,
        manual: false,
        bake: None,
    };
    Rollout { span: span(6), name: name.into(), stages: stages.iter().map(stage).collect() }
}

/// The plan of these deployments, with a cluster for each that they name.
pub fn plan(mut deployments: Vec<Deployment>) -> Plan {
    deployments.sort_by(|a, b| (&a.component, &a.cluster).cmp(&(&b.component, &b.cluster)));
    let names: std::collections::BTreeSet<Arc<str>> = deployments.iter().map(|d| d.cluster.clone()).collect();
    Plan {
        fleet: "acme".to_owned(),
        label_prefix: "fleetc.dev".to_owned(),
        home: Some(git("config")),
        home_path: "gitops".to_owned(),
        argocd: vec![settings()],
        flux: Vec::new(),
        clusters: names.iter().map(|name| cluster(name)).collect(),
        sources: vec![git("config")],
        projects: Vec::new(),
        rollouts: Vec::new(),
        deployments,
        guards: fleetc::plan::guards::Guards::new(span(0)),
        hub_objects: Vec::new(),
        space: None,
    }
}

/// Puts a deployment under a rollout, in the stage that has its cluster.
pub fn under(rollout: &Rollout, mut deployment: Deployment) -> Deployment {
    let stage = rollout.stages.iter().find(|stage| stage.clusters.contains(&deployment.cluster)).unwrap();
    deployment.rollout = Some(rollout.name.clone());
    deployment.stage = Some(stage.name.clone());
    deployment
}

pub fn said(mut deployment: Deployment, attribute: &'static str, place: u32) -> Deployment {
    deployment.origin.attributes.insert(attribute, span(place));
    deployment
}
