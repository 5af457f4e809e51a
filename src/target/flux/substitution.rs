//! What Flux makes of a text with variables: a prediction of its substitution, errors included.
//!
//! Takes the text of an object, the variables and whether it is strict (Flux 2.9 is); gives the text that Flux reads in
//! its place. It knows nothing of the plan. Flux itself goes over the YAML of a whole object, keys and values alike, and
//! takes the line breaks out of the variables' values first (kustomize-controller 1.9; fluxcd/pkg, kustomize 1.35 and
//! envsubst 1.7.1).
//!
//! The grammar is not that of a shell, and not the one that envsubst's own page promises; `tests/substitution.rs` lists
//! what surprises. Invariant: text and error equal the engine's (`tests/conformance/flux.sh`). Names outside ASCII are
//! the one thing that is only near: Flux takes letters and decimal digits, this takes what Rust calls alphanumeric. No
//! variable has such a name, so it matters for `${é:=d}` alone.

mod functions;
mod glob;

use std::collections::BTreeMap;
use std::fmt;

use functions::{Case, Function, Replaced, Side};

/// Why Flux refuses a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubstitutionError {
    /// No name follows `${`.
    Name,
    /// Neither `}` nor an operator follows a name.
    Brace,
    /// An operator has nothing to work with.
    Parameter,
    /// What follows an operator is not what it takes.
    Grammar,
    /// A variable that is not there, and there is no default for it; strictly only.
    NotSet(String),
    /// An offset and a length that together are beyond what a number can be. Flux panics at it.
    Overflow,
    /// A cut between the bytes of one character, which no YAML may hold.
    Encoding,
}

impl fmt::Display for SubstitutionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("no name follows `${`"),
            Self::Brace => f.write_str("a variable's name is not followed by `}`"),
            Self::Parameter => f.write_str("an operator of a variable lacks its operand"),
            Self::Grammar => f.write_str("a variable has an operator that Flux does not know"),
            Self::NotSet(name) => write!(f, "the variable `{name}` is not set"),
            Self::Overflow => f.write_str("the part of a variable ends beyond all numbers"),
            Self::Encoding => f.write_str("the part of a variable ends within a character"),
        }
    }
}

/// The text that Flux puts in the place of `text`.
///
/// `$$` becomes `$`, with a brace behind it or not. What is not set is empty, or an error when `strict`.
///
/// # Errors
/// What Flux would refuse the text for. Of several reasons the one it names: the grammar of the whole text comes first,
/// then the variables from left to right and from within.
pub fn substitute(text: &str, variables: &BTreeMap<String, String>, strict: bool) -> Result<String, SubstitutionError> {
    Machine::new(text, variables, strict).run()
}

/// A function that is being read: what it is, and what it was given so far.
struct Open<'t> {
    name: &'t str,
    function: Function,
    operands: Vec<Vec<u8>>,
}

/// What comes next in a function.
enum Next {
    /// Its value.
    Value,
    /// An operand: a function, or text up to one of these characters.
    Operand(&'static [char], Escapes),
}

/// What stands for something else in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    None,
    /// `$$` for `$`.
    Dollars,
    /// That, and `\/` for `/`, `\\` for `\`.
    All,
}

/// Reads and evaluates at once. Functions nest as deep as the text wants, so those that are open are in a list.
struct Machine<'t> {
    rest: &'t str,
    /// Whether the text went on behind `rest`: for Flux it ends at a U+0000, if in a way of its own.
    cut: bool,
    variables: &'t BTreeMap<String, String>,
    strict: bool,
    open: Vec<Open<'t>>,
    out: Vec<u8>,
    /// The first thing that went wrong after reading. Whatever is wrong with the grammar has precedence.
    wrong: Option<SubstitutionError>,
}

impl<'t> Machine<'t> {
    fn new(text: &'t str, variables: &'t BTreeMap<String, String>, strict: bool) -> Self {
        let (rest, cut) = text.split_once('\0').map_or((text, false), |(before, _)| (before, true));
        Self { rest, cut, variables, strict, open: Vec::new(), out: Vec::new(), wrong: None }
    }

    fn run(mut self) -> Result<String, SubstitutionError> {
        while !self.rest.is_empty() {
            let text = self.text(&[], Escapes::Dollars);
            self.out.extend(text);
            if self.take("${") {
                self.function()?;
            }
        }
        match self.wrong {
            Some(wrong) => Err(wrong),
            None => String::from_utf8(self.out).map_err(|_| SubstitutionError::Encoding),
        }
    }

    /// Reads what is behind a `${`, up to the `}` that belongs to it.
    fn function(&mut self) -> Result<(), SubstitutionError> {
        self.header()?;
        while let Some(open) = self.open.last() {
            let (function, count) = (open.function, open.operands.len());
            match self.next(function, count)? {
                Next::Value => self.close(),
                Next::Operand(..) if self.take("${") => self.header()?,
                Next::Operand(ends, escapes) => {
                    let text = self.text(ends, escapes);
                    if text.is_empty() {
                        return Err(SubstitutionError::Parameter);
                    }
                    self.give(text);
                }
            }
        }
        Ok(())
    }

    /// The name and the operator.
    fn header(&mut self) -> Result<(), SubstitutionError> {
        let is_length = self.take("#");
        let behind = self.rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        let name = self.rest.get(..self.rest.len() - behind.len()).unwrap_or_default();
        self.rest = behind;
        let function = match (name.is_empty(), is_length) {
            (true, true) => return Err(SubstitutionError::Grammar),
            (true, false) => return Err(SubstitutionError::Name),
            (false, true) => Function::Length,
            (false, false) => self.operator()?,
        };
        self.open.push(Open { name, function, operands: Vec::new() });
        Ok(())
    }

