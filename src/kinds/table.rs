//! The table of fields, read.
//!
//! A line is a field, a space of indentation a level: `name`, `!` when it is required (`!<2.9`: before 2.9), the type, `=` and
//! the values it may have (`@2.6`: since then), `since` and the first minor that has it. Types are `string`, `int`, `number`,
//! `bool`, `duration`, `int|string`, `any`, `{}` for an object whose fields follow, `[T]` for a list, `<T>` for a map.
//! `{=PATH}` is an object with the fields of the one at that path above. Nothing is older than what it is in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A minor version of an engine: `(3, 5)`.
pub type Minor = (u32, u32);

/// The table as it is kept.
static TEXT: &str = include_str!("fields.txt");
static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(TEXT));

/// An engine, whose minors say what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// Argo CD.
    ArgoCd,
    /// Flux.
    Flux,
}

impl Engine {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ArgoCd => "Argo CD",
            Self::Flux => "Flux",
        }
    }
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A string.
    Text,
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A string such as `1h30m`.
    Duration,
    /// A whole number or a string.
    IntOrText,
    /// Anything.
    Any,
    /// A map with these fields.
    Object,
    /// A list.
    List(Box<Type>),
    /// A map with any keys.
    Map(Box<Type>),
}

impl Type {
    fn read(text: &str) -> Self {
        let within = |open: char, close: char| text.strip_prefix(open)?.strip_suffix(close);
        if let Some(inner) = within('[', ']') {
            return Self::List(Box::new(Self::read(inner)));
        }
        if let Some(inner) = within('<', '>') {
            return Self::Map(Box::new(Self::read(inner)));
        }
        match text {
            "string" => Self::Text,
            "int" => Self::Int,
            "number" => Self::Number,
            "bool" => Self::Bool,
            "duration" => Self::Duration,
            "int|string" => Self::IntOrText,
            _ if text.starts_with('{') => Self::Object,
            _ => Self::Any,
        }
    }
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    ty: Type,
    required: Required,
    since: Minor,
    values: Vec<(&'static str, Minor)>,
    /// The fields below it, in [`Table::shapes`].
    shape: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Required {
    Always,
    Before(Minor),
    Never,
}

/// A kind of object.
#[derive(Debug)]
pub struct Kind {
    /// `argoproj.io/v1alpha1`
    pub api_version: &'static str,
    /// `Application`
    pub name: &'static str,
    /// Whose it is.
    pub engine: Engine,
    /// The first minor that has it, or the oldest that fleetc knows.
    pub since: Minor,
    shape: usize,
}

impl Kind {
    /// Its fields, but for `apiVersion`, `kind`, `metadata` and `status`.
    pub fn fields(&'static self) -> Fields {
        Fields { shape: self.shape, since: self.since }
    }
}

/// The fields of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    shape: usize,
    since: Minor,
}

impl Fields {
    fn all(self) -> impl Iterator<Item = &'static Field> {
        TABLE.shapes.get(self.shape).into_iter().flatten()
    }

    fn place(self, field: &'static Field) -> Place {
        Place { field, ty: &field.ty, since: self.since.max(field.since) }
    }

    /// The first minor that has the object they are in.
    pub fn since(self) -> Minor {
        self.since
    }

    /// The field `name`.
    pub fn find(self, name: &str) -> Option<Place> {
        self.all().find(|field| field.name == name).map(|field| self.place(field))
    }

    /// Every field, sorted by name.
    pub fn places(self) -> impl Iterator<Item = Place> {
        self.all().map(move |field| self.place(field))
    }

    /// The names of all fields, sorted.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.all().map(|field| field.name)
    }
}

/// Where a value stands: in a field, in a list of a field, in a map of one.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    field: &'static Field,
    /// What the value must be.
    pub ty: &'static Type,
    /// The first minor that has the field.
    pub since: Minor,
}

impl Place {
    /// The name of the field.
    pub fn name(self) -> &'static str {
        self.field.name
    }

    /// Whether every minor requires the field.
    pub fn is_required(self) -> bool {
        self.field.required == Required::Always
    }

    /// The first minor that does not require the field any more.
    pub fn optional_since(self) -> Option<Minor> {
        match self.field.required {
            Required::Before(loosened) => Some(loosened),
            Required::Always | Required::Never => None,
        }
    }

    /// The only values that a string may have here, sorted; any when there are none.
    pub fn values(self) -> impl Iterator<Item = &'static str> {
        self.field.values.iter().map(|(value, _)| *value)
    }

    /// The first minor that knows `value` here; none when no minor does.
    pub fn value_since(self, value: &str) -> Option<Minor> {
        self.field.values.iter().find(|(known, _)| *known == value).map(|(_, since)| self.since.max(*since))
    }

    /// The fields of the object that stands here.
    pub fn fields(self) -> Fields {
        Fields { shape: self.field.shape, since: self.since }
    }

    /// What the list or map that stands here holds.
    pub fn inner(self) -> Option<Self> {
        match self.ty {
            Type::List(inner) | Type::Map(inner) => Some(Self { ty: inner, ..self }),
            _ => None,
        }
    }
}

/// The kind `name` of `api_version`.
pub fn find(api_version: &str, name: &str) -> Option<&'static Kind> {
    all().iter().find(|kind| kind.name == name && kind.api_version == api_version)
}

