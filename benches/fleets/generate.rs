//! Fleets of any size, the same bytes for the same size.
//!
//! One fleet for both engines: clusters in the cloud are deployed to by Argo CD, those at the edge by Flux, 300 by each of
//! their instances, since neither carries thousands. The components
//! are charts and folders in about equal parts, with values, patches, rollouts, `after`, overrides for an environment and,
//! on one cluster in a hundred, for that cluster alone. So the number of overrides grows with the fleet, as it does in
//! fleets that are old.

use std::fmt::Write as _;

/// How many clusters and components.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub name: &'static str,
    pub clusters: usize,
    pub components: usize,
}

/// From a team to a telco.
pub const SIZES: [Size; 4] = [
    Size { name: "S", clusters: 10, components: 20 },
    Size { name: "M", clusters: 100, components: 50 },
    Size { name: "L", clusters: 1_000, components: 50 },
    Size { name: "XL", clusters: 10_000, components: 50 },
];

/// Whether the text is one file, or a file for each component and up to 200 for the clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    One,
    Many,
}

/// The files of a fleet, path and text.
pub fn fleet(size: Size, shape: Shape) -> Vec<(String, String)> {
    let mut files = vec![("fleet.fleet".to_string(), head(size))];
    let mut values = Vec::new();
    let chunk = size.clusters.div_ceil(200).max(1);
    for first in (0..size.clusters).step_by(chunk) {
        let text = (first..size.clusters.min(first + chunk)).map(|number| cluster(number, size)).collect();
        files.push((format!("clusters/part-{:03}.fleet", first / chunk), text));
    }
    for number in 0..size.components {
        files.push((format!("components/{}.fleet", name(number)), component(number, size)));
        // Values files are data, whichever shape the fleet has.
        let kinds = ["", "-dev", "-staging", "-prod"].into_iter().filter(|_| number % 10 == 6);
        values.extend(kinds.map(|kind| (format!("values/{}{kind}.yaml", name(number)), values_of(number, kind))));
    }
    if shape == Shape::One {
        let texts: Vec<String> = files.into_iter().map(|(_, text)| text).collect();
        files = vec![("fleet.fleet".into(), texts.join("\n"))];
    }
    files.append(&mut values);
    files
}

fn values_of(number: usize, kind: &str) -> String {
    format!("image:\n  tag: {}\nservice:\n  type: ClusterIP\n  port: 80\nprofile: default{kind}\n", version(number))
}

/// What one changed line is: the version of a chart in all its clusters.
pub fn change_a_line(files: &mut [(String, String)]) -> usize {
    let line = format!("  version   = \"{}\"\n", version(0));
    let changed = files.iter_mut().enumerate().find(|(_, (_, text))| text.contains(&line)).map(|(at, (_, text))| {
        *text = text.replacen(&line, "  version   = \"99.0.0\"\n", 1);
        at
    });
    changed.expect("the first component has a version")
}

const REGIONS: [&str; 8] = ["eu-1", "eu-2", "us-1", "us-2", "us-3", "ap-1", "ap-2", "sa-1"];
const TEAMS: [&str; 5] = ["platform", "payments", "search", "stores", "data"];

