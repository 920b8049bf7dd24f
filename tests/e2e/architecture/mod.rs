//! Who may import whom, and what must never be: rules of the house that no lint can say, read off the
//! sources, the manifests and cargo's own tree of dependencies.
//!
//! Each rule is a function from what is read to what is wrong with it. It is asked twice: of the tree,
//! where nothing may be wrong, and of something planted, where it must find just that.

mod installing;
mod layers;
mod manifests;
mod outcomes;
mod rights;
mod source;

use std::path::Path;
use std::sync::OnceLock;

use self::source::Source;
use self::source::mentions;

/// Names that never stand in some places.
struct Never {
    why: &'static str,
    /// Files, and folders with a slash at their end.
    within: &'static [&'static str],
    /// Places in those that may.
    but_for: &'static [&'static str],
    names: &'static [&'static str],
    /// Whether tests keep to it too.
    tests_too: bool,
}

const PURE: [&str; 17] = [
    "Instant",
    "SystemTime",
    "TcpListener",
    "TcpStream",
    "ToSocketAddrs",
    "UdpSocket",
    "eprintln",
    "libc",
    "nix",
    "println",
    "rand",
    "rusqlite",
    "rustix",
    "std::env",
    "std::fs",
    "std::process",
    "std::thread",
];

const NEVER: [Never; 8] = [
    Never {
        why: "SQL is the store's alone",
        within: &["pam-module/", "shared/", "tests/", "tui/"],
        but_for: &["shared/src/store/", "tests/src/aging.rs"],
        names: &["rusqlite"],
        tests_too: false,
    },
    Never {
        why: "decisions and words are pure: no I/O, no clock, no randomness, no log",
        within: &[
            "shared/src/code/",
            "shared/src/policy/",
            "shared/words/src/",
            "tui/src/console/model/",
            "tui/src/console/update/",
        ],
        but_for: &[],
        names: &PURE,
        tests_too: false,
    },
    Never {
        why: "unsafe is fenced: the module's ffi, the helper's start, the shedding, the tests' PAM client",
        within: &["pam-module/", "shared/", "tests/", "tui/"],
        but_for: &[
            "pam-module/helper/src/process.rs",
            "pam-module/src/ffi.rs",
            "shared/shed/src/process.rs",
            "tests/src/pam/",
        ],
        names: &["unsafe"],
        tests_too: true,
    },
    Never {
        why: "the module lives in somebody else's process",
        within: &["pam-module/src/"],
        but_for: &[],
        names: &["eprintln", "println", "std::env", "std::thread"],
        tests_too: false,
    },
    Never {
        why: "helper and sender are one thread each",
        within: &[
            "pam-module/helper/src/",
            "shared/sender/src/",
            "shared/shed/src/",
            "shared/src/",
        ],
        but_for: &[],
        names: &[
            "std::thread::Builder",
            "std::thread::scope",
            "std::thread::spawn",
        ],
        tests_too: false,
    },
    Never {
        why: "the console's state and its changes know no terminal",
        within: &["tui/src/console/model/", "tui/src/console/update/"],
        but_for: &[],
        names: &["crossterm", "ratatui"],
        tests_too: false,
    },
    Never {
        why: "programs reach the store by the verbs alone",
        within: &["pam-module/", "shared/sender/", "tui/"],
        but_for: &[],
        names: &["gatepost_shared::store"],
        tests_too: false,
    },
    Never {
        why: "tests speak to what was built, not to its insides",
        within: &["tests/"],
        but_for: &[],
        names: &["gatepost_helper", "gatepost_sender", "pam_gatepost"],
        tests_too: false,
    },
];

/// What is wrong with a source by one row of [`NEVER`].
fn never(rule: &Never, source: &Source) -> Vec<String> {
    if !source.lies_in(rule.within) || source.lies_in(rule.but_for) {
        return Vec::new();
    }
    let parts = if rule.tests_too || source.path.starts_with("tests/") {
        &source.parts()[..]
    } else {
        &source.parts()[..1]
    };
    let named = parts.iter().flat_map(|part| &part.names);
    named
        .filter(|(_, path)| rule.names.iter().any(|name| mentions(path, name)))
        .map(|(line, path)| format!("{}:{line}: {path}: {}", source.path, rule.why))
        .collect()
}

#[test]
fn nothing_stands_where_it_must_never_be() {
    let sources = sources();
    expect_none(
        NEVER
            .iter()
            .flat_map(|rule| sources.iter().flat_map(|source| never(rule, source))),
    );
}

#[test]
fn what_is_planted_where_it_must_never_be_is_found() {
    for rule in &NEVER {
        for (place, name) in pairs(rule.within, rule.names) {
            let found = |place: &str, text: &str| {
                never(rule, &Source::of(&format!("{place}planted.rs"), text)).len()
            };
            assert_eq!(found(place, &format!("use {name};")), 1, "{place} {name}");
            let call = format!("fn f() {{ g(&{name}::h); }}");
            assert_eq!(found(place, &call), 1, "{place} {name}");
            let spoken = format!("//! {name}\n/// {name}\nconst A: &str = \"{name}\";");
            assert_eq!(found(place, &spoken), 0, "{place} {name}");
            assert_eq!(found("elsewhere/", &call), 0, "{name}");
            for spared in rule.but_for.iter().filter(|path| path.ends_with('/')) {
                assert_eq!(found(spared, &call), 0, "{spared} {name}");
            }
        }
    }
}

