//! The words for what is wrong: one function a mistake.
//!
//! Lowering finds the broken node and knows where it stands; here are the message, the label, what to type, and the
//! fix where there is only one. [`Sink`] keeps one mistake one diagnostic.

mod sink;

pub(super) use sink::Sink;

use super::ast::{Expr, ExprKind};
use super::limits;
use crate::diag::{Applicability, Diagnostic, Edit, Fix, codes};
use crate::source::Span;

use Applicability::{Safe, Unsafe};

// ---------------------------------------------------------------- the file

pub(super) fn file_too_large(span: Span, bytes: usize) -> Diagnostic {
    Diagnostic::new(codes::FILE_TOO_LARGE, span, format!("a file has at most 4 MiB, this one has {bytes} bytes"))
        .label("the file is not read")
        .help("split it: all `.fleet` files of a project are one program")
}

pub(super) fn nested_too_deep(span: Span, most: u32) -> Diagnostic {
    Diagnostic::new(codes::NESTED_TOO_DEEP, span, format!("brackets are nested more than {most} deep"))
        .label(format!("{most} brackets are open here already"))
        .help("close what is open, or give the inner part a place of its own")
        .note("the rest of the file is not read")
}

pub(super) fn invisible_character(span: Span, character: char) -> Diagnostic {
    let code = u32::from(character);
    let message = format!("the character U+{code:04X} cannot be seen and is not allowed");
    let made = Diagnostic::new(codes::INVISIBLE_CHARACTER, span, message).label(what_is_invisible(character)).fix(
        "remove it",
        Unsafe,
        span,
        "",
    );
    if limits::is_invisible(character) && super::lower::may_be_escaped(character) {
        made.help(format!("remove it, or write `\\u{{{code:x}}}` in a string"))
    } else {
        made.help("remove it")
    }
}

fn what_is_invisible(character: char) -> &'static str {
    match character {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
            "a bidirectional control: the text is not in the order in which it is shown"
        }
        '\u{feff}' => "a byte order mark, which belongs at the start of a file only",
        '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}' => "a character without width",
        '\u{2028}' | '\u{2029}' => "a line end to some programs, and none to others",
        c if c.is_control() => "a control character",
        _ => "nothing is shown for it",
    }
}

pub(super) fn too_complex(span: Span) -> Diagnostic {
    Diagnostic::new(codes::TOO_COMPLEX, span, "the file takes too long to parse")
        .label("the file is not read")
        .help("split it, or look for brackets and quotes that are never closed")
}

pub(super) fn too_many(span: Span, most: usize) -> Diagnostic {
    Diagnostic::new(codes::TOO_COMPLEX, span, format!("the file has more than {most} syntax errors"))
        .label("no more are shown from here on")
        .help("is this a `.fleet` file?")
}

pub(super) fn bug(span: Span) -> Diagnostic {
    Diagnostic::new(codes::INTERNAL_ERROR, span, "the grammar does not match this text, which is a bug in fleetc")
        .label("parsing stopped here")
        .help(format!("please report it with this file and the version {}", env!("CARGO_PKG_VERSION")))
}

// ---------------------------------------------------------------- declarations

pub(super) fn unknown_keyword(span: Span, word: &str, near: Option<&str>) -> Diagnostic {
    let made = Diagnostic::new(codes::UNKNOWN_KEYWORD, span, format!("no declaration begins with `{word}`"))
        .label("not a declaration");
    match near {
        Some(near) => made.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), Unsafe, span, near),
        None => made.help(
            "a file holds `fleet`, `argocd`, `flux`, `source`, `label`, `fact`, `cluster`, `group`, `project`, \
             `component`, `template`, `defaults`, `rollout`, `inventory`, `test`, `moved` and `removed` declarations",
        ),
    }
}

