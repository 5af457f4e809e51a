//! From text to the lossless tree. The only file that knows pest.
//!
//! The grammar matches every text, so pest can fail in three ways only: the fuse blows, the stack runs short, or the
//! grammar has a bug.

use std::num::NonZeroUsize;
use std::sync::OnceLock;

use pest::{Parser, Token};
use pest_derive::Parser;

use super::cst::{Cst, Node};
use super::kind::SyntaxKind;
use crate::source::SourceId;

/// The rules of `grammar/fleet.pest`.
#[derive(Parser)]
#[grammar = "grammar/fleet.pest"]
struct FleetParser;

/// Why there is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The text exceeds a limit, which has been reported.
    NotRead,
    /// The fuse or the stack guard stopped the parser.
    TooComplex,
    /// The grammar did not match, which is a bug; the offset says where.
    Bug(u32),
}

/// The most calls inside pest for one file: a fuse, not a limit that any text should reach.
///
/// Texts of the language take 5 to 10 calls a byte, the worst of the hostile ones in `tests/syntax` 85 (measured by
/// bisecting the limit); a file has at most 4 Mi bytes. So the fuse leaves text that means something three times what it
/// needs and stops the worst 4 MiB after seconds. The limit is process-wide in pest, each parse counts for itself.
const FUSE: usize = 120_000_000;

/// Parses `text` from each of `starts` to the next, as one file. The first is 0, the others begin declarations.
pub(super) fn parse(source: SourceId, text: &str, starts: &[usize]) -> Result<Cst, Failure> {
    static FUSE_IS_SET: OnceLock<()> = OnceLock::new();
    FUSE_IS_SET.get_or_init(|| pest::set_call_limit(NonZeroUsize::new(FUSE)));
    let mut nodes: Vec<Node> = Vec::new();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(text.len());
        let part = text.get(*start..end).unwrap_or("");
        let pairs = FleetParser::parse(Rule::file, part).map_err(|error| classify(&error, offset(*start)))?;
        join(&mut nodes, collect(pairs.tokens(), part), offset(*start), offset(end));
    }
    if nodes.is_empty() { Err(Failure::NotRead) } else { Ok(Cst::new(source, nodes)) }
}

/// Adds the nodes of the part of the text from `base` to `end`; their root becomes one with the root before.
fn join(nodes: &mut Vec<Node>, part: Vec<Node>, base: u32, end: u32) {
    let skipped = usize::from(!nodes.is_empty());
    nodes.extend(part.into_iter().skip(skipped).map(|node| Node {
        start: node.start + base,
        end: node.end + base,
        ..node
    }));
    let count = offset(nodes.len());
    if let Some(root) = nodes.first_mut() {
        root.subtree = count;
        root.end = end;
    }
}

/// pest tells the fuse and the stack guard apart from a mismatch by the kind of error alone.
fn classify(error: &pest::error::Error<Rule>, base: u32) -> Failure {
    match error.variant {
        pest::error::ErrorVariant::CustomError { .. } => Failure::TooComplex,
        pest::error::ErrorVariant::ParsingError { .. } => {
            let at = match error.location {
                pest::error::InputLocation::Pos(at) => at,
                pest::error::InputLocation::Span((at, _)) => at,
            };
            Failure::Bug(base + offset(at))
        }
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Builds the nodes in pre-order without recursion.
fn collect<'i>(tokens: impl Iterator<Item = Token<'i, Rule>>, text: &str) -> Vec<Node> {
    let mut builder = Builder { text, nodes: Vec::new(), open: Vec::new(), last: 0 };
    for token in tokens {
        match token {
            Token::Start { rule, pos } => {
                if let Some(kind) = kind(rule) {
                    builder.start(kind, offset(pos.pos()));
                }
            }
            Token::End { rule, pos } => {
                if kind(rule).is_some() {
                    builder.end(offset(pos.pos()));
                }
            }
        }
    }
    builder.nodes
}

/// Nodes in the making.
struct Builder<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    open: Vec<usize>,
    /// Where the last token that is neither comment nor newline ends.
    last: u32,
}

