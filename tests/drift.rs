//! `fleetc drift`: what it says of states with every kind of finding, where it takes them from, and that nothing that an
//! engine may report makes it fail.
//!
//! The folders of `tests/drift` each hold a fleet, a state that was written by hand after what the engines print, and what
//! is said of it in each format.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, missing_docs)]

mod folder;
#[path = "folder/program.rs"]
mod program;
#[path = "random/rng.rs"]
#[allow(dead_code)]
mod rng;
#[path = "support/golden.rs"]
mod support;
#[path = "drift/world.rs"]
mod world;

use std::fs;
use std::path::PathBuf;

use fleetc::analysis;
use fleetc::drift::{self, Drift, Selection, Wrong, compare, json, markdown, text};
use fleetc::plan::Plan;
use fleetc::plan::markdown::LONGEST;
use fleetc::project::MemoryFiles;
use fleetc::target::{self, Engines, OutputTree};
use folder::Folder;
use rng::Rng;
use serde_json::{Value, json};

const CASES: [(&str, &str); 4] =
    [("sets", "drift.yaml"), ("apps", "drift.json"), ("hub", "drift.yaml"), ("pull", "drift.yaml")];

fn case(name: &str, file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/drift").join(name).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fleet(name: &str) -> Folder {
    Folder::with(&[("fleet.fleet", &case(name, "fleet.fleet"))])
}

fn built(fleet: &str) -> (Plan, OutputTree) {
    let project = MemoryFiles::new().file("fleet.fleet", fleet).into_project();
    let compilation = analysis::compile(&project, &[]);
    let plan = compilation.plan.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics));
    let tree = target::build(&plan, &Engines { argocd: true, flux: true });
    (plan, tree)
}

fn compared(plan: &Plan, tree: &OutputTree, state: &str) -> Drift {
    let selection = Selection { engines: None, instance: None };
    compare(plan, tree, &[drift::read(state).unwrap()], &selection).unwrap()
}

#[test]
fn every_kind_of_finding_is_told() {
    for (name, file) in CASES {
        let folder = fleet(name);
        folder.write(file, case(name, file));
        for (format, golden) in [("text", "text.txt"), ("json", "drift.json.txt"), ("markdown", "comment.md")] {
            let arguments = ["drift", "--from", file, "--format", format, "--color", "never", "-q"];
            let ran = folder.fleetc(&arguments).ends_with(3);
            support::golden(&format!("tests/drift/{name}/{golden}"), &ran.stdout);
        }
    }
    // Each engine can have each of them.
    for cases in [["sets", "apps"], ["hub", "pull"]] {
        let told: String = cases.iter().map(|name| case(name, "drift.json.txt")).collect();
        for (wrong, word, _) in Wrong::ALL {
            // Flux corrects what differs at once, and says nothing of it.
            let is_argocds = wrong == Wrong::OutOfSync && cases[0] == "hub";
            assert_eq!(told.contains(&format!("\"state\": \"{word}\"")), !is_argocds, "{word} in {cases:?}");
        }
    }
}

#[test]
fn what_was_built_and_is_healthy_is_no_drift() {
    for name in ["sets", "apps", "hub"] {
        let (plan, tree) = built(&case(name, "fleet.fleet"));
        let folder = fleet(name);
        folder.write("state.json", world::list(&world::live(&tree, &plan.home_path)));
        let ran = folder.fleetc(&["drift", "--from", "state.json", "-q"]).ends_with(0).stderr("");
        assert!(ran.stdout.starts_with("shop: no drift: "), "{name}: {}", ran.stdout);
    }
    let folder = fleet("pull");
    for cluster in ["berlin", "dublin"] {
        folder.write(&format!("{cluster}.yaml"), case("pull", &format!("{cluster}.yaml")));
    }
    let both = folder.fleetc(&["drift", "--from", "berlin.yaml", "--from", "dublin.yaml"]).ends_with(0);
    both.stdout("shop: no drift: 4 deployments on 2 clusters are as the plan says\n");
    let one = folder.fleetc(&["drift", "--from", "berlin.yaml"]).ends_with(0);
    one.stdout_has("2 deployments on 1 cluster").stdout_has("dublin: there is no state of its own Flux");
}

