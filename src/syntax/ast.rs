//! The typed syntax tree: what the source says, before anything is looked up.
//!
//! Every node has a [`Span`]. What could not be read is a hole: `None` for a name, [`ExprKind::Error`] for a
//! value. A hole has been reported already; whoever meets one stays silent.

use crate::source::{SourceId, Span};

/// One file.
#[derive(Clone, Debug)]
pub struct File {
    /// Which.
    pub source: SourceId,
    /// Its declarations in the order of the text.
    pub declarations: Vec<Declaration>,
}

/// A name, bare or quoted, without interpolation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name without quotes.
    pub text: String,
    /// Its place, quotes included.
    pub span: Span,
}

/// Names joined by dots: `monitoring`, `std.cert-manager.crds`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The parts; never empty.
    pub parts: Vec<Name>,
    /// From the first part to the last.
    pub span: Span,
}

impl Path {
    /// The parts joined by dots.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (position, part) in self.parts.iter().enumerate() {
            if position > 0 {
                text.push('.');
            }
            text.push_str(&part.text);
        }
        text
    }
}

/// A top-level declaration.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// From the keyword to the end of the block.
    pub span: Span,
    /// The keyword.
    pub keyword: Span,
    /// The comment block right above, without the `#`.
    pub doc: Option<String>,
    /// What is declared.
    pub kind: DeclarationKind,
}

/// What a top-level declaration declares.
#[derive(Clone, Debug)]
pub enum DeclarationKind {
    /// `fleet NAME { … }`
    Fleet(Named),
    /// `argocd [NAME] [on PREDICATE] { … }` and `flux …`
    Engine(Engine),
    /// `source NAME { … }`
    Source(Named),
    /// `label ["k8s/key" as] NAME: TYPE [= default]` and `label NAME = EXPRESSION`
    Label(Field),
    /// `fact NAME: TYPE [= default]`
    Fact(Field),
    /// `cluster NAME [for x in […], …] { … }`
    Cluster(Cluster),
    /// `group NAME = PREDICATE`
    Group(Group),
    /// `project NAME { … }`
    Project(Named),
    /// `component NAME [from TEMPLATE, …] [on PREDICATE] { … }`, and `store`, `secret` and `object`
    Component(Component),
    /// `template NAME { … }`
    Template(Named),
    /// `defaults component { … }` and `defaults cluster { … }`; the name says which.
    Defaults(Named),
    /// `rollout NAME { stage … }`
    Rollout(Named),
    /// `moved component OLD to NEW`, `removed component NAME [on PREDICATE]`, `removed cluster NAME`
    Change(Change),
    /// `test "what must hold" { expect … }`
    Test(Test),
    /// `inventory "file" { … }`; the name is the path of the file
    Inventory(Named),
}

impl DeclarationKind {
    /// Where its name stands, if it has one.
    pub fn name_span(&self) -> Option<Span> {
        let name = match self {
            Self::Fleet(named)
            | Self::Source(named)
            | Self::Project(named)
            | Self::Template(named)
            | Self::Defaults(named)
            | Self::Rollout(named)
            | Self::Inventory(named) => named.name.as_ref(),
            Self::Engine(engine) => engine.name.as_ref(),
            Self::Label(field) | Self::Fact(field) => field.name.as_ref(),
            Self::Cluster(cluster) => return cluster.name.as_ref().map(|text| text.span),
            Self::Group(group) => group.name.as_ref(),
            Self::Component(component) => component.name.as_ref(),
            Self::Change(change) => return Some(change.name.span),
            Self::Test(test) => test.name.as_ref(),
        };
        name.map(|name| name.span)
    }
}

/// What became of a name that an earlier build knew.
#[derive(Clone, Debug)]
pub struct Change {
    /// What it was the name of.
    pub of: ChangeOf,
    /// The name.
    pub name: Name,
    /// Its new name; none when it was removed.
    pub to: Option<Name>,
    /// From which clusters a component was removed; all without it.
    pub on: Option<Expr>,
}

/// What a [`Change`] speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeOf {
    /// A component.
    Component,
    /// A cluster.
    Cluster,
}

/// A declaration that is a name and a block.
#[derive(Clone, Debug)]
pub struct Named {
    /// The name, unless missing.
    pub name: Option<Name>,
    /// The block; empty when missing.
    pub body: Block,
}

