//! Label selectors of Kubernetes, as the cluster generator of an ApplicationSet applies them to cluster Secrets.
//!
//! Takes a selector and the labels of one object. The rules are those of `LabelSelectorAsSelector`
//! (k8s.io/apimachinery 0.36, pkg/apis/meta/v1/helpers.go); `tests/conformance/argocd.sh` compares them with it.

use std::collections::BTreeMap;

/// A label selector: all of it must hold, and an empty one selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    /// Labels with exactly these values.
    pub match_labels: BTreeMap<String, String>,
    /// Requirements of one label each.
    pub match_expressions: Vec<Requirement>,
}

/// An entry of `matchExpressions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// The key of a label.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// What the label is compared with.
    pub values: Vec<String>,
}

/// Why Kubernetes takes no selector like this; one such part spoils it for all objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidSelector {
    /// Not one of the four operators; upper and lower case matter.
    Operator(String),
    /// `In` or `NotIn` without values.
    NoValues(String),
    /// `Exists` or `DoesNotExist` with values.
    Values(String),
    /// A key that no label has.
    Key(String),
    /// A value that no label has.
    Value(String),
}

/// Whether an object with these labels is selected. An object without the label satisfies `NotIn` and `DoesNotExist`.
pub fn matches_selector(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> Result<bool, InvalidSelector> {
    let mut selected = true;
    for (key, value) in &selector.match_labels {
        check_key(key)?;
        check_value(value)?;
        selected &= labels.get(key) == Some(value);
    }
    for requirement in &selector.match_expressions {
        selected &= requirement.holds(labels)?;
    }
    Ok(selected)
}

impl Requirement {
    fn holds(&self, labels: &BTreeMap<String, String>) -> Result<bool, InvalidSelector> {
        let value = labels.get(&self.key);
        let is_listed = value.is_some_and(|value| self.values.contains(value));
        let (holds, lists) = match self.operator.as_str() {
            "In" => (is_listed, true),
            "NotIn" => (!is_listed, true),
            "Exists" => (value.is_some(), false),
            "DoesNotExist" => (value.is_none(), false),
            other => return Err(InvalidSelector::Operator(other.to_owned())),
        };
        check_key(&self.key)?;
        match (lists, self.values.is_empty()) {
            (true, true) => return Err(InvalidSelector::NoValues(self.key.clone())),
            (false, false) => return Err(InvalidSelector::Values(self.key.clone())),
            _ => {}
        }
        self.values.iter().try_for_each(|value| check_value(value))?;
        Ok(holds)
    }
}

fn check_key(key: &str) -> Result<(), InvalidSelector> {
    if is_label_key(key) { Ok(()) } else { Err(InvalidSelector::Key(key.to_owned())) }
}

fn check_value(value: &str) -> Result<(), InvalidSelector> {
    let fits = value.is_empty() || is_name(value);
    if fits { Ok(()) } else { Err(InvalidSelector::Value(value.to_owned())) }
}

/// A name, with a DNS name and `/` before it or not.
fn is_label_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name(name),
        None => is_name(key),
    }
}

/// At most 63 letters, digits, `-`, `_` and `.`, of which the first and the last are letters or digits.
fn is_name(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.len() <= 63 && text.bytes().all(is_inner) && has_plain_ends(text)
}

fn is_subdomain(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= 253 && text.split('.').all(|label| label.bytes().all(is_inner) && has_plain_ends(label))
}

fn has_plain_ends(text: &str) -> bool {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    is_plain(text.as_bytes().first()) && is_plain(text.as_bytes().last())
}