pub(super) fn outside_of_block(span: Span, word: &str, block: Option<(Span, String)>) -> Diagnostic {
    let made = Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("`{word}` stands outside of any block"))
        .label("an entry without a declaration around it");
    match block {
        Some((end, name)) => {
            made.related(end, format!("{name} ends here")).help("is there a closing brace too many above?")
        }
        None => made.help(format!("write it inside of a block, as in `component NAME {{ {word} = … }}`")),
    }
}

pub(super) fn missing_name(keyword: Span, word: &str) -> Diagnostic {
    Diagnostic::new(codes::MISSING_NAME, keyword.after(), format!("`{word}` needs a name"))
        .label("expected a name here")
        .help(match word {
            "inventory" => "write the path of a data file: `inventory \"clusters.json\"`".to_owned(),
            _ => format!("write `{word} NAME`"),
        })
}

pub(super) fn missing_defaults(keyword: Span) -> Diagnostic {
    Diagnostic::new(codes::MISSING_NAME, keyword.after(), "`defaults` of what?")
        .label("expected `component` or `cluster` here")
        .help("write `defaults component { … }` or `defaults cluster { … }`")
}

pub(super) fn reserved_word(span: Span, word: &str) -> Diagnostic {
    Diagnostic::new(codes::RESERVED_WORD, span, format!("`{word}` is a word of the language and cannot be a name"))
        .label("a reserved word")
        .help("choose another name")
}

pub(super) fn reserved_value(span: Span, word: &str) -> Diagnostic {
    Diagnostic::new(codes::RESERVED_WORD, span, format!("expected a value, found `{word}`, a word of the language"))
        .label("a reserved word")
        .help(format!("for the text, write `\"{word}\"`"))
        .fix("quote it", Unsafe, span, format!("\"{word}\""))
}

pub(super) fn name_wants_quotes(span: Span, text: &str) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("the name `{text}` needs quotes"))
        .label("not a bare name: letters, digits, `_` and `-`, with a letter or `_` first")
        .help(format!("write `\"{text}\"`"))
        .fix("quote it", Safe, span, format!("\"{text}\""))
}

pub(super) fn interpolation_in_name(span: Span) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, "a name is fixed and holds no `${…}`")
        .label("not allowed in this name")
        .help("write the name out; for a literal `${`, write `$${`")
}

pub(super) fn interpolation_without_for(span: Span, name: &str) -> Diagnostic {
    let message = format!("`${{{name}}}` in the name of a cluster needs a `for` that sets `{name}`");
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, message)
        .label("set by no `for`")
        .help(format!("write `cluster \"…\" for {name} in [a, b] {{ … }}`"))
}

pub(super) fn unexpected_clause(span: Span, clause: &str, keyword: &str) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("`{keyword}` takes no `{clause}`"))
        .label("does not belong here")
        .help("remove it")
}

pub(super) fn clause_twice(span: Span, first: Span, clause: &str) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("`{clause}` is written twice"))
        .label("the second one")
        .related(first, "the first one")
        .help("keep one of them")
}

pub(super) fn clause_order(from: Span, on: Span) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, from, "`from` stands before `on`")
        .label("too late")
        .related(on, "move `from` before this")
        .help("write `component NAME from TEMPLATE on PREDICATE { … }`")
}

pub(super) fn missing_part(span: Span, what: &str, help: &str) -> Diagnostic {
    Diagnostic::new(codes::MISSING_VALUE, span, format!("{what} is missing"))
        .label(format!("expected {what} here"))
        .help(help)
}

pub(super) fn parameter_without_type(span: Span, default: &Expr) -> Diagnostic {
    let ty = match &default.kind {
        ExprKind::Text(_) => "string",
        ExprKind::Int(_) => "int",
        ExprKind::Bool(_) => "bool",
        ExprKind::List(_) => "list",
        _ => return missing_part(span, "a type", "write `param NAME: a | b = …` or `param NAME: string = …`"),
    };
    let fix = format!(": {ty}");
    let diagnostic = missing_part(span, "a type", &format!("write `param NAME: {ty} = …`"));
    diagnostic.fix(format!("write `{fix}`"), Unsafe, span, fix)
}

