//! Facts of the plan.

use serde_json::Value;

/// The value that `left` names in the plan.
fn find(left: &str, plan: &Value) -> Option<Value> {
    let (subject, keys) = match left.split_once(' ')? {
        (what @ ("cluster" | "rollout" | "project"), rest) => {
            let (name, keys) = rest.trim().split_once(' ')?;
            let all = plan[format!("{what}s")].as_array()?;
            (all.iter().find(|one| one["name"] == name)?.clone(), keys)
        }
        (place, keys) => {
            let (component, cluster) = place.split_once('/')?;
            let all = plan["deployments"].as_array()?;
            (all.iter().find(|one| one["component"] == component && one["cluster"] == cluster)?.clone(), keys)
        }
    };
    let mut value = subject;
    for key in keys.trim().split('.') {
        value = match (&value, key.parse::<usize>()) {
            (Value::Array(items), Ok(index)) => items.get(index)?.clone(),
            _ => value.get(key)?.clone(),
        };
    }
    Some(value)
}

fn clusters(component: &str, plan: &Value) -> String {
    let all = plan["deployments"].as_array().into_iter().flatten();
    let here = all.filter(|one| one["component"] == component).map(|one| one["cluster"].as_str().unwrap());
    here.collect::<Vec<_>>().join(", ")
}

/// The fact as it is.
fn found(line: &str, plan: &Value) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    if let [component, "on", ..] = words.as_slice() {
        return format!("{component} on {}", clusters(component, plan)).trim_end().to_owned();
    }
    let (left, _) = line.split_once(" = ").unwrap_or_else(|| panic!("no fact: `{line}`"));
    // Compact JSON keeps the order of keys, which is part of the fact.
    let value = find(left.trim(), plan).map_or("nothing".to_owned(), |value| value.to_string());
    format!("{left} = {value}")
}

fn normal(line: &str) -> String {
    match line.split_once(" = ") {
        Some((left, right)) => {
            let right = serde_json::from_str::<Value>(right).map_or(right.to_owned(), |value| value.to_string());
            format!("{left} = {right}")
        }
        None => line.trim_end().to_owned(),
    }
}

/// The facts that do not hold.
pub fn failures(facts: &str, plan: &Value) -> Vec<String> {
    let lines = facts.lines().filter(|line| !line.is_empty());
    let wrong = lines.filter(|line| normal(line) != found(line, plan));
    wrong.map(|line| format!("expected the fact\n  {line}\nfound\n  {}", found(line, plan))).collect()
}

/// The facts as they are.
pub fn blessed(facts: &str, plan: &Value) -> String {
    let one = |line: &str| {
        if line.is_empty() || normal(line) == found(line, plan) { line.to_owned() } else { found(line, plan) }
    };
    facts.lines().map(|line| one(line) + "\n").collect()
}