/// The objects are the same in every layout, and so is what is said of them.
#[test]
fn layouts_do_not_matter() {
    for (name, flux) in [("hub", "flux { layout = overlays }"), ("pull", "flux { mode = pull, layout = overlays }")] {
        let fleet = case(name, "fleet.fleet").replace("flux { mode = pull }", flux).replace("flux { }", flux);
        let folder = Folder::with(&[("fleet.fleet", &fleet)]);
        let ran = folder.fleetc(&["drift", "--from", "-", "-q"]).reads(&case(name, "drift.yaml")).ends_with(3);
        ran.stdout(&case(name, "text.txt"));
    }
}

/// Where clusters are found by labels, the fleet does not know all of them.
#[test]
fn a_cluster_that_nobody_declared_is_no_drift_where_clusters_are_found_by_labels() {
    let fleet = |membership: &str| {
        format!(
            "fleet shop {{ source = config }}\nargocd {{ {membership} }}\nsource config {{ git = \
             \"https://example.com/config\", branch = \"main\" }}\nlabel env: dev | prod\ncluster dev \
             {{ env = dev }}\ncluster prod {{ env = prod }}\ncomponent web on env == prod {{ path = \"web\", namespace = web }}\n"
        )
    };
    let (plan, tree) = built(&fleet(""));
    let mut objects = world::live(&tree, &plan.home_path);
    objects.retain(|one| one["kind"] == "Application");
    let mut new = objects[0].clone();
    assert_eq!(new["metadata"]["name"], "web-prod");
    new["metadata"]["name"] = json!("web-new");
    new["metadata"]["labels"]["fleetc.dev/cluster"] = json!("new");
    objects.push(new);
    let state = world::list(&objects);
    let folder = Folder::with(&[("fleet.fleet", &fleet("membership = labels"))]);
    let ran = folder.fleetc(&["drift", "--from", "-", "-q"]).reads(&state).ends_with(0);
    ran.stdout_has("no drift: 1 deployment on 1 cluster")
        .stdout_has("1 Application on clusters that are found by labels");
    folder.write("fleet.fleet", fleet(""));
    folder
        .fleetc(&["drift", "--from", "-", "-q"])
        .reads(&state)
        .ends_with(3)
        .stdout_has("new  Application web-new  unexpected");
}

#[test]
fn a_state_is_read_in_every_form_and_from_everywhere() {
    let folder = fleet("hub");
    let yaml = case("hub", "drift.yaml");
    let list: Value = serde_yaml::from_str(&yaml).unwrap();
    let expected = case("hub", "text.txt");
    folder.write("list.json", list.to_string());
    folder.write("array.json", list["items"].to_string());
    let half = list["items"].as_array().unwrap().len() / 2;
    let (one, other) = list["items"].as_array().unwrap().split_at(half);
    folder.write("one.json", world::list(one));
    folder.write("other.json", world::list(other));
    let documents: String = list["items"].as_array().unwrap().iter().map(|one| format!("---\n{one}\n")).collect();
    folder.write("documents.yaml", documents);
    for file in ["list.json", "array.json", "documents.yaml"] {
        folder.fleetc(&["drift", "--from", file]).ends_with(3).stdout(&expected);
    }
    folder.fleetc(&["drift", "--from", "-"]).reads(&yaml).ends_with(3).stdout(&expected);
    folder.fleetc(&["drift", "--from", "one.json", "--from", "other.json"]).ends_with(3).stdout(&expected);
    // What two commands print, one behind the other.
    let both = world::list(one) + "\n" + &world::list(other);
    folder.fleetc(&["drift", "--from", "-"]).reads(&both).ends_with(3).stdout(&expected);
}

