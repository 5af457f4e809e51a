//! What a deployment is, attribute by attribute, as a test writes it.

use serde_json::{Map, Value, json};

use crate::plan::resolve::parts;
use crate::plan::{Content, Deployment, Image};

/// The value of the attribute `name` of a deployment, whose JSON is `whole`; null when it has none.
pub fn actual(deployment: &Deployment, whole: &Value, name: &str) -> Value {
    let of_source = |key: &str| whole.pointer(&format!("/source/{key}")).cloned().unwrap_or(Value::Null);
    let is_chart = matches!(deployment.content, Content::Chart(_));
    match name {
        "path" | "chart" => of_source(name),
        "version" if is_chart => of_source("revision"),
        "revision" if !is_chart => of_source(name),
        "version" | "revision" => Value::Null,
        "source" => deployment.source.name.as_str().into(),
        "values-files" => match &deployment.content {
            Content::Chart(chart) => chart.values_files.iter().map(|file| Value::from(file.path.as_str())).collect(),
            Content::Path(_) | Content::Objects(_) => json!([]),
        },
        "images" => {
            deployment.images.iter().map(|image| (image.name.clone(), written(image))).collect::<Map<_, _>>().into()
        }
        _ => whole.get(name.replace('-', "_")).cloned().unwrap_or(Value::Null),
    }
}

/// The images that a test expects, each in the one form of [`actual`].
pub fn images(expected: Value) -> Value {
    let Value::Object(map) = expected else { return expected };
    let one = |(name, text): (String, Value)| {
        let value = text.as_str().map_or(Value::Null, |text| written(&parts::image(&name, text)));
        (name, value)
    };
    map.into_iter().map(one).collect::<Map<_, _>>().into()
}

/// `new-name:tag@digest`, without what it lacks.
fn written(image: &Image) -> Value {
    let mut text = image.new_name.clone().unwrap_or_default();
    for (mark, part) in [(":", &image.tag), ("@", &image.digest)] {
        if let Some(part) = part {
            text = format!("{text}{mark}{part}");
        }
    }
    text.into()
}
