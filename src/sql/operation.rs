//! What a statement does.

use crate::sql::tokens::{DIALECTS, Token, Tokens};

/// What stands for all that is not known.
pub(crate) const OTHER: &str = "_OTHER";

/// What a statement can do: the values of `operation`. The last stands for all others.
pub(crate) const OPERATIONS: [&str; 20] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "MERGE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "CREATE",
    "ALTER",
    "DROP",
    "TRUNCATE",
    "CALL",
    "SET",
    "PRAGMA",
    "EXPLAIN",
    OTHER,
];

/// The place in [`OPERATIONS`] of what a statement does.
pub(crate) fn operation(statement: &str) -> usize {
    let mut is_with = false;
    let mut depth = 0_usize;
    for token in Tokens::of(statement, DIALECTS[0]) {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => depth = depth.saturating_sub(1),
            // The tables that `WITH` names stand in brackets, what is done with them does not; a whole statement in brackets has none before it.
            Token::Word(word) if depth == 0 || !is_with => {
                let is = |known: &&str| known.eq_ignore_ascii_case(word);
                match OPERATIONS.iter().position(is) {
                    Some(place) => return place,
                    None if word.eq_ignore_ascii_case("WITH") => is_with = true,
                    None if word.eq_ignore_ascii_case("START") => return 6, // a transaction
                    None if is_with => {}
                    None => break,
                }
            }
            Token::Word(_) | Token::Space | Token::Comment | Token::Mark(_) => {}
            Token::Literal | Token::Quoted(_) if is_with => {}
            Token::Literal | Token::Quoted(_) => break,
        }
    }
    OPERATIONS.len() - 1
}
