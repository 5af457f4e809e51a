//! The globs of Argo CD's projects.
//!
//! Argo CD 3.x matches with gobwas/glob 0.2.3, whose dialect is not that of the `globset` crate: `**` is any run of
//! characters anywhere, `*` stops at the separators only where the caller names some, `?` takes no separator,
//! a class is negated by `!` alone, `{a,b}` nests, and a class matches a separator. So the dialect is written out here:
//! a pattern becomes a small automaton that is run in time linear in the text, whatever the pattern.
//!
//! gobwas 0.2.3 lets the two fixed ends of a pattern with one run between them overlap: `ab**ba` matches `aba`. So do we,
//! because a `!` in front turns a match into a refusal. `tests/conformance/argocd.sh` compares a great many cases.

/// A pattern that can be matched.
#[derive(Debug)]
pub(super) struct Glob {
    steps: Vec<Step>,
}

/// One step of the automaton; numbers are indices of steps.
#[derive(Debug)]
enum Step {
    /// This character.
    Char(char),
    /// Any character but the separators.
    Single,
    /// A character of (or, negated, not of) the class.
    Class { negated: bool, class: Class },
    /// Any run of characters but the separators; goes on behind itself.
    Any,
    /// Any run of characters; goes on behind itself.
    Super,
    /// Goes on at each of these.
    Fork(Vec<usize>),
    /// Goes on there.
    Jump(usize),
}

#[derive(Debug)]
enum Class {
    Range(char, char),
    List(String),
}

impl Glob {
    /// The automaton of `pattern`; none when gobwas would not compile it.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let mut parser = Parser { rest: pattern.chars().collect::<Vec<_>>(), at: 0, steps: Vec::new(), depth: 0 };
        parser.sequence()?;
        (parser.at == parser.rest.len()).then_some(Self { steps: parser.steps })
    }

    /// Whether the whole of `text` matches. With a separator, `*` and `?` do not take it.
    pub(super) fn matches(&self, text: &str, separator: Option<char>) -> bool {
        // gobwas 0.2.3, match/single.go and match/list.go: a lone `?` or `[!a]` also matches the empty string.
        if text.is_empty()
            && matches!(self.steps.as_slice(), [Step::Single | Step::Class { negated: true, class: Class::List(_) }])
        {
            return true;
        }
        if let Some((head, tail)) = self.ends(separator)
            && text.starts_with(&head)
            && text.ends_with(&tail)
        {
            return true;
        }
        let mut current = Vec::new();
        let mut seen = vec![false; self.steps.len() + 1];
        self.enter(0, &mut current, &mut seen);
        for c in text.chars() {
            let mut next = Vec::new();
            seen.fill(false);
            for at in current {
                self.advance(at, c, separator, &mut next, &mut seen);
            }
            current = next;
        }
        current.contains(&self.steps.len())
    }

    /// The fixed ends of a pattern that is nothing but them and one run over everything between.
    fn ends(&self, separator: Option<char>) -> Option<(String, String)> {
        let (mut head, mut tail, mut runs) = (String::new(), String::new(), 0);
        for step in &self.steps {
            match step {
                Step::Char(c) if runs == 0 => head.push(*c),
                Step::Char(c) => tail.push(*c),
                Step::Super => runs += 1,
                Step::Any if separator.is_none() => runs += 1,
                _ => return None,
            }
        }
        (runs == 1 && !head.is_empty() && !tail.is_empty()).then_some((head, tail))
    }

    /// Adds the steps that `at` stands for without taking a character.
    fn enter(&self, at: usize, into: &mut Vec<usize>, seen: &mut [bool]) {
        let mut stack = vec![at];
        while let Some(at) = stack.pop() {
            match seen.get_mut(at) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            match self.steps.get(at) {
                Some(Step::Fork(targets)) => stack.extend(targets),
                Some(Step::Jump(target)) => stack.push(*target),
                Some(Step::Any | Step::Super) => {
                    into.push(at);
                    stack.push(at + 1);
                }
                Some(_) | None => into.push(at),
            }
        }
    }

    fn advance(&self, at: usize, c: char, separator: Option<char>, into: &mut Vec<usize>, seen: &mut [bool]) {
        let target = match self.steps.get(at) {
            Some(Step::Char(wanted)) if *wanted == c => at + 1,
            Some(Step::Single) if Some(c) != separator => at + 1,
            Some(Step::Class { negated, class }) if class.has(c) != *negated => at + 1,
            Some(Step::Any) if Some(c) != separator => at,
            Some(Step::Super) => at,
            _ => return,
        };
        self.enter(target, into, seen);
    }
}