/// Which engine a block speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EngineKind {
    /// Argo CD.
    ArgoCd,
    /// Flux.
    Flux,
}

/// An engine declaration.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Which engine.
    pub engine: EngineKind,
    /// The name of the instance.
    pub name: Option<Name>,
    /// Its clusters.
    pub on: Option<Expr>,
    /// Its settings.
    pub body: Block,
}

/// A label, a fact, or a template's parameter.
#[derive(Clone, Debug)]
pub struct Field {
    /// The key in Kubernetes, of `label "key" as name`.
    pub key: Option<Name>,
    /// The name.
    pub name: Option<Name>,
    /// The type; none when derived.
    pub ty: Option<TypeExpr>,
    /// The default, or with no type the expression it is derived from.
    pub value: Option<Expr>,
}

/// A written type.
#[derive(Clone, Debug)]
pub struct TypeExpr {
    /// Its place.
    pub span: Span,
    /// The alternatives of `a | b`, or the one word of `string`, `bool`, `int`, `list`.
    pub alternatives: Vec<Name>,
    /// Whether `?` follows.
    pub optional: bool,
}

/// A cluster declaration.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The name, which may hold `${…}` of its `for` variables.
    pub name: Option<Text>,
    /// The `for` variables.
    pub bindings: Vec<Binding>,
    /// Labels, facts and attributes.
    pub body: Block,
}

/// `x in [a, b]`
#[derive(Clone, Debug)]
pub struct Binding {
    /// The variable.
    pub name: Name,
    /// Its values.
    pub values: Expr,
}

/// A group declaration.
#[derive(Clone, Debug)]
pub struct Group {
    /// The name.
    pub name: Option<Name>,
    /// Which clusters.
    pub predicate: Expr,
}

/// What a component's declaration is: of a component, or of objects that fleetc writes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// `component`: the content is somewhere else.
    Component,
    /// `store`: a ClusterSecretStore.
    Store,
    /// `secret`: an ExternalSecret.
    Secret,
    /// `object`, with its `"apiVersion/Kind"` unless missing.
    Object(Option<Name>),
}

impl Form {
    /// The keyword.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Store => "store",
            Self::Secret => "secret",
            Self::Object(_) => "object",
        }
    }

    /// The keyword with its article, for sentences.
    pub fn owner(&self) -> &'static str {
        match self {
            Self::Component => "a component",
            Self::Store => "a store",
            Self::Secret => "a secret",
            Self::Object(_) => "an object",
        }
    }
}

/// A component declaration.
#[derive(Clone, Debug)]
pub struct Component {
    /// Which keyword it has.
    pub form: Form,
    /// The name.
    pub name: Option<Name>,
    /// The templates behind `from`.
    pub from: Vec<Path>,
    /// The predicate behind `on`.
    pub on: Option<Expr>,
    /// The body.
    pub body: Block,
}

/// A test declaration.
#[derive(Clone, Debug)]
pub struct Test {
    /// What must hold, in words.
    pub name: Option<Name>,
    /// What is expected, in order.
    pub expectations: Vec<Expectation>,
    /// The block, with what does not belong there.
    pub body: Block,
}

/// One `expect` of a test.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// From `expect` to its end.
    pub span: Span,
    /// What is expected.
    pub kind: ExpectationKind,
}

/// The forms of [`Expectation`].
#[derive(Clone, Debug)]
pub enum ExpectationKind {
    /// Something missing or unreadable, reported already.
    Error,
    /// `expect component NAME on PREDICATE`, `expect not component NAME on PREDICATE`
    Component {
        /// Whether it is `not`.
        negated: bool,
        /// The component.
        name: Name,
        /// Where.
        on: Expr,
    },
    /// `expect cluster NAME runs [a, b]`
    Cluster {
        /// The cluster.
        name: Name,
        /// The list.
        components: Expr,
    },
    /// `expect NAME on PREDICATE { version = "1.2" }`
    Deployment {
        /// The component.
        name: Name,
        /// Where.
        on: Expr,
        /// What it is there.
        body: Block,
    },
}

/// `{ … }`
#[derive(Clone, Debug)]
pub struct Block {
    /// With its braces; empty, behind the head, when there is no block.
    pub span: Span,
    /// What it holds, in order.
    pub entries: Vec<Entry>,
}