pub(super) fn unknown_change(span: Span, keyword: &str, word: &str) -> Diagnostic {
    let message = format!("expected `component` or `cluster`, found `{word}`");
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, message)
        .label(format!("`{keyword}` speaks of one of these"))
        .help(format!("write `{keyword} component {word} …`"))
}

pub(super) fn removed_to(span: Span) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, "`removed` takes no `to`")
        .label("does not belong here")
        .help("write `moved component OLD to NEW` for what has a new name")
}

pub(super) fn missing_object_kind(span: Span) -> Diagnostic {
    Diagnostic::new(codes::MISSING_NAME, span.after(), "an object needs to say what it is")
        .label("expected its API version and kind behind it")
        .help("write `object \"v1/ConfigMap\" NAME`")
}

pub(super) fn missing_object_name(span: Span) -> Diagnostic {
    Diagnostic::new(codes::MISSING_NAME, span.after(), "an object needs a name")
        .label("expected a name behind this")
        .help("write `object \"v1/ConfigMap\" NAME`")
}

pub(super) fn missing_block(span: Span, word: &str) -> Diagnostic {
    Diagnostic::new(codes::MISSING_BLOCK, span.after(), format!("`{word}` needs a block"))
        .label("expected `{` here")
        .help("write `{ … }` behind it")
        .fix("write an empty block", Unsafe, span.after(), " { }")
}

pub(super) fn same_line_declaration(span: Span) -> Diagnostic {
    let at = Span { end: span.start, ..span };
    same_line(span, "declaration").help("begin a new line").fix("begin a new line", Safe, at, "\n")
}

/// `end` is the end of the entry before it.
pub(super) fn same_line_entry(span: Span, end: u32) -> Diagnostic {
    let at = Span { start: end, end, ..span };
    same_line(span, "entry").help("begin a new line, or write a comma between the two").fix(
        "write a comma",
        Safe,
        at,
        ",",
    )
}

fn same_line(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("expected a newline before this {what}"))
        .label("begins on the line of the one before")
}

// ---------------------------------------------------------------- brackets

pub(super) fn unclosed_block(open: Span, next: Option<(Span, &str)>) -> Diagnostic {
    let made = Diagnostic::new(codes::UNCLOSED_BLOCK, open, "this block is never closed").label("opened here");
    let made = match next {
        Some((span, text)) => made.related(span, text),
        None => made,
    };
    made.help("write the missing `}`")
}

pub(super) fn unclosed_bracket(open: Span, end: Span, what: &str, close: char, found: Option<char>) -> Diagnostic {
    let text = match found {
        Some(found) => format!("expected `{close}`, found `{found}`"),
        None => format!("expected `{close}` by here"),
    };
    Diagnostic::new(codes::UNCLOSED_BRACKET, open, format!("this {what} is never closed"))
        .label("opened here")
        .related(end, text)
        .help(format!("write the missing `{close}`"))
        .fix(format!("write `{close}`"), Unsafe, if found.is_some() { end } else { end.after() }, close)
}

pub(super) fn merge_conflict(first: Span, last: Span) -> Diagnostic {
    Diagnostic::new(codes::MERGE_CONFLICT, first, "a merge conflict is not resolved")
        .label("begins here")
        .related(last, "and ends here")
        .help("keep one of the two halves, and remove the three lines that Git wrote")
        .note("what stands in the first half was checked, the other was not")
}

/// `commas` are all of one type.
pub(super) fn comma_in_type(commas: &[Span]) -> Option<Diagnostic> {
    let first = commas.first()?;
    let mut made = Diagnostic::new(codes::UNEXPECTED_TEXT, *first, "expected `|` between the values of a label")
        .label("a comma ends the declaration")
        .help("write `|`");
    made.fixes.push(Fix {
        title: "write `|`".to_owned(),
        applicability: Safe,
        edits: commas.iter().map(|comma| Edit { span: *comma, text: " |".to_owned() }).collect(),
    });
    Some(made)
}