impl Class {
    fn has(&self, c: char) -> bool {
        match self {
            Self::Range(low, high) => (*low..=*high).contains(&c),
            Self::List(characters) => characters.contains(c),
        }
    }
}

/// Deeper braces than this are no pattern; it bounds the recursion of the parser.
const MAX_DEPTH: usize = 64;

struct Parser {
    rest: Vec<char>,
    at: usize,
    steps: Vec<Step>,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    /// Reads up to the end or, inside braces, to the `,` or `}` that ends an alternative.
    fn sequence(&mut self) -> Option<()> {
        while let Some(c) = self.peek() {
            if self.depth > 0 && matches!(c, ',' | '}') {
                break;
            }
            self.at += 1;
            match c {
                '*' if self.peek() == Some('*') => {
                    self.at += 1;
                    self.steps.push(Step::Super);
                }
                '*' => self.steps.push(Step::Any),
                '?' => self.steps.push(Step::Single),
                '[' => self.class()?,
                '{' => self.alternatives()?,
                // A lone `\` at the end is dropped.
                '\\' => self.steps.extend(self.rest.get(self.at).map(|c| Step::Char(*c))),
                c => self.steps.push(Step::Char(c)),
            }
            if c == '\\' {
                self.at = (self.at + 1).min(self.rest.len());
            }
        }
        Some(())
    }

    /// `{a,b*}`, whose brace is read.
    fn alternatives(&mut self) -> Option<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let fork = self.steps.len();
        self.steps.push(Step::Fork(Vec::new()));
        let mut starts = Vec::new();
        let mut jumps = Vec::new();
        loop {
            starts.push(self.steps.len());
            self.sequence()?;
            jumps.push(self.steps.len());
            self.steps.push(Step::Jump(0));
            // gobwas 0.2.3 closes at the end of the pattern what is still open.
            if self.next() != Some(',') {
                break;
            }
        }
        self.depth -= 1;
        let end = self.steps.len();
        for jump in jumps {
            self.set(jump, Step::Jump(end));
        }
        self.set(fork, Step::Fork(starts));
        Some(())
    }

    fn set(&mut self, at: usize, step: Step) {
        if let Some(old) = self.steps.get_mut(at) {
            *old = step;
        }
    }

    /// `[abc]`, `[!abc]`, `[a-c]`, `[!a-c]`, whose bracket is read: one range or one list, never both.
    fn class(&mut self) -> Option<()> {
        let negated = self.peek() == Some('!');
        if negated {
            self.at += 1;
        }
        let first = self.next()?;
        let class = if self.peek() == Some('-') {
            self.at += 1;
            let last = self.next()?;
            if last < first || self.next()? != ']' {
                return None;
            }
            Class::Range(first, last)
        } else {
            self.at -= 1;
            Class::List(self.list()?)
        };
        self.steps.push(Step::Class { negated, class });
        Some(())
    }

    fn list(&mut self) -> Option<String> {
        let mut list = String::new();
        loop {
            match self.next()? {
                ']' => break,
                '\\' => list.push(self.next()?),
                c => list.push(c),
            }
        }
        (!list.is_empty()).then_some(list)
    }
}