fn head(size: Size) -> String {
    let mut text = String::from(
        r#"# A fleet that was generated to be measured.
fleet bench {
  source      = config
  protected   = production
  allow       = [large-instance, large-root, busy-flux, polling-load, lone-region]
}

source config   { git = "https://github.com/example/config", branch = "main", local = "." }
source platform { git = "https://github.com/example/platform", branch = "main" }
source apps     { git = "https://github.com/example/apps", branch = "main" }
source charts   { helm = "https://charts.example.com" }
source images   { oci = "oci://ghcr.io/example/charts" }

label env:      dev | staging | prod
label region:   eu-1 | eu-2 | us-1 | us-2 | us-3 | ap-1 | ap-2 | sa-1
label platform: cloud | edge
label hub:      string
label canary:   bool = false
label tier    = if env == prod then production else non-production

fact account: string
fact domain:  string
fact nodes:   int = 3

group production = env == prod
group europe     = region in [eu-1, eu-2]
group canaries   = production and canary

defaults component { interval = 10m, labels = { "example.com/managed-by" = "fleetc" } }

rollout progressive {
  stage dev     on env == dev
  stage staging on env == staging { max = 50% }
  stage canary  on canaries { allow-empty = true }
  stage prod    on rest { max = 10% }
}

rollout by-region {
  stage early  on env != prod
  stage europe on europe { max = 25%, allow-empty = true }
  stage others on rest { max = 25%, allow-empty = true }
}

template service {
  param tag:      string
  param replicas: int = 2

  source = images
  chart  = "service"
  values {
    image        = { repository = "ghcr.io/example/${component}", tag = tag }
    replicaCount = if env == prod then replicas else 1
    ingress      = { enabled = true, host = "${component}.${domain}", className = "nginx" }
    resources    = { requests = { cpu = "100m", memory = "128Mi" }, limits = { memory = "256Mi" } }
    podLabels    = { region = region, tier = tier }
  }
}
"#,
    );
    for hub in 0..hubs(size) {
        writeln!(
            text,
            "\nargocd cloud-{hub:02} on platform == cloud and hub == hub-{hub:02} {{ version = \"3.5\", progressive-syncs = \
             true }}\nflux   edge-{hub:02}  on platform == edge and hub == hub-{hub:02} {{ version = \"2.9\", interval = 10m }}"
        )
        .expect("a text takes all");
    }
    for team in TEAMS {
        let resources = if team == "platform" { "[\"*/*\"]" } else { "[\"/Namespace\"]" };
        writeln!(
            text,
            "\nproject {team} {{\n  description       = \"what the {team} team runs\"\n  sources           = [config, platform, apps, \
             charts, images]\n  namespaces        = [\"{team}\", \"{team}-*\"]\n  cluster-resources = {resources}\n}}"
        )
        .expect("a text takes all");
    }
    text
}

/// How many instances of each engine there are.
fn hubs(size: Size) -> usize {
    size.clusters.div_ceil(600)
}

fn cluster_name(number: usize) -> String {
    format!("{}-{number:05}", if number.is_multiple_of(2) { "cloud" } else { "edge" })
}

fn cluster(number: usize, size: Size) -> String {
    let env = ["dev", "staging", "prod", "prod", "prod"][number / 2 % 5];
    let platform = if number.is_multiple_of(2) { "cloud" } else { "edge" };
    let canary = if number / 2 % 20 == 4 { "  canary   = true\n" } else { "" };
    format!(
        "cluster {name} {{\n  env      = {env}\n  region   = {region}\n  platform = {platform}\n  hub      = \
         hub-{hub:02}\n{canary}  account  = \
         \"{account:012}\"\n  domain   = \"{name}.example.com\"\n  nodes    = {nodes}\n}}\n",
        name = cluster_name(number),
        hub = number / 2 % hubs(size),
        region = REGIONS[mix(number, 1) % REGIONS.len()],
        account = mix(number, 2) % 1_000_000_000_000,
        nodes = 3 + mix(number, 3) % 40,
    )
}

fn name(number: usize) -> String {
    const WORDS: [&str; 10] =
        ["agent", "gateway", "api", "worker", "cache", "console", "metrics", "policy", "proxy", "store"];
    format!("{}-{:02}", WORDS[number % WORDS.len()], number)
}

fn version(number: usize) -> String {
    format!("{}.{}.{}", 1 + number % 7, number % 13, number % 5)
}