pub(super) fn equals_before_block(span: Span) -> Diagnostic {
    Diagnostic::new(codes::WRONG_SEPARATOR, span, "no `=` stands before the block of a declaration")
        .label("leave this out")
        .help("write `{` right behind the name")
        .fix("leave it out", Safe, span, "")
}

pub(super) fn stray_close(span: Span, text: &str) -> Diagnostic {
    Diagnostic::new(codes::STRAY_CLOSE, span, format!("`{text}` closes nothing"))
        .label("no bracket is open here that it could close")
        .help("remove it, or look above for a bracket that is missing or closed too early")
        .fix("remove it", Unsafe, span, "")
}

pub(super) fn nested_declaration(span: Span, word: &str, open: Span) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("a `{word}` declaration cannot stand inside of a block"))
        .label("belongs at the top of a file")
        .related(open, "the block around it")
        .help("move it out of the block")
}

// ---------------------------------------------------------------- entries

pub(super) fn unexpected_text(span: Span, text: &str, expected: &str) -> Diagnostic {
    let shown = shorten(text);
    let made = Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("expected {expected}, found `{shown}`"))
        .label("unexpected");
    let quoted = ['“', '”', '„', '‘', '’', '\''].into_iter().fold(text, |text, quote| text.trim_matches(quote));
    let quote = |made: Diagnostic| made.fix("write double quotes", Unsafe, span, format!("\"{quoted}\""));
    match text.chars().next() {
        Some('“' | '”' | '„' | '‘' | '’') => quote(made.help("strings stand in straight quotes: `\"…\"`")),
        Some('\'') if text.len() > 1 => quote(made.help("strings stand in double quotes: `\"…\"`")),
        Some('!') => made.help("negation is written `not`"),
        Some('*' | '.' | '~' | '@' | '%' | '^') if expected == "a value" => {
            made.help(format!("for text, write `\"{shown}\"`"))
        }
        Some('<' | '=' | '>')
            if text.starts_with("<<<<<<<") || text.starts_with("=======") || text.starts_with(">>>>>>>") =>
        {
            made.help("this is a conflict of a merge: resolve it")
        }
        Some('\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{3000}') => {
            made.help("this blank is no ordinary space: replace it")
        }
        Some('/') if text.starts_with("//") || text.starts_with("/*") => made.help("comments begin with `#`"),
        Some('$') => made.help("`${…}` stands in strings only; a bare name needs none"),
        Some(';') => made.help("entries end with a newline or a comma").fix("leave it out", Unsafe, span, ""),
        Some('?') if text.contains(':') => made.help("a choice is written `if PREDICATE then A else B`"),
        Some('(') => {
            made.help("there are no functions: write the value out, or choose with `if PREDICATE then A else B`")
        }
        _ => made.help(format!("remove it, or write {expected} here")),
    }
}

/// `made`, with `help` as the one thing to do.
pub(super) fn instead(mut made: Diagnostic, help: &str) -> Diagnostic {
    made.helps.clear();
    made.fixes.clear();
    made.help(help)
}

pub(super) fn misplaced_expect(word: Span) -> Diagnostic {
    Diagnostic::new(codes::UNKNOWN_BLOCK, word, "`expect` stands in a `test` only")
        .label("does not belong here")
        .help("write `test \"what must hold\" { expect … }`")
}

fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or("").trim_end();
    let short: String = line.chars().take(40).collect();
    if short.len() < text.trim_end().len() { format!("{short}…") } else { short }
}

pub(super) fn wrong_separator(span: Span, written: &str, key: &str, glued: bool) -> Diagnostic {
    let text = if glued { " =" } else { "=" };
    Diagnostic::new(codes::WRONG_SEPARATOR, span, format!("expected `=` behind `{key}`, found `{written}`"))
        .label("expected `=`")
        .help(format!("write `{key} = …`"))
        .fix("write `=`", Safe, span, text)
}

pub(super) fn missing_separator(key: Span, text: &str) -> Diagnostic {
    Diagnostic::new(codes::WRONG_SEPARATOR, key.after(), format!("expected `=` behind `{text}`"))
        .label("expected `=` here")
        .help(format!("write `{text} = …`"))
        .fix("write `=`", Safe, key.after(), " =")
}

