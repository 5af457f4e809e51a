//! Whom a line of a manifest is for: read off the labels that each document has, and off its path.

/// What a document belongs to.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    /// The component, store, secret or object.
    pub component: Option<String>,
    /// The only cluster that it is for.
    pub cluster: Option<String>,
    /// What else is declared that it is made of: a word of [`crate::change::Declared::what`], or `source`, and the name.
    pub declared: Option<(&'static str, String)>,
}

/// The documents of a file.
pub struct Documents {
    /// The first line of each, from 0, with its owner; in order.
    starts: Vec<(usize, Owner)>,
}

impl Documents {
    /// The documents of `text`, which is or was at `path` below the output folder and whose labels begin with `prefix`.
    pub fn of(path: &str, text: Option<&str>, prefix: &str) -> Self {
        let by_path = by_path(path);
        let mut starts = Vec::new();
        let mut first = 0;
        let lines: Vec<&str> = text.unwrap_or_default().lines().collect();
        for document in lines.split(|line| line.trim_end() == "---") {
            starts.push((first, by_labels(document, &by_path, prefix)));
            first += document.len() + 1;
        }
        Self { starts }
    }

    /// The owner of the line `number`, from 0.
    pub fn owner(&self, number: usize) -> Owner {
        let behind = self.starts.partition_point(|(first, _)| *first <= number);
        self.starts.get(behind.saturating_sub(1)).map(|(_, owner)| owner.clone()).unwrap_or_default()
    }
}

fn by_path(path: &str) -> Owner {
    let mut owner = Owner::default();
    let parts: Vec<&str> = path.split('/').collect();
    for (index, part) in parts.iter().enumerate() {
        let next =
            |by: usize| parts.get(index + by).map(|name| name.split_once(".yaml").map_or(*name, |(name, _)| name));
        match (*part, next(1), next(2)) {
            ("releases" | "objects" | "apps", Some(cluster), component) => {
                owner.cluster = Some(cluster.to_string());
                owner.component = component.map(str::to_string);
            }
            ("clusters" | "kubeconfigs", Some(cluster), _) => {
                owner.cluster = Some(cluster.to_string());
                owner.declared = Some(("cluster", cluster.to_string()));
            }
            ("projects", Some(project), _) => owner.declared = Some(("project", project.to_string())),
            ("rollouts", Some(rollout), Some(_)) => owner.declared = Some(("rollout", rollout.to_string())),
            ("sources", Some(source), _) => owner.declared = Some(("source", source.to_string())),
            _ => continue,
        }
        return owner;
    }
    owner
}

/// What the labels of a document say, and `by_path` where they say nothing. Labels of a document stand four blanks in.
fn by_labels(document: &[&str], by_path: &Owner, prefix: &str) -> Owner {
    let label = |name: &str| {
        let key = format!("    {prefix}/{name}: ");
        let said = document.iter().find_map(|line| line.strip_prefix(&key));
        said.map(|value| value.trim_matches('"').to_string())
    };
    let (component, cluster) = (label("component"), label("cluster"));
    if component.is_none() && cluster.is_none() {
        return by_path.clone();
    }
    Owner { component, cluster: cluster.or_else(|| by_path.cluster.clone()), declared: None }
}
