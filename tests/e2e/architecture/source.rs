//! A Rust file as the rules see it: the names it mentions, its attributes, its texts; comments gone,
//! `use` trees written out, and what only tests see kept apart.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use proc_macro2::Delimiter;
use proc_macro2::Spacing;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;

/// A file and what stands in it.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path from the workspace's root, e.g. `shared/src/store/mod.rs`.
    pub(super) path: String,
    /// Its text.
    pub(super) text: String,
    /// What the product is made of.
    pub(super) product: Contents,
    /// What only tests see.
    pub(super) tests: Contents,
}

/// What stands in a part of a file, each with its line.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Paths such as `std::fs::read`, as they are written; those of `use` trees one by one.
    pub(super) names: Vec<(usize, String)>,
    /// Attributes without blanks, e.g. `cfg(test)`.
    pub(super) attributes: Vec<(usize, String)>,
    /// Literals as they are written.
    pub(super) literals: Vec<(usize, String)>,
    /// Names of modules that are declared or defined.
    pub(super) modules: Vec<(usize, String)>,
}

impl Source {
    /// Reads a file's text; panics where that is no Rust.
    pub(super) fn of(path: &str, text: &str) -> Self {
        let tokens = TokenStream::from_str(text).map_err(|error| format!("{path}: {error}"));
        let tokens = tokens.unwrap();
        let mut source = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            product: Contents::default(),
            tests: Contents::default(),
        };
        let is_test_file = path.ends_with("/tests.rs") || path.split('/').any(|it| it == "tests");
        source.walk(tokens, is_test_file);
        source
    }

    /// Every Rust file below `root`, in order.
    pub(super) fn all(root: &Path) -> Vec<Self> {
        let mut folders = vec![root.to_path_buf()];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = entry.path();
                if name.starts_with('.') || (folder == root && name == "target") {
                    continue;
                }
                if entry.file_type().unwrap().is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|kind| kind == "rs") {
                    let text = fs::read_to_string(&path).unwrap();
                    let short = path.strip_prefix(root).unwrap().to_string_lossy();
                    found.push(Self::of(&short, &text));
                }
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }

    /// Product and tests.
    pub(super) fn parts(&self) -> [&Contents; 2] {
        [&self.product, &self.tests]
    }

    /// True for a file or folder (with a slash at its end) named in `places`.
    pub(super) fn lies_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| {
            self.path == *place || (place.ends_with('/') && self.path.starts_with(place))
        })
    }

    fn walk(&mut self, tokens: TokenStream, in_tests: bool) {
        let mut rest = tokens.into_iter().peekable();
        while let Some(token) = rest.next() {
            let line = token.span().start().line;
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    rest.next_if(|next| is_punct(next, '!'));
                    let Some(TokenTree::Group(group)) = rest.peek() else {
                        continue;
                    };
                    let attribute = group.stream().to_string().replace([' ', '\n'], "");
                    rest.next();
                    if attribute == "cfg(test)" {
                        let mut item = TokenStream::new();
                        for token in rest.by_ref() {
                            let ends = is_punct(&token, ';') || is_block(&token);
                            item.extend([token]);
                            if ends {
                                break;
                            }
                        }
                        self.walk(item, true);
                    } else if !attribute.starts_with("doc=") {
                        self.part(in_tests).attributes.push((line, attribute));
                    }
                }
                TokenTree::Ident(word) if word == "use" => {
                    let tree: Vec<TokenTree> = rest
                        .by_ref()
                        .take_while(|token| !is_punct(token, ';'))
                        .collect();
                    let mut paths = Vec::new();
                    expand("", &tree, &mut paths);
                    let names = &mut self.part(in_tests).names;
                    names.extend(paths.into_iter().map(|path| (line, path)));
                }
                TokenTree::Ident(word) => {
                    let mut path = word.to_string();
                    if path == "mod"
                        && let Some(TokenTree::Ident(name)) = rest.peek()
                    {
                        let name = name.to_string();
                        self.part(in_tests).modules.push((line, name));
                    }
                    while rest.next_if(is_path_separator).is_some() {
                        rest.next_if(|next| is_punct(next, ':'));
                        match rest.next_if(|next| matches!(next, TokenTree::Ident(_))) {
                            Some(segment) => path = format!("{path}::{segment}"),
                            None => break,
                        }
                    }
                    self.part(in_tests).names.push((line, path));
                }
                TokenTree::Literal(literal) => {
                    let literal = literal.to_string();
                    self.part(in_tests).literals.push((line, literal));
                }
                TokenTree::Group(group) => self.walk(group.stream(), in_tests),
                TokenTree::Punct(_) => {}
            }
        }
    }

    fn part(&mut self, in_tests: bool) -> &mut Contents {
        if in_tests {
            &mut self.tests
        } else {
            &mut self.product
        }
    }
}