#[test]
fn without_a_state_the_commands_that_print_it_are_shown_and_none_is_run() {
    let folder = fleet("sets");
    folder.fleetc(&["drift", "-q"]).ends_with(2).stdout("").stderr(
        "error: there is no state to compare with\n\
         help: `kubectl get appprojects,applicationsets,applications.argoproj.io -A -o json | fleetc drift --from -`, or let \
         fleetc run it: `fleetc drift --run`\n",
    );
    fleet("hub").fleetc(&["drift"]).ends_with(2).stderr_has("`kubectl get gitrepositories,").stderr_has(
        "buckets.source.toolkit.fluxcd.io,kustomizations.kustomize.toolkit.fluxcd.io,helmreleases -A -o json",
    );
    folder.fleetc(&["drift", "--from", "-", "--context", "hub"]).ends_with(2).stderr_has("add `--run`");
    folder.fleetc(&["drift", "--from", "-", "--run"]).ends_with(2).stderr_has("cannot be used with");
    folder.write("wrong.fleet", "clsuter c { }\n");
    folder.fleetc(&["drift", "--from", "nowhere.json"]).ends_with(1).stdout("");
}

#[test]
fn what_is_no_state_is_refused() {
    let folder = fleet("sets");
    for (text, why) in [
        ("", "it is empty"),
        ("{", "it is no JSON: EOF while parsing an object at line 1 column 1"),
        ("{\"items\": 3}", "its `items` are no list"),
        ("just words", "it holds no object and no list of objects"),
        ("a: [", "it is neither JSON nor YAML"),
        ("{\"kind\":\"Status\",\"message\":\"forbidden\\u001b[2J\"}", "an API server that failed: forbidden\\u{1b}[2J"),
    ] {
        folder.write("state", text);
        let ran = folder.fleetc(&["drift", "--from", "state", "-q"]).ends_with(2).stdout("");
        ran.stderr_has("error: cannot read a state from `state`: ").stderr_has(why);
    }
    folder.write("state", [0xff, 0xfe]);
    folder.fleetc(&["drift", "--from", "state"]).ends_with(2).stderr_has("it is no UTF-8");
    folder.fleetc(&["drift", "--from", "nowhere"]).ends_with(2).stderr_has("cannot read `nowhere`: ");
    folder.write("flux.yaml", case("hub", "drift.yaml"));
    folder.fleetc(&["drift", "--from", "flux.yaml"]).ends_with(2).stderr_has("the state holds no object of Argo CD");
}

#[test]
fn whose_state_it_is_is_found_out_or_said() {
    let folder = Folder::with(&[("fleet.fleet", include_str!("instances/fleet.fleet"))]);
    let (plan, tree) = built(include_str!("instances/fleet.fleet"));
    let of = |namespace: &str| {
        let objects = world::live(&tree, &plan.home_path);
        let kept = objects.into_iter().filter(|one| one["metadata"]["namespace"] == namespace);
        world::list(&kept.collect::<Vec<_>>())
    };
    let east = of("argocd-east");
    let ran = folder.fleetc(&["drift", "--from", "-", "-q"]).reads(&east).ends_with(0);
    ran.stdout_has("argocd west: nothing of it is in the state")
        .stdout_has("no drift: 1 deployment on 1 cluster is as");
    let west = folder.fleetc(&["drift", "--from", "-", "--instance", "west"]).reads(&east).ends_with(3);
    west.stdout_has("4 of 4 deployments drift");
    folder.fleetc(&["drift", "--from", "-", "--instance", "wets"]).reads(&east).ends_with(2).stderr_has("mean `west`?");
    folder
        .fleetc(&["drift", "--from", "-", "--target", "flux"])
        .reads(&east)
        .ends_with(2)
        .stderr_has("no object of Flux");
    let nothing = folder.fleetc(&["drift", "--from", "-"]).reads("{\"kind\":\"List\",\"items\":[]}").ends_with(2);
    nothing.stderr_has("say it with `--target` or `--instance`; the fleet has argocd east, argocd west, flux edge");
}