impl Builder<'_> {
    fn start(&mut self, kind: SyntaxKind, start: u32) {
        self.open.push(self.nodes.len());
        self.nodes.push(Node { kind, start, end: start, subtree: 1 });
    }

    /// Closes the innermost node.
    ///
    /// A leaf loses its trailing blanks; an inner node the comments and newlines at its end, which a rule eats before
    /// an optional part that is not there. What holds no text moves up to the token before it.
    fn end(&mut self, end: u32) {
        let Some(index) = self.open.pop() else { return };
        let behind = self.nodes.len();
        let trivia = self.nodes.iter().rev().take(behind - index - 1).take_while(|node| node.kind.is_trivia()).count();
        let last = self.last;
        let Some(node) = self.nodes.get_mut(index) else { return };
        if node.kind == SyntaxKind::File {
            node.end = end;
            node.subtree = offset(behind - index);
        } else if behind > index + 1 {
            node.subtree = offset(behind - index - trivia);
            node.end = last;
            if last <= node.start {
                self.hoist(index);
            }
        } else if node.start == end {
            self.hoist(index);
        } else {
            let text = self.text.get(node.start as usize..end as usize).unwrap_or("");
            let inside = matches!(node.kind, SyntaxKind::StringText | SyntaxKind::InterpolationText);
            let trimmed = if inside { text } else { text.trim_end_matches([' ', '\t', '\r']) };
            node.end = node.start + offset(trimmed.len());
            if !node.kind.is_trivia() {
                self.last = node.end;
            }
        }
    }

    /// Moves the last node, which holds no text, before the comments and newlines in front of it, but not out of what it is in.
    fn hoist(&mut self, index: usize) {
        let around = self.open.last().and_then(|around| self.nodes.get(*around)).map_or(0, |around| around.start);
        let at = self.last.max(around);
        let before = self.nodes.iter().take(index).rev().take_while(|node| node.kind.is_trivia()).count();
        let nodes = self.nodes.get(index).map_or(0, |node| node.subtree as usize);
        for node in self.nodes.iter_mut().skip(index).take(nodes) {
            node.start = at;
            node.end = at;
        }
        if let Some(moved) = self.nodes.get_mut(index - before..) {
            moved.rotate_left(before);
        }
    }
}

/// The kind of node a rule makes; none for the rules that only help others.
fn kind(rule: Rule) -> Option<SyntaxKind> {
    use SyntaxKind as K;
    Some(match rule {
        Rule::file => K::File,
        Rule::declaration => K::Declaration,
        Rule::change => K::Change,
        Rule::destination => K::Destination,
        Rule::as_clause => K::AsClause,
        Rule::type_clause => K::TypeClause,
        Rule::value_clause => K::ValueClause,
        Rule::from_clause => K::FromClause,
        Rule::on_clause => K::OnClause,
        Rule::for_clause => K::ForClause,
        Rule::binding => K::Binding,
        Rule::type_expr => K::TypeExpr,
        Rule::block | Rule::item_block => K::Block,
        Rule::attribute => K::Attribute,
        Rule::tagged => K::Tagged,
        Rule::parameter => K::Parameter,
        Rule::operation => K::Operation,
        Rule::on_block => K::OnBlock,
        Rule::nested => K::Nested,
        Rule::expectation => K::Expectation,
        Rule::expr | Rule::item_expr => K::Expr,
        Rule::list => K::List,
        Rule::group => K::Group,
        Rule::short_string => K::ShortString,
        Rule::long_string => K::LongString,
        Rule::interpolation => K::Interpolation,
        _ => return token_kind(rule),
    })
}

fn token_kind(rule: Rule) -> Option<SyntaxKind> {
    use SyntaxKind as K;
    Some(match rule {
        Rule::plain_string => K::PlainString,
        Rule::word | Rule::change_word | Rule::operation_word | Rule::expect_word => K::Word,
        Rule::path | Rule::declared_path => K::Path,
        Rule::bare_key => K::BareKey,
        Rule::number => K::Number,
        Rule::kw_as | Rule::kw_from | Rule::kw_on | Rule::kw_to | Rule::kw_for | Rule::kw_param => K::Keyword,
        Rule::kw_not | Rule::kw_has | Rule::kw_if | Rule::kw_then | Rule::kw_else => K::Keyword,
        Rule::kw_and | Rule::kw_or | Rule::kw_like | Rule::kw_in | Rule::not_in => K::Operator,
        Rule::op_eq | Rule::op_ne => K::Operator,
        Rule::open_brace => K::OpenBrace,
        Rule::close_brace => K::CloseBrace,
        Rule::open_bracket => K::OpenBracket,
        Rule::close_bracket => K::CloseBracket,
        Rule::open_paren => K::OpenParen,
        Rule::close_paren => K::CloseParen,
        Rule::comma => K::Comma,
        Rule::equals => K::Equals,
        Rule::colon => K::Colon,
        Rule::pipe => K::Pipe,
        Rule::question => K::Question,
        Rule::quote | Rule::long_quote => K::Quote,
        Rule::short_text | Rule::long_text => K::StringText,
        Rule::escape => K::Escape,
        Rule::dollar => K::Dollar,
        Rule::open_interpolation => K::OpenInterpolation,
        Rule::interpolation_text => K::InterpolationText,
        Rule::bom => K::Bom,
        Rule::comment => K::Comment,
        Rule::newline => K::Newline,
        _ => return error_kind(rule),
    })
}

fn error_kind(rule: Rule) -> Option<SyntaxKind> {
    use SyntaxKind as K;
    Some(match rule {
        Rule::missing => K::Missing,
        Rule::unclosed => K::Unclosed,
        Rule::unclosed_string => K::UnclosedString,
        Rule::stray | Rule::stray_top => K::Stray,
        Rule::stray_word => K::StrayWord,
        Rule::misplaced => K::Misplaced,
        Rule::bare_text | Rule::declared_text | Rule::pointer => K::BareText,
        Rule::junk | Rule::junk_line | Rule::bad_entry => K::Junk,
        Rule::extra | Rule::extra_top | Rule::head_extra => K::Extra,
        Rule::wrong_separator => K::WrongSeparator,
        Rule::wrong_operator => K::WrongOperator,
        _ => return None,
    })
}
