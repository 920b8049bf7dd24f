//! Every verb of an administrator asks first whether the person may: what is shown or done without that
//! question is shown to and done by everybody with a role.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::source::Source;
use super::{expect_none, sources};

/// Public methods of `Admin` that neither read the store nor change anything; `each` does no more than
/// the verb that it is given, which asks.
const EXEMPT: [&str; 8] = [
    "actor_name",
    "config",
    "each",
    "host_name",
    "may",
    "may_on",
    "operator",
    "stopper",
];

/// The public functions in these tokens that take `self` or an operator, each with whether it begins
/// by asking.
fn verbs(tokens: TokenStream, found: &mut Vec<(String, bool)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, word: &str| {
        tokens
            .get(at)
            .is_some_and(|token| token.to_string() == word)
    };
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            let is_admin = at > 0 && is(at - 1, "Admin") && at > 1 && is(at - 2, "impl");
            if group.delimiter() == Delimiter::Brace && is_admin {
                verbs(group.stream(), found);
            }
        }
        if !(is(at, "pub") && is(at + 1, "fn")) {
            continue;
        }
        let name = tokens[at + 2].to_string();
        let rest = &tokens[at + 3..];
        let given = rest.iter().find_map(group_of(Delimiter::Parenthesis));
        let body = rest.iter().find_map(group_of(Delimiter::Brace));
        let (Some(given), Some(body)) = (given, body) else {
            continue;
        };
        let given = given.replace(' ', "");
        let takes_self = given.starts_with("&self") || given.starts_with("&mutself");
        if takes_self || given.contains("operator:&Operator") {
            let whom = if takes_self { "self" } else { "operator" };
            let asks = body
                .replace([' ', '\n'], "")
                .starts_with(&format!("{whom}.may("));
            found.push((name, asks));
        }
    }
}

fn group_of(delimiter: Delimiter) -> impl Fn(&TokenTree) -> Option<String> {
    move |token| match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => {
            Some(group.stream().to_string())
        }
        TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {
            None
        }
    }
}

/// The verbs of a source that ask nobody.
fn silent(source: &Source) -> Vec<String> {
    if !source.lies_in(&["shared/src/admin/"]) || source.path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let mut found = Vec::new();
    verbs(TokenStream::from_str(&source.text).unwrap(), &mut found);
    found
        .into_iter()
        .filter(|(name, asks)| !asks && !EXEMPT.contains(&name.as_str()))
        .map(|(name, _)| format!("{}: {name} does not begin by asking may()", source.path))
        .collect()
}

#[test]
fn every_verb_of_an_administrator_asks_first() {
    expect_none(sources().iter().flat_map(silent));
    let mut found = Vec::new();
    for source in sources() {
        if source.lies_in(&["shared/src/admin/"]) && !source.path.ends_with("/tests.rs") {
            verbs(TokenStream::from_str(&source.text).unwrap(), &mut found);
        }
    }
    let asking = found.iter().filter(|(_, asks)| *asks).count();
    assert!(asking >= 25, "only {asking} verbs were found");
}

#[test]
fn a_planted_verb_that_asks_nobody_is_found() {
    let silent_in = |body: &str| silent(&Source::of("shared/src/admin/planted.rs", body)).len();
    for (text, faults) in [
        (
            "impl Admin { pub fn f(&self) -> X { self.may(Right::Look)?; g() } }",
            0,
        ),
        (
            "impl Admin { pub fn f(&mut self, a: B) -> X { g(); self.may(R)?; } }",
            1,
        ),
        (
            "impl Admin { pub fn f<T>(&self, t: T) -> Result<X, Y> { self.store.x() } }",
            1,
        ),
        (
            "impl Admin { fn f(&self) { g() } pub(super) fn h(&self) { g() } }",
            0,
        ),
        (
            "impl Admin { pub fn stopper(&self) -> S { self.store.stopper() } }",
            0,
        ),
        (
            "pub fn run(operator: &Operator) -> X { operator.may(Right::Look)?; g() }",
            0,
        ),
        ("pub fn run(a: B, operator: &Operator) -> X { g() }", 1),
        ("impl Other { pub fn f(&self) -> X { g() } }", 0),
    ] {
        assert_eq!(silent_in(text), faults, "{text}");
    }
}
