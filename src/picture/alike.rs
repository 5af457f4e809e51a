//! Names for clusters that are alike: `prod x12`.

/// A name for each of `groups`, none of which is empty. No two groups have the same one.
///
/// What all names of a group begin with, or else end with, is the group's name, when no cluster of another group is called
/// so too. Else it is the first cluster and how many more there are.
pub(super) fn labels(groups: &[Vec<String>]) -> Vec<String> {
    let parted: Vec<Vec<Vec<&str>>> =
        groups.iter().map(|group| group.iter().map(|name| name.split('-').collect()).collect()).collect();
    let label = |(place, (group, members)): (usize, (&Vec<String>, &Vec<Vec<&str>>))| {
        if group.len() < 2 {
            return first_and_more(group);
        }
        let others = || parted.iter().enumerate().filter(|(other, _)| *other != place).flat_map(|(_, others)| others);
        let start = shared(members, |name, place| name.get(place).copied());
        if !start.is_empty() && !others().any(|name| name.starts_with(&start)) {
            return format!("{} x{}", start.join("-"), group.len());
        }
        let mut end = shared(members, |name, place| name.get(name.len().checked_sub(place + 1)?).copied());
        end.reverse();
        if !end.is_empty() && !others().any(|name| name.ends_with(&end)) {
            return format!("{} x{}", end.join("-"), group.len());
        }
        first_and_more(group)
    };
    groups.iter().zip(&parted).enumerate().map(label).collect()
}

/// The parts that all names have in the same place, from the first on.
fn shared<'n>(names: &[Vec<&'n str>], part: impl Fn(&[&'n str], usize) -> Option<&'n str>) -> Vec<&'n str> {
    let mut shared: Vec<&str> = Vec::new();
    let next = |place: usize| {
        let one = names.first().and_then(|name| part(name, place))?;
        names.iter().all(|name| part(name, place) == Some(one)).then_some(one)
    };
    while let Some(one) = next(shared.len()) {
        shared.push(one);
    }
    shared
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
        assert_eq!(named(&[&["dev-us", "staging-us"], &["prod-eu", "prod-us"]]), ["dev-us +1", "prod x2"]);
        assert_eq!(named(&[&["ams", "fra", "lon"]]), ["ams +2"]);
        assert_eq!(named(&[&["production-1", "prod-1"]]), ["1 x2"]);
    }
}