#[cfg(unix)]
#[test]
fn with_run_the_command_is_run_and_said() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = fleet("sets");
    let (plan, tree) = built(&case("sets", "fleet.fleet"));
    folder.write("state.json", world::list(&world::live(&tree, &plan.home_path)));
    let kubectl = |script: &str| {
        folder.write("bin/kubectl", format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(folder.path("bin/kubectl"), fs::Permissions::from_mode(0o755)).unwrap();
    };
    let path = format!("{}:/usr/bin:/bin", folder.path("bin").display());
    let run = |arguments: &[&str]| folder.fleetc(&[&["drift", "--run"], arguments].concat()).env("PATH", &path);
    kubectl("echo \"$@\" > asked; cat state.json");
    let ran = run(&["--context", "hub"]).ends_with(0);
    let command = "get appprojects,applicationsets,applications.argoproj.io -A -o json --context=hub";
    ran.stderr_has(&format!("run: kubectl {command}\n"));
    assert_eq!(folder.read("asked"), format!("{command}\n"));
    // Every kind was asked for, so a kind of which nothing is there is missing.
    kubectl("echo '{\"kind\":\"List\",\"items\":[]}'");
    run(&[]).ends_with(3).stdout_has("AppProject apps").stdout_has("14 of 14 deployments drift");
    // Of two engines, each is asked for, and one that has nothing is missing as a whole.
    let both =
        case("sets", "fleet.fleet").replace("source    = config", "source = config\n  migrating = true") + "flux { }\n";
    let both = both.replace("stage prod    on env == prod { gate = manual }", "stage prod    on env == prod");
    folder.write("fleet.fleet", both);
    kubectl("case \"$2\" in app*) cat state.json;; *) echo '{\"kind\":\"List\",\"items\":[]}';; esac");
    run(&["-q"]).ends_with(3).stdout_has("\nflux: 14 deployments on 4 clusters\n");
    kubectl("echo >&2; echo 'error: no\u{1b}[31m access' >&2; echo more >&2; exit 1");
    let ran = run(&["-q"]).ends_with(2).stdout("");
    ran.stderr_has("-o json` failed: error: no\\u{1b}[31m access\n");
    folder.remove("bin/kubectl");
    folder.fleetc(&["drift", "--run"]).env("PATH", "/nowhere").ends_with(2).stderr_has("cannot run `kubectl`: ");
}

/// Nobody asks for a Secret, one that comes along is not looked into, and what somebody set by hand is not shown where
/// people put passwords.
#[test]
fn no_secret_is_asked_for_or_shown() {
    for (name, file) in CASES {
        let folder = fleet(name);
        assert!(!folder.fleetc(&["drift"]).ends_with(2).stderr.to_lowercase().contains("secret"));
        let state = case(name, file);
        for format in ["text", "json", "markdown"] {
            let arguments = ["drift", "--from", "-", "--all", "--format", format];
            let printed = folder.fleetc(&arguments).reads(&state).ends_with(3).stdout;
            for secret in ["hunter2", "aHVudGVyMg=="] {
                assert!(!printed.contains(secret), "{name}: {printed}");
            }
        }
    }
    assert!(case("sets", "drift.yaml").contains("hunter2") && case("hub", "drift.yaml").contains("aHVudGVyMg=="));
}

#[test]
fn the_objects_of_others_are_named_when_asked_for() {
    let folder = fleet("hub");
    let ran = folder.fleetc(&["drift", "--from", "-", "--all"]).reads(&case("hub", "drift.yaml")).ends_with(3);
    ran.stdout_has("  1 object of others\n    Kustomization team-a/team\n");
}

#[test]
fn a_comment_is_never_too_long() {
    let clusters: String = (0..500).map(|number| format!("cluster c{number} {{ }}\n")).collect();
    let fleet = format!(
        "fleet big {{ source = config }}\nargocd {{ }}\nsource config {{ git = \"https://example.com/config\", branch = \
         \"main\" }}\n{clusters}component web on all {{ path = \"web\", namespace = web }}\ncomponent api on all {{ path = \
         \"api\", namespace = api }}\n"
    );
    let (plan, tree) = built(&fleet);
    let drift = compared(&plan, &tree, "{\"kind\":\"List\",\"items\":[]}");
    let comment = markdown::markdown(&drift);
    let is_row =
        |line: &&str| line.strip_prefix("| c").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let shown = comment.lines().filter(is_row).count();
    assert!(comment.chars().count() <= LONGEST && comment.chars().count() > 60_000);
    let rest = 1000 - shown;
    assert!(
        comment.ends_with(&format!("\n{rest} findings more did not fit here: `fleetc drift` prints all.\n")),
        "{shown}"
    );
}

