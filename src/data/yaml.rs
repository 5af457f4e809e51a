//! YAML, with places: the events of granit-parser, which serde-saphyr reads with too, put together.
//!
//! Anchors, aliases, merge keys and tags are refused: what a cluster is should be read where it stands.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span as Place, Tag};

use super::yaml_scalar::resolve;
use super::{Counter, Entry, Format, Kind, MAX_DEPTH, Node, Refused, invalid, span, too_deep, unique};
use crate::diag::{Diagnostic, codes};
use crate::source::{SourceId, Span};

/// Reads every document; those without anything are left out.
pub fn read(source: SourceId, text: &str) -> Result<Vec<Node>, Refused> {
    let mut options = granit_parser::options! {
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    options.set_emit_comments(false);
    let begin = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let body = text.get(begin..).unwrap_or("");
    let mut composer = Composer { source, begin, open: Vec::new(), documents: Vec::new(), counter: Counter::default() };
    for next in Parser::new_from_str_with_options(body, options) {
        match next {
            Ok((event, place)) => composer.event(event, place)?,
            Err(error) => return Err(composer.broken(&error, body)),
        }
    }
    composer.documents.retain(|node| !(node.is_null() && node.span.start == node.span.end));
    Ok(composer.documents)
}

/// A list or map that is not complete.
struct Open {
    start: usize,
    /// The end of the last thing in it.
    end: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    /// The entries, and the key that waits for its value.
    Map(Vec<Entry>, Option<(String, Span)>),
}

struct Composer {
    source: SourceId,
    /// Where the text begins that the parser sees.
    begin: usize,
    open: Vec<Open>,
    documents: Vec<Node>,
    counter: Counter,
}

impl Composer {
    fn offset(&self, marker: Marker) -> usize {
        self.begin + marker.byte_offset().unwrap_or(0)
    }

    fn span(&self, place: Place) -> Span {
        span(self.source, self.offset(place.start), self.offset(place.end))
    }

    /// F0010, or F0102 where the nesting is the reason.
    fn broken(&self, error: &ScanError, body: &str) -> Refused {
        let at = self.offset(*error.marker()).min(self.begin + body.len());
        let width = body.get(at - self.begin..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let at = span(self.source, at, at + width);
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
            return too_deep(at);
        }
        let found = invalid(at, Format::Yaml, "not understood from here on");
        Box::new(found.help("let the other tool write it again, or name the file by what it is").note(error.info()))
    }

    fn event(&mut self, event: Event<'_>, place: Place) -> Result<(), Refused> {
        match event {
            Event::Scalar(text, style, _, tag) => {
                self.tagged(tag.as_ref(), place)?;
                self.scalar(text, style, place)
            }
            Event::SequenceStart(_, _, tag) => {
                self.tagged(tag.as_ref(), place)?;
                self.begin(OpenKind::List(Vec::new()), place)
            }
            Event::MappingStart(_, _, tag) => {
                self.tagged(tag.as_ref(), place)?;
                self.begin(OpenKind::Map(Vec::new(), None), place)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
            Event::Anchor(..) => Err(self.refused(place, "an anchor", "write the value out where it is used")),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                Err(self.refused(place, "an alias", "write the value out where it is used"))
            }
            _ => Ok(()),
        }
    }

    /// F0011 for a part of YAML that hides what a value is.
    fn refused(&self, place: Place, what: &str, help: &str) -> Refused {
        let message = format!("{what} has no place in the data of an inventory");
        Box::new(
            Diagnostic::new(codes::UNCLEAR_DATA, self.span(place), message)
                .label("not followed")
                .help(help)
                .note("what a cluster is can then be read where it stands, and no text grows while it is read"),
        )
    }

    fn tagged(&self, tag: Option<&Cow<'_, Tag>>, place: Place) -> Result<(), Refused> {
        if tag.is_none() {
            return Ok(());
        }
        let help = "take the tag out; a value in quotes is text";
        Err(self.refused(place.tag_span().unwrap_or(place), "a tag", help))
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, place: Place) -> Result<(), Refused> {
        let plain = matches!(style, ScalarStyle::Plain);
        if let Some(Open { kind: OpenKind::Map(_, waiting @ None), .. }) = self.open.last_mut() {
            if plain && text == "<<" {
                return Err(self.refused(place, "a merge key", "write the keys out where they are used"));
            }
            let start = self.begin + place.start.byte_offset().unwrap_or(0);
            let end = self.begin + place.end.byte_offset().unwrap_or(0);
            *waiting = Some((text.into_owned(), span(self.source, start, end)));
            return Ok(());
        }
        let kind = if plain { resolve(&text) } else { Kind::Text(text.into_owned()) };
        self.add(Node { span: self.span(place), kind })
    }

    fn begin(&mut self, kind: OpenKind, place: Place) -> Result<(), Refused> {
        if let Some(Open { kind: OpenKind::Map(_, None), .. }) = self.open.last() {
            return Err(self.refused(place, "a key that is a list or map", "let the other tool write text as the key"));
        }
        let start = self.offset(place.start);
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(span(self.source, start, start + 1)));
        }
        self.open.push(Open { start, end: self.offset(place.end), kind });
        Ok(())
    }

    fn end(&mut self, place: Place) -> Result<(), Refused> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        // A block ends with its last value, not where the parser notices.
        let end = if place.is_empty() { open.end } else { self.offset(place.end) };
        let kind = match open.kind {
            OpenKind::List(items) => Kind::List(items),
            OpenKind::Map(entries, _) => {
                unique(&entries)?;
                Kind::Map(entries)
            }
        };
        self.add(Node { span: span(self.source, open.start, end.max(open.start)), kind })
    }

    fn add(&mut self, node: Node) -> Result<(), Refused> {
        self.counter.count(node.span)?;
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        open.end = open.end.max(node.span.end as usize);
        match &mut open.kind {
            OpenKind::List(items) => items.push(node),
            OpenKind::Map(entries, waiting) => {
                if let Some((key, at)) = waiting.take() {
                    entries.push(Entry { key, at, value: node });
                }
            }
        }
        Ok(())
    }
}
