//! The same clusters in JSON, YAML, CSV and by hand are the same plan.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::{clusters, compiled};

#[derive(Clone, Debug)]
struct Row {
    env: &'static str,
    region: Option<String>,
    canary: Option<bool>,
    server: Option<String>,
    nodes: Option<i64>,
    domain: Option<String>,
}

fn row() -> impl Strategy<Value = Row> {
    // Words that readers of YAML take for something else are among them: they are quoted there.
    let region = prop_oneof!["[a-z0-9]{1,8}", Just("no".to_owned()), Just("1e3".to_owned()), Just("010".to_owned())];
    let domain = prop_oneof!["[ -~é€]{1,12}", Just("a\"b,c'd".to_owned()), Just("${env}".to_owned())];
    (
        prop_oneof![Just("dev"), Just("prod")],
        option::of(region),
        option::of(any::<bool>()),
        option::of("https://[a-z]{1,6}"),
        option::of(-5i64..50),
        option::of(domain),
    )
        .prop_map(|(env, region, canary, server, nodes, domain)| Row {
            env,
            region,
            canary,
            server,
            nodes,
            domain,
        })
}

type Cell = (&'static str, Option<serde_json::Value>);

fn cells(row: &Row) -> [Cell; 6] {
    [
        ("env", Some(row.env.into())),
        ("region", row.region.clone().map(Into::into)),
        ("canary", row.canary.map(Into::into)),
        ("server", row.server.clone().map(Into::into)),
        ("nodes", row.nodes.map(Into::into)),
        ("domain", row.domain.clone().map(Into::into)),
    ]
}

fn json(rows: &[(String, Row)]) -> String {
    let row = |(name, row): &(String, Row)| {
        let mut map = serde_json::Map::new();
        map.insert("name".into(), name.as_str().into());
        map.extend(cells(row).into_iter().map(|(key, value)| (key.to_owned(), value.unwrap_or_default())));
        serde_json::Value::Object(map)
    };
    serde_json::to_string_pretty(&rows.iter().map(row).collect::<Vec<_>>()).unwrap()
}

fn yaml(rows: &[(String, Row)]) -> String {
    let mut out = String::new();
    for (name, row) in rows {
        out += &format!("- name: {name}\n  labels:\n");
        for (key, value) in cells(row).into_iter().filter(|(_, value)| value.is_some()) {
            let value = match value.unwrap() {
                serde_json::Value::String(text) => format!("'{}'", text.replace('\'', "''")),
                other => other.to_string(),
            };
            out += &format!("    {key}: {value}\n");
        }
    }
    out
}

fn csv(rows: &[(String, Row)]) -> String {
    let mut out = String::from("name,env,region,canary,server,nodes,domain\n");
    for (name, row) in rows {
        out += name;
        for (_, value) in cells(row) {
            out += &match value {
                None => ",".to_owned(),
                Some(serde_json::Value::String(text)) => format!(",\"{}\"", text.replace('"', "\"\"")),
                Some(other) => format!(",{other}"),
            };
        }
        out += "\r\n";
    }
    out
}

fn fleet(rows: &[(String, Row)]) -> String {
    let mut out = String::new();
    for (name, row) in rows {
        out += &format!("cluster {name} {{\n");
        for (key, value) in cells(row).into_iter().filter(|(_, value)| value.is_some()) {
            let value = match value.unwrap() {
                serde_json::Value::String(text) => {
                    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${"))
                }
                other => other.to_string(),
            };
            out += &format!("  {key} = {value}\n");
        }
        out += "}\n";
    }
    out
}

/// The plan as JSON without places, and the clusters.
fn plan(files: &[(&str, String)]) -> (String, String) {
    let files: Vec<(String, String)> = files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())).collect();
    let compilation = compiled(&files);
    assert!(compilation.plan.is_some(), "{:?}\n{files:?}", compilation.diagnostics);
    let plan = compilation.plan.as_ref().unwrap();
    (serde_json::to_string(&fleetc::plan::json::json(plan)).unwrap(), clusters(&compilation))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_format_gives_the_plan_of_clusters_written_by_hand(rows in btree_map("[a-z]{3,8}-[0-9]", row(), 1..6)) {
        let rows: Vec<(String, Row)> = rows.into_iter().collect();
        let by_hand = plan(&[("main.fleet", fleet(&rows))]);
        for (path, text) in [("c.json", json(&rows)), ("c.yaml", yaml(&rows)), ("c.csv", csv(&rows))] {
            let read = plan(&[("main.fleet", format!("inventory \"{path}\"\n")), (path, text)]);
            prop_assert_eq!(&read, &by_hand, "{}", path);
        }
    }

    #[test]
    fn no_text_brings_the_readers_down(bytes in vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
        for path in ["c.json", "c.yaml", "c.csv"] {
            for text in [String::from_utf8_lossy(&bytes).as_ref(), text.as_str()] {
                super::hostile::read(path, text);
            }
        }
    }
}