fn component(number: usize, size: Size) -> String {
    let team = TEAMS[number % TEAMS.len()];
    let (name, version, next) = (name(number), version(number), version(number + 1));
    let common = format!("  project   = {team}\n  namespace = {team}\n");
    let before = if number >= 10 { format!("  after     = [{}]\n", self::name(0)) } else { String::new() };
    let is_chart = matches!(number % 10, 0 | 2 | 4 | 6 | 8);
    let mut text = match number % 10 {
        0 => format!(
            "component {name} on all {{\n{common}  source    = charts\n  chart     = \"{name}\"\n  version   = \
             \"{version}\"\n  values {{\n    replicas = if production then 3 else 1\n    clusterName = cluster\n    \
             resources = {{ requests = {{ cpu = \"50m\", memory = \"64Mi\" }} }}\n  }}\n  on env == dev {{ version = \
             \"{next}\" }}\n  on europe {{ values {{ zone = \"europe\" }} }}\n"
        ),
        1 => format!(
            "component {name} on all {{\n{common}{before}  source    = platform\n  path      = \"{name}/overlays/${{env}}\"\n  on \
             production {{ prune = false }}\n"
        ),
        2 => format!(
            "component {name} from service on all {{\n{common}{before}  version   = \"3.2.0\"\n  tag       = \
             \"{version}\"\n  on env == dev {{ tag = \"{next}\" }}\n  on production {{ replicas = 4 }}\n  on canaries {{ \
             values {{ features = {{ beta = true }} }} }}\n"
        ),
        3 => format!(
            "template {name} {{\n{common}{before}  source    = apps\n  path      = \"{name}/overlays/${{env}}\"\n  health    = \
             [\"Deployment/{name}\"]\n"
        ),
        4 => format!(
            "component {name} on production {{\n{common}{before}  source    = charts\n  chart     = \"{name}\"\n  version   = \
             \"{version}\"\n  values {{ retention = \"30d\", externalLabels = {{ cluster = cluster, region = region }} \
             }}\n  ignore \"apps/Deployment\" {{ fields = [\"/spec/replicas\"] }}\n"
        ),
        5 => format!(
            "component {name} on all {{\n{common}{before}  source    = platform\n  path      = \"{name}/${{region}}\"\n  images    = {{ \
             \"ghcr.io/example/{name}\" = \"mirror.example.com/{name}:{version}\" }}\n  patch Deployment {name} {{\n    add \
             \"/spec/template/spec/containers/0/env\" = [{{ name = \"CLUSTER\", value = cluster }}, {{ name = \"REGION\", \
             value = region }}]\n  }}\n  on platform == cloud {{ retry {{ limit = 3, duration = 10s }} }}\n"
        ),
        6 => format!(
            "component {name} on not europe {{\n{common}{before}  source    = charts\n  chart     = \"{name}\"\n  version   = \
             \"{version}\"\n  values-files = [\"values/${{component}}.yaml\", \"values/${{component}}-${{env}}.yaml\"]\n  \
             values {{ account = account, nodes = nodes }}\n"
        ),
        7 => format!(
            "component {name} on all {{\n{common}{before}  source    = platform\n  path      = \"{name}\"\n  annotations = {{ \
             \"example.com/owner\" = \"{team}\" }}\n  labels    = {{ \"example.com/tier\" = tier }}\n  on production {{ \
             server-side = true }}\n"
        ),
        8 => format!(
            "template {name} {{\n{common}{before}  values {{ ingress = {{ annotations = {{ \"example.com/kind\" = \"public\" }} \
             }} }}\n"
        ),
        _ => format!(
            "component {name} on env != dev {{\n{common}{before}  source    = apps\n  path      = \"{name}/${{env}}\"\n  prune     \
             = false\n  on europe {{ interval = 30m }}\n"
        ),
    };
    let overrides = |text: &mut String, of: &dyn Fn(usize) -> bool| {
        for cluster in
            (0..size.clusters).filter(|cluster| mix(*cluster, 100 + number).is_multiple_of(100) && of(*cluster))
        {
            let what = if is_chart { "values { logLevel = \"debug\" }" } else { "interval = 1m" };
            writeln!(text, "  on {} {{ {what} }}", cluster_name(cluster)).expect("a text takes all");
        }
        text.push_str("}\n");
    };
    // No instance of an engine waits for another, so what has a rollout is a component for each.
    let (from, rollout) = match number % 10 {
        3 => (name.clone(), "  rollout   = progressive\n".to_string()),
        8 => {
            let rest = format!("  version   = \"3.2.0\"\n  tag       = \"{version}\"\n  rollout   = by-region\n");
            (format!("service, {name}"), rest)
        }
        _ => {
            overrides(&mut text, &|_| true);
            return text;
        }
    };
    text.push_str("}\n");
    for hub in 0..hubs(size) {
        write!(text, "component {name}-{hub:02} from {from} on hub == hub-{hub:02} {{\n{rollout}")
            .expect("a text takes all");
        overrides(&mut text, &|cluster| cluster / 2 % hubs(size) == hub);
    }
    text
}

/// A number that looks random and is the same everywhere (splitmix64).
fn mix(number: usize, salt: usize) -> usize {
    let mut z = (number as u64).wrapping_add((salt as u64) << 32).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((z ^ (z >> 31)) >> 32).unwrap_or(0)
}