/// What every file keeps to.
fn habits(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    if !source.text.starts_with("//!") {
        faults.push("1: a file begins with what it is for (//!)".to_owned());
    }
    let stem = source.path.rsplit('/').next().unwrap_or_default();
    let stem = stem.trim_end_matches(".rs").to_owned();
    for part in source.parts() {
        for (line, name) in part.modules.iter().chain([&(1, stem.clone())]) {
            if ["common", "helpers", "misc", "util", "utils"].contains(&name.as_str()) {
                faults.push(format!("{line}: {name} says nothing: name what is in it"));
            }
        }
        for (line, attribute) in &part.attributes {
            if attribute == "ignore" {
                faults.push(format!("{line}: an ignored test says why"));
            }
            if attribute.starts_with("allow(") || attribute.contains(",allow(") {
                faults.push(format!("{line}: expect(.., reason) says when it is stale"));
            }
        }
    }
    faults.sort();
    faults.dedup();
    faults
        .into_iter()
        .map(|fault| format!("{}:{fault}", source.path))
        .collect()
}

#[test]
fn every_file_keeps_the_houses_habits() {
    expect_none(sources().iter().flat_map(habits));
}

#[test]
fn a_file_without_the_houses_habits_is_found() {
    let good = "//! Good.\n#[expect(dead_code, reason = \"planted\")]\nmod tests { #[test] #[ignore = \"slow\"] fn t() {} }";
    assert_eq!(habits(&Source::of("a/b.rs", good)), [""; 0]);
    // Written in two, so that greps of the tree do not stop here.
    let lenient = ["all", "ow"].concat();
    for (path, bad) in [
        ("a/b.rs", "mod tests {}".to_owned()),
        ("a/b.rs", "//! Bad.\nmod utils;".to_owned()),
        ("a/misc.rs", "//! Bad.".to_owned()),
        ("a/b.rs", format!("//! Bad.\n#![{lenient}(dead_code)]")),
        (
            "a/b.rs",
            format!("//! Bad.\n#[cfg_attr(test, {lenient}(dead_code))]\nfn f() {{}}"),
        ),
        (
            "a/b.rs",
            format!(
                "//! Bad.\n#[cfg(test)] mod t {{ #[{}] fn t() {{}} }}",
                "ignore"
            ),
        ),
    ] {
        assert_eq!(habits(&Source::of(path, &bad)).len(), 1, "{path} {bad}");
    }
}

/// Words that only a statement begins with.
const SQL: [&str; 8] = [
    "ALTER TABLE ",
    "BEGIN IMMEDIATE",
    "CREATE ",
    "DELETE FROM ",
    "INSERT ",
    "PRAGMA ",
    "SELECT ",
    "UPDATE ",
];

/// Texts that are SQL.
fn statements(source: &Source) -> Vec<String> {
    if source.lies_in(&["shared/src/store/", "tests/src/aging.rs", "tests/e2e/"]) {
        return Vec::new();
    }
    let begins = |literal: &str| {
        let text = literal.trim_start_matches(['"', 'r', 'b', 'c', '#', ' ', '\n', '\\']);
        SQL.iter().any(|word| text.starts_with(word))
    };
    let texts = source.product.literals.iter();
    texts
        .filter(|(_, literal)| begins(literal))
        .map(|(line, literal)| format!("{}:{line}: {literal}: SQL is the store's", source.path))
        .collect()
}

#[test]
fn sql_stands_in_the_store_alone() {
    expect_none(sources().iter().flat_map(statements));
}

#[test]
fn planted_sql_is_found() {
    let text = "//! SELECT a\nconst A: &str = \"SELECT a FROM b\"; const B: &str = \"select one\";";
    assert_eq!(statements(&Source::of("tui/src/a.rs", text)).len(), 1);
    assert_eq!(
        statements(&Source::of("shared/src/store/a.rs", text)).len(),
        0
    );
}

/// The texts of the product in a file or folder (with a slash at its end), as the program has them,
/// each with where it stands.
pub(crate) fn texts(within: &str) -> Vec<(String, String)> {
    let files = sources().iter().filter(|source| source.lies_in(&[within]));
    let texts = files.flat_map(|file| {
        file.product.literals.iter().filter_map(|(line, literal)| {
            let text = literal.strip_prefix('"')?.strip_suffix('"')?;
            let text = text.replace("\\\"", "\"").replace("\\\n", "\n");
            Some((format!("{}:{line}", file.path), text))
        })
    });
    texts.collect()
}

/// Every Rust file of the workspace, read once a test run.
fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| Source::all(root()))
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every pair of one and one.
fn pairs<'a>(
    ones: &'a [&'a str],
    others: &'a [&'a str],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    ones.iter()
        .flat_map(move |one| others.iter().map(move |other| (*one, *other)))
}

/// Insists that nothing is wrong.
#[track_caller]
fn expect_none(faults: impl IntoIterator<Item = String>) {
    let faults: Vec<String> = faults.into_iter().collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
