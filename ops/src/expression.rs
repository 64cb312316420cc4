//! Regular expressions that the exporter has to take: RE2's, of which Rust's grammar knows most, and more besides.

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    self, AssertionKind, Ast, ClassSetBinaryOp, ClassSetItem, ClassUnicode, ClassUnicodeKind, Flag,
    Flags, GroupKind, HexLiteralKind, Literal, LiteralKind, RepetitionKind, RepetitionRange,
};

/// How often RE2 repeats something, also where that is itself within something that is repeated.
const REPEATS: u32 = 1000;

/// Why an expression cannot be: it is none, or one that RE2 refuses or takes for something else.
pub(crate) fn check(expression: &str) -> Result<(), String> {
    let plain = with_plain_braces(expression);
    let none = |error: &dyn std::fmt::Display| format!("is no regular expression: {error}");
    regex_syntax::parse(&plain).map_err(|error| none(&error))?;
    let ast = Parser::new().parse(&plain).map_err(|error| none(&error))?;
    let visitor = Visitor {
        repeats: vec![REPEATS],
    };
    ast::visit(&ast, visitor)
        .map_err(|why| format!("is no regular expression of RE2, which the exporter has: {why}"))
}

/// How often what comes next may be repeated, the innermost last.
struct Visitor {
    repeats: Vec<u32>,
}

impl ast::Visitor for Visitor {
    type Output = ();
    type Err = String;

    fn finish(self) -> Result<(), String> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), String> {
        match ast {
            Ast::Literal(literal) => is_literal(literal),
            Ast::ClassUnicode(class) => is_class(class),
            Ast::Flags(set) => are_flags(&set.flags),
            Ast::Assertion(assertion) => match assertion.kind {
                AssertionKind::WordBoundaryStartAngle | AssertionKind::WordBoundaryEndAngle => {
                    Err(r"it takes `\<` and `\>` for `<` and `>`: write those, or `\b`".to_owned())
                }
                _ => Ok(()),
            },
            Ast::Group(group) => match &group.kind {
                GroupKind::NonCapturing(flags) => are_flags(flags),
                GroupKind::CaptureName { name, .. } => is_group_name(&name.name),
                GroupKind::CaptureIndex(_) => Ok(()),
            },
            Ast::Repetition(repetition) => {
                if matches!(*repetition.ast, Ast::Repetition(_)) {
                    return Err(
                        "two repetitions follow each other: put the first into (?:…)".into(),
                    );
                }
                self.repeat(&repetition.op.kind)
            }
            _ => Ok(()),
        }
    }

    fn visit_post(&mut self, ast: &Ast) -> Result<(), String> {
        if matches!(ast, Ast::Repetition(_)) {
            self.repeats.pop();
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), String> {
        match item {
            ClassSetItem::Literal(literal) => is_literal(literal),
            ClassSetItem::Range(range) => {
                is_literal(&range.start).and_then(|()| is_literal(&range.end))
            }
            ClassSetItem::Unicode(class) => is_class(class),
            ClassSetItem::Bracketed(_) => {
                Err(r"a class in a class: write `\[` for the sign itself".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ClassSetBinaryOp) -> Result<(), String> {
        Err(r"`&&`, `--` and `~~` are no operators in its classes: write `\&`, `\-` and `\~` for the signs themselves".into())
    }
}

impl Visitor {
    fn repeat(&mut self, kind: &RepetitionKind) -> Result<(), String> {
        let left = self.repeats.last().copied().unwrap_or(REPEATS);
        let most = match kind {
            RepetitionKind::Range(
                RepetitionRange::Exactly(most) | RepetitionRange::AtLeast(most),
            ) => *most,
            RepetitionKind::Range(RepetitionRange::Bounded(_, most)) => *most,
            _ => 1,
        };
        if most > left {
            return Err(format!(
                "something is repeated more than {REPEATS} times, all in all"
            ));
        }
        self.repeats.push(left / most.max(1));
        Ok(())
    }
}

fn is_literal(literal: &Literal) -> Result<(), String> {
    match literal.kind {
        LiteralKind::HexFixed(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong)
        | LiteralKind::HexBrace(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong) => {
            Err(format!(
                r"it has no `\u` and `\U`: write `\x{{{:x}}}`",
                u32::from(literal.c)
            ))
        }
        _ => Ok(()),
    }
}

fn are_flags(flags: &Flags) -> Result<(), String> {
    let known = [
        Flag::CaseInsensitive,
        Flag::MultiLine,
        Flag::DotMatchesNewLine,
        Flag::SwapGreed,
    ];
    let unknown = |flag: &ast::FlagsItemKind| match flag {
        ast::FlagsItemKind::Flag(flag) => !known.contains(flag),
        ast::FlagsItemKind::Negation => false,
    };
    match flags.items.iter().any(|item| unknown(&item.kind)) {
        true => Err("its flags are i, m, s and U: leave out the others".to_owned()),
        false => Ok(()),
    }
}

fn is_group_name(name: &str) -> Result<(), String> {
    match name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        true => Ok(()),
        false => Err(format!(
            "the group `{name}`: give it a name of letters, digits and `_`"
        )),
    }
}

/// It knows categories by their letters and scripts by their names; an exporter of before Go 1.25 only as these are written.
fn is_class(class: &ClassUnicode) -> Result<(), String> {
    let refuse = |name: &str| {
        Err(format!(
            r"it has no class `{name}`: name a category such as `\p{{Lu}}` or a script such as `\p{{Greek}}`"
        ))
    };
    match &class.kind {
        ClassUnicodeKind::OneLetter(letter) if letter.is_ascii_uppercase() => Ok(()),
        ClassUnicodeKind::OneLetter(letter) => refuse(&letter.to_string()),
        ClassUnicodeKind::NamedValue { name, .. } => refuse(name),
        ClassUnicodeKind::Named(name) => {
            let is_one = |kind| regex_syntax::parse(&format!(r"\p{{{kind}={name}}}")).is_ok();
            let is_capital = name.starts_with(|c: char| c.is_ascii_uppercase());
            match is_capital && ((name.len() <= 2 && is_one("gc")) || is_one("sc")) {
                true => Ok(()),
                false => refuse(name),
            }
        }
    }
}

/// An expression in which braces that repeat nothing are escaped: RE2 takes them as they are, as in `"a":{"b"`.
fn with_plain_braces(expression: &str) -> String {
    let mut plain = String::new();
    // What was escaped last, and whether the next one is.
    let (mut escaped, mut is_escaped) = (None, false);
    for (at, one) in expression.char_indices() {
        // `\p{Greek}`, `\x{e9}`; those of `\u` are told of.
        let is_named = escaped.is_some_and(|one| "pPxuU".contains(one));
        let is_plain = one == '{' && !is_escaped && !is_named;
        if is_plain && !is_count(&expression[at + 1..]) {
            plain.push('\\');
        }
        plain.push(one);
        escaped = is_escaped.then_some(one);
        is_escaped = one == '\\' && !is_escaped;
    }
    plain
}

/// Whether what follows a brace says how often: `2}`, `2,}`, `2,3}`.
fn is_count(after: &str) -> bool {
    let Some((count, _)) = after.split_once('}') else {
        return false;
    };
    let (least, most) = count.split_once(',').unwrap_or((count, ""));
    let are_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    !least.is_empty() && are_digits(least) && are_digits(most)
}