/// Every kind of the table.
pub fn all() -> &'static [Kind] {
    &TABLE.kinds
}

/// `3.5`
pub fn dotted((major, minor): Minor) -> String {
    format!("{major}.{minor}")
}

#[derive(Debug, Default)]
struct Table {
    kinds: Vec<Kind>,
    /// The first one is that of an object without fields.
    shapes: Vec<Vec<Field>>,
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut reader = Reader {
            table: Self::default(),
            engine: Engine::ArgoCd,
            oldest: (0, 0),
            open: Vec::new(),
            known: BTreeMap::new(),
        };
        reader.table.shapes.push(Vec::new());
        text.lines().filter(|line| !line.starts_with('#')).for_each(|line| reader.line(line));
        reader.table
    }
}

struct Reader {
    table: Table,
    engine: Engine,
    oldest: Minor,
    /// The objects that the line is in, outermost first: path and shape.
    open: Vec<(String, usize)>,
    /// The shapes by path.
    known: BTreeMap<String, usize>,
}

impl Reader {
    fn line(&mut self, line: &'static str) {
        let name = line.trim_start_matches(' ');
        let depth = line.len() - name.len();
        let (name, since) = match name.split_once(" since ") {
            Some((name, since)) => (name, minor(since)),
            None => (name, self.oldest),
        };
        if depth > 0 {
            self.open.truncate(depth);
            self.field(name, since);
        } else if let Some(engine) = name.strip_prefix("engine ") {
            let mut words = engine.split(' ');
            self.engine = if words.next() == Some("flux") { Engine::Flux } else { Engine::ArgoCd };
            self.oldest = words.next().map_or((0, 0), minor);
        } else if let Some(path) = name.strip_prefix("kind ") {
            let Some((api_version, name)) = path.rsplit_once('/') else { return };
            let shape = self.shape(path.to_owned());
            self.open = vec![(path.to_owned(), shape)];
            self.table.kinds.push(Kind { api_version, name, engine: self.engine, since, shape });
        }
    }

    fn field(&mut self, line: &'static str, since: Minor) {
        let (line, values) = match line.split_once(" = ") {
            Some((line, values)) => (line, values.split('|').map(|value| self.value(value)).collect()),
            None => (line, Vec::new()),
        };
        let Some((head, ty)) = line.split_once(' ') else { return };
        let (name, required) = match head.split_once('!') {
            Some((name, "")) => (name, Required::Always),
            Some((name, before)) => (name, Required::Before(minor(before.trim_start_matches('<')))),
            None => (head, Required::Never),
        };
        let Some((path, parent)) = self.open.last().map(|(path, shape)| (format!("{path}/{name}"), *shape)) else {
            return;
        };
        let same = ty.split_once("{=").and_then(|(_, rest)| rest.split_once('}')).map(|(same, _)| same);
        let shape = match same {
            Some(same) => self.known.get(same).copied().unwrap_or(0),
            None if ty.contains("{}") => self.shape(path.clone()),
            None => 0,
        };
        if let Some(fields) = self.table.shapes.get_mut(parent) {
            fields.push(Field { name, ty: Type::read(ty), required, since, values, shape });
        }
        self.open.push((path, shape));
    }

    fn value(&self, value: &'static str) -> (&'static str, Minor) {
        value.split_once('@').map_or((value, self.oldest), |(value, since)| (value, minor(since)))
    }

    /// A new shape for the object at `path`.
    fn shape(&mut self, path: String) -> usize {
        let shape = self.table.shapes.len();
        self.table.shapes.push(Vec::new());
        self.known.insert(path, shape);
        shape
    }
}

fn minor(text: &str) -> Minor {
    let (major, minor) = text.split_once('.').unwrap_or((text, ""));
    (major.parse().unwrap_or(0), minor.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_field_or_a_kind() {
        let lines = TEXT.lines().filter(|line| !line.starts_with('#') && !line.starts_with("engine ")).count();
        let fields: usize = TABLE.shapes.iter().map(Vec::len).sum();
        assert_eq!(TABLE.kinds.len() + fields, lines);
    }

    #[test]
    fn no_object_is_without_its_fields() {
        let empty = TABLE.shapes.iter().flatten().filter(|field| innermost(&field.ty) == &Type::Object);
        let empty = empty.filter(|field| TABLE.shapes.get(field.shape).is_none_or(Vec::is_empty));
        assert_eq!(empty.map(|field| field.name).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    fn innermost(ty: &Type) -> &Type {
        match ty {
            Type::List(inner) | Type::Map(inner) => innermost(inner),
            ty => ty,
        }
    }

    #[test]
    fn an_object_written_once_is_found_at_every_place() {
        let helm = find("argoproj.io/v1alpha1", "Application").and_then(|kind| {
            let spec = kind.fields().find("spec")?.fields();
            spec.find("sourceHydrator")?.fields().find("drySource")?.fields().find("helm")
        });
        assert_eq!(helm.map(|helm| helm.since), Some((3, 3)));
        assert!(helm.is_some_and(|helm| helm.fields().find("skipCrds").is_some_and(|field| field.since == (3, 3))));
    }
}
