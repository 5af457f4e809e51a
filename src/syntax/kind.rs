//! The kinds of nodes of the lossless tree.

/// What a node of the [`Cst`](super::cst::Cst) is. Inner nodes first, then tokens, then what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum SyntaxKind {
    /// The whole file.
    File,
    /// `keyword NAME clause… { … }`, known or not.
    Declaration,
    /// `moved …` and `removed …`
    Change,
    /// `to NAME`
    Destination,
    /// `as NAME`
    AsClause,
    /// `: TYPE`
    TypeClause,
    /// `= VALUE`
    ValueClause,
    /// `from TEMPLATE, …`
    FromClause,
    /// `on PREDICATE`
    OnClause,
    /// `for x in […], …`
    ForClause,
    /// `x in […]`
    Binding,
    /// `a | b | c`
    TypeExpr,
    /// `{ … }`: a body or a map.
    Block,
    /// `key = value`
    Attribute,
    /// `name { … }` as a value.
    Tagged,
    /// `param name: type = default`
    Parameter,
    /// `replace "/pointer" = value`
    Operation,
    /// `on PREDICATE { … }`
    OnBlock,
    /// `keyword argument… { … }`
    Nested,
    /// `expect …`
    Expectation,
    /// A value or predicate: a flat sequence of operands, operators and keywords.
    Expr,
    /// `[ … ]`
    List,
    /// `( … )`
    Group,
    /// `"…"` with its parts as children.
    ShortString,
    /// `"""…"""` with its parts as children.
    LongString,
    /// `${…}`
    Interpolation,

    /// `"…"` without escapes and interpolation: a leaf, quotes included.
    PlainString,
    /// A bare word.
    Word,
    /// Words joined by dots.
    Path,
    /// A key as it is written without quotes.
    BareKey,
    /// What begins like a number.
    Number,
    /// A keyword between clauses and operands, such as `on`, `if` or `and`.
    Keyword,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `,`
    Comma,
    /// `=`
    Equals,
    /// `:`
    Colon,
    /// `|`
    Pipe,
    /// `?`
    Question,
    /// `==`, `!=`, `and`, `or`, `like`, `in`, `not in`
    Operator,
    /// `"`, `"""`
    Quote,
    /// Text inside a string.
    StringText,
    /// `\n`, `\u{…}` …
    Escape,
    /// `$${`
    Dollar,
    /// `${`
    OpenInterpolation,
    /// What stands in a `${…}`.
    InterpolationText,
    /// A byte order mark.
    Bom,
    /// A comment.
    Comment,
    /// Line ends, with the blank lines between them.
    Newline,

    /// Nothing, where something should be.
    Missing,
    /// Nothing, where a closing bracket should be.
    Unclosed,
    /// Nothing, where a closing quote should be.
    UnclosedString,
    /// A closing bracket that closes nothing.
    Stray,
    /// A keyword where an item should be.
    StrayWord,
    /// A reserved word where a value should be.
    Misplaced,
    /// Text that wants quotes.
    BareText,
    /// Characters that begin nothing.
    Junk,
    /// Text behind something that is complete.
    Extra,
    /// `:` and the like, where `=` should be.
    WrongSeparator,
    /// `&&` and the like.
    WrongOperator,
    /// The whole text, when it could not be parsed.
    Unparsed,
}

impl SyntaxKind {
    /// Whether it is a comment or a newline.
    pub fn is_trivia(self) -> bool {
        matches!(self, Self::Comment | Self::Newline | Self::Bom)
    }

    /// Whether the text is wrong wherever such a node stands.
    pub fn is_error(self) -> bool {
        self >= Self::Missing
    }
}