    fn operator(&mut self) -> Result<Function, SubstitutionError> {
        Ok(match self.rest.chars().next() {
            Some(':') => return self.default_or_part(),
            Some('=') => {
                self.take("=");
                Function::Default
            }
            Some(',' | '^') => self.case(),
            Some('#') => {
                self.take("#");
                Function::Trim(Side::Start, self.take("#"))
            }
            Some('%') => {
                self.take("%");
                Function::Trim(Side::End, self.take("%"))
            }
            Some('/') => {
                self.take("/");
                let kinds = [("/", Replaced::All), ("#", Replaced::Start), ("%", Replaced::End)];
                let kind = kinds.into_iter().find(|(mark, _)| self.take(mark));
                Function::Replace(kind.map_or(Replaced::First, |(_, kind)| kind))
            }
            _ => Function::Value,
        })
    }

    /// What a colon begins. Flux steps back by the length of the character behind it, which is right for ASCII only.
    fn default_or_part(&mut self) -> Result<Function, SubstitutionError> {
        self.take(":");
        match self.rest.chars().next() {
            Some('=' | '-' | '?' | '+') => {
                self.rest = self.rest.get(1..).unwrap_or_default();
                Ok(Function::Default)
            }
            Some(c) if c.is_ascii() => Ok(Function::Part),
            None if self.cut => Ok(Function::Part),
            _ => Err(SubstitutionError::Grammar),
        }
    }

    /// One or two of `,` and `^`; two different ones do nothing.
    fn case(&mut self) -> Function {
        let marks = [(",,", Case::Lower), ("^^", Case::Upper), ("^,", Case::Same), (",^", Case::Same)];
        let marks = marks.into_iter().chain([(",", Case::LowerFirst), ("^", Case::UpperFirst)]);
        let case = marks.into_iter().find(|(mark, _)| self.take(mark));
        Function::Case(case.map_or(Case::Same, |(_, case)| case))
    }

    /// What comes next in a function that was given so many operands; takes what separates it from them.
    fn next(&mut self, function: Function, count: usize) -> Result<Next, SubstitutionError> {
        const BRACE: &[char] = &['}'];
        match (function, count) {
            (Function::Value, _) if !self.rest.starts_with('}') => return Err(SubstitutionError::Brace),
            (Function::Default, _) if !self.rest.starts_with('}') => return Ok(Next::Operand(BRACE, Escapes::None)),
            (Function::Part, 0) => return Ok(Next::Operand(&[':', '}'], Escapes::None)),
            (Function::Part, 1) if self.take_all(':') => return Ok(Next::Operand(BRACE, Escapes::None)),
            (Function::Trim(..), 0) => return Ok(Next::Operand(BRACE, Escapes::None)),
            (Function::Replace(_), 0) => return Ok(Next::Operand(&['/'], Escapes::All)),
            (Function::Replace(_), 1) if !self.take_all('/') => return Err(SubstitutionError::Grammar),
            (Function::Replace(_), 1) if !self.rest.starts_with('}') => {
                return Ok(Next::Operand(BRACE, Escapes::All));
            }
            _ => {}
        }
        if self.take("}") { Ok(Next::Value) } else { Err(SubstitutionError::Grammar) }
    }

    /// Evaluates the innermost function.
    fn close(&mut self) {
        let Some(Open { name, function, operands }) = self.open.pop() else { return };
        let value = self.variables.get(name);
        let result = match value {
            None if self.strict && function != Function::Default => Err(SubstitutionError::NotSet(name.to_owned())),
            _ => functions::evaluate(function, value.map_or("", String::as_str), &operands),
        };
        let result = result.unwrap_or_else(|wrong| {
            self.wrong.get_or_insert(wrong);
            Vec::new()
        });
        self.give(result);
    }

    /// Hands a value to the function around it, or puts it into the text.
    fn give(&mut self, value: Vec<u8>) {
        match self.open.last_mut() {
            Some(open) => open.operands.push(value),
            None => self.out.extend(value),
        }
    }

    /// Text up to a function, one of `ends` or the end.
    fn text(&mut self, ends: &[char], escapes: Escapes) -> Vec<u8> {
        let mut text = String::new();
        loop {
            let mut chars = self.rest.chars();
            match (chars.next(), chars.clone().next()) {
                (Some('$'), Some('{')) | (None, _) => break,
                (Some('$'), Some('$')) if escapes != Escapes::None => text.extend(chars.next()),
                (Some('\\'), Some('/' | '\\')) if escapes == Escapes::All => text.extend(chars.next()),
                (Some(c), _) if ends.contains(&c) => break,
                (Some(c), _) => text.push(c),
            }
            self.rest = chars.as_str();
        }
        text.into_bytes()
    }

    fn take(&mut self, mark: &str) -> bool {
        let behind = self.rest.strip_prefix(mark);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }

    /// Takes all of these that are here, and says whether there was one.
    fn take_all(&mut self, mark: char) -> bool {
        let behind = self.rest.trim_start_matches(mark);
        let taken = behind.len() < self.rest.len();
        self.rest = behind;
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::text::escape_variables;
    use super::*;

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(text in r"[$${}\\/:=#%^,\-ab\n]{0,24}") {
            let variables = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
            prop_assert_eq!(substitute(&escape_variables(&text), &variables, true), Ok(text));
        }
    }
}