pub(super) fn block_in_map(key: Span, text: &str) -> Diagnostic {
    Diagnostic::new(codes::WRONG_SEPARATOR, key.after(), format!("expected `=` behind the key `{text}`"))
        .label("expected `=` here")
        .help(format!("write `{text} = {{`"))
        .note("inside of a map every entry is `key = value`")
        .fix("write `=`", Safe, key.after(), " =")
}

pub(super) fn unknown_operation(span: Span, word: &str) -> Diagnostic {
    let made = Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("`{word}` is no operation of a patch"))
        .label("unknown operation")
        .help("the operations are `add`, `replace`, `remove` and `test`");
    match word {
        "delete" => made.fix("write `remove`", Unsafe, span, "remove"),
        "set" | "update" => made.fix("write `replace`", Unsafe, span, "replace"),
        "insert" => made.fix("write `add`", Unsafe, span, "add"),
        _ => made,
    }
}

pub(super) fn key_wants_quotes(span: Span, text: &str) -> Diagnostic {
    let made = Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("the key `{text}` needs quotes"))
        .label("not a bare name: letters, digits, `_` and `-`, with a letter or `_` first")
        .help(format!("write `\"{text}\" = …`"))
        .fix("quote it", Safe, span, format!("\"{text}\""));
    match text.split_once('.') {
        Some((outer, inner)) if !text.contains('/') => {
            made.help(format!("for a key inside of another, write `{outer} = {{ {inner} = … }}`"))
        }
        _ => made,
    }
}

pub(super) fn entry_in_map(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("{what} cannot stand in a map"))
        .label("does not belong here")
        .note("inside of a map every entry is `key = value`")
}

pub(super) fn control_entry(span: Span, word: &str) -> Diagnostic {
    let made = Diagnostic::new(codes::RESERVED_WORD, span, format!("`{word}` cannot begin an entry"))
        .label("a word of the language");
    match word {
        "if" => made.help("write `on PREDICATE { … }`, or `key = if PREDICATE then A else B`"),
        _ => made,
    }
}

// ---------------------------------------------------------------- values

pub(super) fn missing_value(at: Span, behind: &str) -> Diagnostic {
    let message = match behind {
        "" => "a value is missing".to_owned(),
        word => format!("a value is missing behind `{word}`"),
    };
    Diagnostic::new(codes::MISSING_VALUE, at, message).label("expected a value here").help("write the value here")
}

pub(super) fn text_wants_quotes(span: Span, text: &str) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("the text `{}` needs quotes", shorten(text)))
        .label("not a bare name")
        .help(format!("write `\"{}\"`", shorten(text)))
        .fix("quote it", Safe, span, format!("\"{}\"", text.replace('\\', "\\\\")))
}

pub(super) fn bad_literal(span: Span, text: &str, why: &str, help: &str) -> Diagnostic {
    let made =
        Diagnostic::new(codes::BAD_LITERAL, span, format!("`{}` is {why}", shorten(text))).label("not a literal");
    let quoted = format!("\"{text}\"");
    if help.is_empty() {
        made.help(format!("if it is text, write `{quoted}`")).fix("quote it", Unsafe, span, quoted)
    } else {
        made.help(help)
    }
}

pub(super) fn wrong_operator(span: Span, written: &str) -> Diagnostic {
    let meant = match written {
        "&&" | "&" => "and",
        "||" => "or",
        "=" => "==",
        _ => "",
    };
    let made = Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("`{written}` is no operator")).label("unknown");
    match (meant, written) {
        ("", "|") => {
            made.help("for one or the other write `or`; a type is written behind `:`, as in `label env: dev | prod`")
        }
        ("", "+") => made.help("strings are joined by `${…}`, as in `\"a-${env}\"`"),
        ("", "=~" | "!~") => made.help("write `like \"glob-*\"`"),
        ("", _) => made.help("a label is compared with `==`, `!=`, `in [...]`, `not in [...]` or `like`"),
        (meant, _) => made.help(format!("write `{meant}`")).fix(format!("write `{meant}`"), Safe, span, meant),
    }
}

