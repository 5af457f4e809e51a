//! The answer as JSON: a public contract with the schema `fleetc.why/1`.

use serde_json::{Map, Value, json};

use super::{Beaten, Because, Field, Input, Part, Place, Said, Stage, Why};

/// The whole answer.
pub fn json(why: &Why) -> Value {
    json!({
        "schema": "fleetc.why/1",
        "cluster": why.cluster,
        "component": why.component,
        "runs": why.runs,
        "because": because(&why.because),
        "stage": why.stage.as_ref().map(stage),
        "fields": each(&why.fields, field),
    })
}

fn each<T>(items: &[T], one: impl Fn(&T) -> Value) -> Value {
    items.iter().map(one).collect()
}

/// `fields` with the place behind them: `file`, `line`, `column` and `text`, null when there is none.
fn placed(fields: Value, place: Option<&Place>) -> Value {
    let mut object = match fields {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    object.insert("file".into(), json!(place.map(|place| &place.file)));
    object.insert("line".into(), json!(place.map(|place| place.line)));
    object.insert("column".into(), json!(place.map(|place| place.column)));
    object.insert("text".into(), json!(place.map(|place| &place.text)));
    Value::Object(object)
}

fn because(because: &Because) -> Value {
    let fields = json!({ "kind": because.kind, "predicate": because.text, "parts": each(&because.parts, part) });
    placed(fields, Some(&because.place))
}

fn part(part: &Part) -> Value {
    let fields = json!({ "predicate": part.text, "holds": part.holds, "inputs": each(&part.inputs, input) });
    placed(fields, Some(&part.place))
}

fn stage(stage: &Stage) -> Value {
    let fields = json!({
        "rollout": stage.rollout,
        "name": stage.name,
        "number": stage.number,
        "of": stage.of,
        "parts": each(&stage.parts, part),
    });
    placed(fields, Some(&stage.place))
}

fn said(said: &Said) -> Value {
    let fields = json!({ "layer": said.layer, "on": said.on, "clusters": said.clusters, "value": said.value });
    placed(fields, said.place.as_ref())
}

fn beaten(beaten: &Beaten) -> Value {
    let mut value = said(&beaten.said);
    if let Value::Object(object) = &mut value {
        object.insert("field".into(), beaten.field.clone().into());
        object.insert("why".into(), beaten.why.clone().into());
    }
    value
}

fn input(input: &Input) -> Value {
    placed(json!({ "name": input.name, "value": input.value, "how": input.how }), input.place.as_ref())
}

fn field(field: &Field) -> Value {
    json!({
        "field": field.name,
        "path": field.path,
        "value": field.value,
        "from": field.from.as_ref().map(said),
        "beat": each(&field.beat, beaten),
        "inputs": each(&field.inputs, input),
    })
}