/// Something that no engine would report, in the place of `value` or of a part of it.
fn spoil(value: &mut Value, rng: &mut Rng) {
    let deeper = !rng.chance(12);
    match value {
        Value::Object(map) if deeper && !map.is_empty() => {
            let key = map.keys().nth(rng.below(map.len())).unwrap().clone();
            if rng.chance(5) {
                map.shift_remove(&key);
            } else {
                spoil(map.get_mut(&key).unwrap(), rng);
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let place = rng.below(items.len());
            if rng.chance(5) {
                let copy = items[place].clone();
                items.push(copy);
            } else {
                spoil(&mut items[place], rng);
            }
        }
        value => {
            let nonsense = [
                json!(null),
                json!(true),
                json!(-1),
                json!(1e300),
                json!(u64::MAX),
                json!(""),
                json!("\u{1b}[31m\u{0}\r\n\u{202e}| `x` <b> @all"),
                json!("x".repeat(5000)),
                json!("{{.cluster}}"),
                json!("99999999999999999999999999999h"),
                json!([]),
                json!([null, {}, [[]]]),
                json!({}),
                json!({ "": { "a.b/c": null } }),
            ];
            *value = rng.pick(&nonsense).clone();
        }
    }
}

/// Every format, in which no character is left that a terminal takes for a command.
fn rendered(drift: &Drift, context: &str) {
    let comment = markdown::markdown(drift);
    assert!(comment.chars().count() <= LONGEST, "{context}");
    for text in [text::text(drift, true), comment, json::json(drift, true).to_string()] {
        let hidden = |c: &char| c.is_control() && *c != '\n' || *c == '\u{202e}';
        // JSON escapes what is below a blank, and a program reads the rest.
        let found = text.chars().find(|c| hidden(c) && !(text.starts_with('{') && *c == '\u{202e}'));
        assert_eq!(found, None, "{context}: {text}");
    }
}

#[test]
fn nothing_that_an_engine_reports_makes_it_fail() {
    let rounds = std::env::var("FLEETC_SEEDS").map_or(60, |count| count.parse().unwrap());
    for (name, file) in CASES {
        let (plan, tree) = built(&case(name, "fleet.fleet"));
        let state: Value = serde_yaml::from_str(&case(name, file)).unwrap();
        for round in 0..rounds {
            let mut rng = Rng::new(round, 5);
            let mut spoiled = state.clone();
            for _ in 0..rng.between(1, 60) {
                spoil(&mut spoiled, &mut rng);
            }
            let context = format!("{name}, round {round}");
            let Ok(read) = drift::read(&spoiled.to_string()) else { continue };
            let selection = Selection { engines: None, instance: None };
            if let Ok(drift) = compare(&plan, &tree, &[read], &selection) {
                rendered(&drift, &context);
            }
        }
    }
}

#[test]
fn no_text_makes_it_fail() {
    let json = serde_yaml::from_str::<Value>(&case("pull", "drift.yaml")).unwrap().to_string();
    for text in [json, case("pull", "drift.yaml")] {
        let mut rng = Rng::new(7, 5);
        for _ in 0..200 {
            let mut characters: Vec<char> = text.chars().collect();
            for _ in 0..rng.between(1, 20) {
                let place = rng.below(characters.len());
                match rng.below(3) {
                    0 => characters.truncate(place.max(1)),
                    1 => {
                        characters[place] =
                            *rng.pick(&['{', '}', '[', ']', '"', ':', '&', '*', '\n', '\t', '\u{0}', '9'])
                    }
                    _ => _ = characters.remove(place.min(characters.len() - 1)),
                }
                if characters.is_empty() {
                    break;
                }
            }
            _ = drift::read(&characters.into_iter().collect::<String>());
        }
    }
    for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000), "- ".repeat(100_000), "a: &a [*a,*a]\n".repeat(1000)] {
        _ = drift::read(&text);
    }
}