pub(super) fn chained_comparison(span: Span, written: &str) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, format!("comparisons do not chain, found a second one, `{written}`"))
        .label("one comparison ends before this")
        .help("join two comparisons by `and` or `or`")
}

pub(super) fn misplaced_not(span: Span) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, "expected a value, found `not`")
        .label("`not` stands before a whole comparison")
        .help("write `not label == value`, or `label != value`")
}

/// `before` is the item before.
pub(super) fn missing_comma(span: Span, before: Span) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, "expected `,` before this item")
        .label("a second item without a comma between")
        .help("write `,` between the two")
        .fix("write `,`", Safe, before.after(), ",")
}

pub(super) fn comma_too_many(span: Span) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, "there is nothing before this `,`")
        .label("a comma too many")
        .help("remove it")
        .fix("remove it", Safe, span, "")
}

pub(super) fn not_one_value(span: Span, empty: bool) -> Diagnostic {
    let message = if empty { "expected a value inside of `( )`" } else { "expected one value inside of `( )`" };
    Diagnostic::new(codes::UNEXPECTED_TEXT, span, message).label("groups one value").help("a list is written `[a, b]`")
}

pub(super) fn dangling_dot(span: Span, text: &str) -> Diagnostic {
    Diagnostic::new(codes::MISSING_NAME, span, format!("a name is missing behind the dot of `{text}`"))
        .label("expected a name here")
}

// ---------------------------------------------------------------- strings

pub(super) fn unclosed_string(open: Span, long: bool) -> Diagnostic {
    let (quote, end) = if long { ("\"\"\"", "the file") } else { ("\"", "its line") };
    Diagnostic::new(codes::UNCLOSED_STRING, open, "this string is never closed")
        .label("opened here")
        .help(format!("write `{quote}` before the end of {end}"))
}

/// `span` is the last quote of text whose quotes do not pair.
pub(super) fn unpaired_quote(span: Span) -> Diagnostic {
    Diagnostic::new(codes::UNCLOSED_STRING, span, "the quotes of this line do not pair")
        .label("begins a string that is never closed")
        .help("a `\"` is missing before this one, or behind it")
}

pub(super) fn bad_escape(span: Span, text: &str, why: &str) -> Diagnostic {
    let made = Diagnostic::new(codes::BAD_ESCAPE, span, format!("`{text}` is {why}")).label("not an escape");
    let made = made.help("the escapes are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{…}`");
    if text.starts_with("\\u") {
        made
    } else {
        made.fix("write a literal backslash", Unsafe, span, format!("\\{text}"))
    }
}

pub(super) fn forbidden_character(span: Span, character: u32) -> Diagnostic {
    let message = format!("the character U+{character:04X} is not kept by any YAML reader");
    Diagnostic::new(codes::FORBIDDEN_CHARACTER, span, message)
        .label("cannot be written to a manifest")
        .help("remove it")
}

pub(super) fn bad_interpolation(span: Span, text: &str, closed: bool) -> Diagnostic {
    let inner = text.trim();
    let made = if !closed {
        Diagnostic::new(codes::BAD_INTERPOLATION, span, "this `${` is never closed").help("write the missing `}`")
    } else if inner.is_empty() {
        Diagnostic::new(codes::BAD_INTERPOLATION, span, "expected a name in `${…}`, found nothing")
            .help("write `${name}` with the name of a label, fact or parameter, or `cluster`, `component`, `namespace`")
    } else {
        Diagnostic::new(
            codes::BAD_INTERPOLATION,
            span,
            format!("expected one name in `${{…}}`, found `{}`", shorten(inner)),
        )
        .help("only a name can stand here: there are no functions and no expressions in strings")
    };
    made.label("holds no name").help("for a literal `${`, write `$${`")
}