/// One entry of a block.
#[derive(Clone, Debug)]
pub enum Entry {
    /// `key = value`
    Attribute(Attribute),
    /// `keyword arguments { … }`
    Block(NestedBlock),
    /// `param name: type = default`
    Param(Param),
    /// `replace "/pointer" = value`, in a `patch`
    Operation(Operation),
}

/// `key = value`
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The key.
    pub key: Name,
    /// The value; [`ExprKind::Error`] when missing.
    pub value: Expr,
}

/// `values { … }`, `patch Deployment web { … }`, `ignore "apps/Deployment" { … }`, `on PREDICATE { … }`,
/// `stage NAME on PREDICATE { … }`, `merge { … }`, `retry { … }`, `window … { … }`, `argocd { … }`, `flux { … }`
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// From the keyword to the closing brace.
    pub span: Span,
    /// The first word; `on` for an `on` block.
    pub keyword: Name,
    /// What stands between the keyword and `on` or `{`: bare names and strings.
    pub arguments: Vec<Text>,
    /// The predicate behind `on`.
    pub on: Option<Expr>,
    /// The block.
    pub body: Block,
}

/// `param name: type = default`
#[derive(Clone, Debug)]
pub struct Param {
    /// From `param` to the end.
    pub span: Span,
    /// The comment block right above.
    pub doc: Option<String>,
    /// The parameter.
    pub field: Field,
}

/// One operation of a `patch`.
#[derive(Clone, Debug)]
pub struct Operation {
    /// From the word to the value.
    pub span: Span,
    /// `add`, `replace`, `remove` or `test`.
    pub word: Name,
    /// The JSON pointer.
    pub pointer: Text,
    /// The value; none for `remove`.
    pub value: Option<Expr>,
}

/// A string, or a bare name where a string may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Its place, quotes included.
    pub span: Span,
    /// The pieces in order; no two literals side by side; empty for `""`.
    pub parts: Vec<TextPart>,
}

impl Text {
    /// The whole text, when it holds no `${…}`.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TextPart::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

/// A piece of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPart {
    /// Text, escapes already taken out.
    Literal(String),
    /// `${name}`; the span is the name's.
    Name(Name),
}

/// A value or a predicate.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Its place, trimmed to its first and last token.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The forms of [`Expr`].
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// Something missing or unreadable, reported already.
    Error,
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `3`
    Int(i64),
    /// `0.5`
    Float(f64),
    /// `1h30m`, in milliseconds
    Duration(u64),
    /// `25%`
    Share(u32),
    /// `"…"`
    Text(Text),
    /// `name`, `std.name`
    Path(Path),
    /// `[…]`
    List(Vec<Expr>),
    /// `{ key = value }`
    Map(Vec<Attribute>),
    /// `eks { key = value }`
    Tagged(Name, Vec<Attribute>),
    /// `if CONDITION then VALUE else if CONDITION then VALUE else OTHERWISE`
    If {
        /// The conditions with their values, in order; at least one. Flat, so that a long chain is not deep.
        branches: Vec<Branch>,
        /// The value where no condition holds.
        otherwise: Box<Expr>,
    },
    /// `not P`
    Not(Box<Expr>),
    /// `P and Q and …`, two or more
    And(Vec<Expr>),
    /// `P or Q or …`, two or more
    Or(Vec<Expr>),
    /// `label == value`, `label != value`
    Compare {
        /// The left side, which must be a label's name.
        left: Box<Expr>,
        /// Whether it is `!=`.
        negated: bool,
        /// The right side.
        right: Box<Expr>,
    },
    /// `label in […]`, `label not in […]`
    In {
        /// The left side.
        left: Box<Expr>,
        /// Whether it is `not in`.
        negated: bool,
        /// The list.
        values: Box<Expr>,
    },
    /// `name like "glob"`
    Like {
        /// The left side.
        left: Box<Expr>,
        /// The glob.
        pattern: Box<Expr>,
    },
    /// `has label`
    Has(Name),
}

/// One branch of an `if`.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The predicate.
    pub condition: Expr,
    /// The value where it holds.
    pub value: Expr,
}

impl Expr {
    /// Whether it is a hole.
    pub fn kind_is_error(&self) -> bool {
        matches!(self.kind, ExprKind::Error)
    }
}
