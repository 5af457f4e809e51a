//! Names for clusters that are alike: `prod x12`.

use std::collections::BTreeMap;

/// A name for each of `groups`, none of which is empty. No two groups have the same one.
///
/// What all names of a group begin with, or else end with, is the group's name; where that is nothing, or that of another
/// group, it is the first cluster and how many more there are.
pub(super) fn labels(groups: &[Vec<String>]) -> Vec<String> {
    let wanted: Vec<String> = groups.iter().map(|members| label(members)).collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for label in &wanted {
        *count.entry(label).or_default() += 1;
    }
    let own = |(members, label): (&Vec<String>, &String)| match count.get(label.as_str()) {
        Some(0 | 1) if !label.is_empty() => label.clone(),
        _ => first_and_more(members),
    };
    groups.iter().zip(&wanted).map(own).collect()
}

fn label(members: &[String]) -> String {
    let [first, rest @ ..] = members else { return String::new() };
    if rest.is_empty() {
        return first.clone();
    }
    let parts = |name: &str| name.split('-').map(str::to_owned).collect::<Vec<_>>();
    let all: Vec<Vec<String>> = members.iter().map(|name| parts(name)).collect();
    let shared = |from_end: bool| {
        let part = |name: &Vec<String>, place: usize| {
            let place = if from_end { name.len().checked_sub(place + 1)? } else { place };
            name.get(place).cloned()
        };
        let mut shared: Vec<String> = Vec::new();
        while let Some(one) = all.first().and_then(|name| part(name, shared.len())) {
            if !all.iter().all(|name| part(name, shared.len()).as_ref() == Some(&one)) {
                break;
            }
            shared.push(one);
        }
        if from_end {
            shared.reverse();
        }
        shared.join("-")
    };
    let name = [shared(false), shared(true)].into_iter().find(|name| !name.is_empty());
    name.map_or_else(String::new, |name| format!("{name} x{}", members.len()))
}

fn first_and_more(members: &[String]) -> String {
    match members {
        [] => String::new(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::labels;

    #[test]
    fn a_group_is_called_what_its_clusters_share() {
        let named = |groups: &[&[&str]]| {
            let groups: Vec<Vec<String>> =
                groups.iter().map(|names| names.iter().map(|name| (*name).to_owned()).collect()).collect();
            labels(&groups)
        };
        assert_eq!(named(&[&["prod-eu", "prod-us"], &["dev"]]), ["prod x2", "dev"]);
        assert_eq!(named(&[&["eu-prod", "us-prod"]]), ["prod x2"]);
        assert_eq!(named(&[&["prod-eu", "prod-us"], &["prod-ap", "prod-sa"]]), ["prod-eu +1", "prod-ap +1"]);
        assert_eq!(named(&[&["ams", "fra", "lon"]]), ["ams +2"]);
        assert_eq!(named(&[&["production-1", "prod-1"]]), ["1 x2"]);
    }
}