/// True when `word`, a path or a single name, stands in `path`, whole segments alone.
pub(super) fn mentions(path: &str, word: &str) -> bool {
    let path: Vec<&str> = path.split("::").collect();
    let word: Vec<&str> = word.split("::").collect();
    path.windows(word.len()).any(|window| window == word)
}

/// Writes out a `use` tree: `a::{b, c::{self, d}}` is `a::b`, `a::c` and `a::c::d`.
fn expand(prefix: &str, tree: &[TokenTree], paths: &mut Vec<String>) {
    let mut path = prefix.to_owned();
    for token in tree {
        match token {
            TokenTree::Ident(word) if word == "as" => break,
            TokenTree::Ident(word) if word == "self" && !prefix.is_empty() => {}
            TokenTree::Ident(word) if path.is_empty() => path = word.to_string(),
            TokenTree::Ident(word) => path = format!("{path}::{word}"),
            TokenTree::Punct(punct) if punct.as_char() == '*' => path.push_str("::*"),
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in inner.split(|token| is_punct(token, ',')) {
                    if !branch.is_empty() {
                        expand(&path, branch, paths);
                    }
                }
                return;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    paths.push(path);
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// The first colon of two.
fn is_path_separator(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint)
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

#[test]
fn a_file_is_read_as_the_compiler_would() {
    let source = Source::of(
        "shared/src/planted.rs",
        r#"//! std::net in a comment
use std::{env, fs::{self, File}};
use crate::store::Store as Shop;
/// std::net again
#[expect(dead_code, reason = "planted")]
fn f(x: std::time::Duration) -> bool { std::process::id() == 1 && x.is_zero() && "std::net" == "" }
#[cfg(test)]
mod tests { #[test] #[ignore = "planted"] fn t() { super::f(std::net::TcpStream::connect) } }
"#,
    );
    let names = |part: &Contents| -> Vec<String> {
        let paths = part.names.iter().filter(|(_, path)| path.contains("::"));
        paths.map(|(line, path)| format!("{line} {path}")).collect()
    };
    let product = [
        "2 std::env",
        "2 std::fs",
        "2 std::fs::File",
        "3 crate::store::Store",
        "6 std::time::Duration",
        "6 std::process::id",
    ];
    assert_eq!(names(&source.product), product);
    let tests = ["8 super::f", "8 std::net::TcpStream::connect"];
    assert_eq!(names(&source.tests), tests);
    assert_eq!(source.tests.modules, [(8, "tests".to_owned())]);
    let attributes: Vec<&str> = source
        .parts()
        .iter()
        .flat_map(|part| &part.attributes)
        .map(|(_, attribute)| attribute.as_str())
        .collect();
    let wanted = [
        r#"expect(dead_code,reason="planted")"#,
        "test",
        r#"ignore="planted""#,
    ];
    assert_eq!(attributes, wanted);
    assert!(mentions("std::fs::read", "std::fs") && mentions("a::rusqlite", "rusqlite"));
    assert!(!mentions("std::fs_err", "std::fs") && !mentions("Instantly", "Instant"));
}
