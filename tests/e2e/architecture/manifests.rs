//! The rules for manifests and for cargo's tree of dependencies: who depends on whom, no feature in
//! what is shipped, the same lints for all, and a panic that can be caught.

use std::env;
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::expect_none;
use super::root;

/// Our packages, and which of ours each may depend on.
const OURS: [(&str, &[&str]); 8] = [
    (
        "gatepost",
        &["gatepost-shared", "gatepost-shed", "gatepost-words"],
    ),
    (
        "gatepost-helper",
        &["gatepost-shared", "gatepost-shed", "gatepost-words"],
    ),
    ("gatepost-pam", &["gatepost-words"]),
    ("gatepost-sender", &["gatepost-words"]),
    ("gatepost-shared", &["gatepost-words"]),
    ("gatepost-shed", &[]),
    // The harness seeds a large store through the administrator's verbs.
    ("gatepost-tests", &["gatepost-shared", "gatepost-words"]),
    ("gatepost-words", &[]),
];

/// Packages of others that only some of ours may name.
const RESERVED: [(&str, &[&str]); 6] = [
    ("crossterm", &["gatepost"]),
    ("lettre", &["gatepost-sender", "gatepost-tests"]),
    ("pam-bindings", &["gatepost-pam"]),
    ("ratatui", &["gatepost"]),
    ("rusqlite", &["gatepost-shared", "gatepost-tests"]),
    ("rustls", &["gatepost-sender", "gatepost-tests"]),
];

/// What must not be found below a package, however deep.
const NEVER_BELOW: [(&str, &[&str]); 3] = [
    (
        "gatepost-pam",
        &[
            "async-std",
            "crossbeam",
            "gatepost-shared",
            "lettre",
            "libsqlite3-sys",
            "minijinja",
            "rayon",
            "ring",
            "rusqlite",
            "rustls",
            "tokio",
        ],
    ),
    (
        "gatepost-helper",
        &[
            "async-std",
            "lettre",
            "minijinja",
            "rayon",
            "ring",
            "rustls",
            "tokio",
        ],
    ),
    (
        "gatepost-sender",
        &[
            "async-std",
            "gatepost-shared",
            "libsqlite3-sys",
            "rayon",
            "rusqlite",
            "tokio",
        ],
    ),
];

fn faults(metadata: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for package in array(metadata, "packages") {
        let name = text(package, "name");
        let Some((_, ours)) = OURS.iter().find(|row| row.0 == name) else {
            faults.push(format!("{name}: a package that no rule knows"));
            continue;
        };
        for dependency in array(package, "dependencies") {
            let other = text(dependency, "name");
            if other.starts_with("gatepost") && !ours.contains(&other) {
                faults.push(format!("{name} may not depend on {other}"));
            }
            let reserved = RESERVED.iter().find(|row| row.0 == other);
            if reserved.is_some_and(|(_, may)| !may.contains(&name)) {
                faults.push(format!("{name} may not depend on {other}"));
            }
        }
        // The implicit ones of optional dependencies count: they too change what is shipped.
        let features = package.get("features").and_then(Value::as_object);
        if features.is_some_and(|features| !features.is_empty()) {
            faults.push(format!("{name}: no features in what is shipped"));
        }
    }
    faults
}

#[test]
fn packages_depend_downwards_and_have_no_features() {
    let metadata: Value = serde_json::from_str(&metadata()).unwrap();
    assert_eq!(array(&metadata, "packages").len(), OURS.len());
    expect_none(faults(&metadata));
}

#[test]
fn a_planted_dependency_or_feature_is_found() {
    let package = |name: &str, dependency: &str, features: Value| {
        let package = serde_json::json!({
            "name": name,
            "dependencies": [{ "name": dependency }],
            "features": features,
        });
        faults(&serde_json::json!({ "packages": [package] })).len()
    };
    let none = || serde_json::json!({});
    assert_eq!(package("gatepost-pam", "gatepost-words", none()), 0);
    assert_eq!(package("gatepost-pam", "gatepost-shared", none()), 1);
    assert_eq!(package("gatepost-sender", "gatepost-shared", none()), 1);
    assert_eq!(package("gatepost-words", "gatepost-shared", none()), 1);
    assert_eq!(package("gatepost-shared", "rusqlite", none()), 0);
    for other in [
        "gatepost",
        "gatepost-helper",
        "gatepost-pam",
        "gatepost-sender",
    ] {
        assert_eq!(package(other, "rusqlite", none()), 1, "{other}");
    }
    assert_eq!(package("gatepost-shared", "lettre", none()), 1);
    assert_eq!(package("gatepost-new", "serde", none()), 1);
    let hook = serde_json::json!({ "fixed-clock": [] });
    assert_eq!(package("gatepost-shared", "serde", hook), 1);
}

/// The forbidden packages in a tree as `cargo tree --prefix none` prints it.
fn below(package: &str, never: &[&str], tree: &str) -> Vec<String> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    names
        .filter(|name| never.iter().any(|never| is_of_family(name, never)))
        .map(|name| format!("{package} has {name} below it"))
        .collect()
}

/// `crossbeam-utils` is of the family `crossbeam`.
fn is_of_family(name: &str, family: &str) -> bool {
    name.strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[test]
fn nothing_heavy_lies_below_module_helper_or_sender() {
    for (package, never) in NEVER_BELOW {
        let edges = ["tree", "--edges", "normal", "--prefix", "none"];
        let tree = cargo(&[&edges[..], &["--package", package]].concat());
        assert!(tree.starts_with(package), "{tree}");
        expect_none(below(package, never, &tree));
    }
}

#[test]
fn a_planted_heavy_dependency_is_found() {
    let tree =
        "gatepost-pam v0.1.0 (/somewhere)\nserde v1.0.0\nrusqlite v0.41.1 (*)\ntokio-util v0.7.0\n";
    assert_eq!(below("gatepost-pam", &["rusqlite", "tokio"], tree).len(), 2);
    assert_eq!(
        below("gatepost-pam", &["serde_json", "rust"], tree).len(),
        0
    );
}

/// What is wrong with the workspace's own manifest and with its members'.
fn profiles(manifest: &str) -> Vec<String> {
    let mut section = "";
    let mut release_unwinds = false;
    let mut faults = Vec::new();
    for line in manifest.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.starts_with('[') {
            section = line;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        if section.starts_with("[profile.") && key.trim() == "panic" {
            release_unwinds |= section == "[profile.release]" && value.trim() == "\"unwind\"";
            if value.trim() != "\"unwind\"" {
                faults.push(format!(
                    "{section}: {line}: a panic must be caught and refused"
                ));
            }
        }
    }
    if !release_unwinds {
        faults.push("[profile.release] does not say panic = \"unwind\"".to_owned());
    }
    faults
}

#[test]
fn a_panic_unwinds_in_what_is_shipped() {
    expect_none(profiles(
        &fs::read_to_string(root().join("Cargo.toml")).unwrap(),
    ));
}

#[test]
fn a_planted_abort_is_found() {
    assert_eq!(
        profiles("[profile.release]\npanic = \"unwind\" # why\n").len(),
        0
    );
    assert_eq!(profiles("[profile.release]\nlto = true\n").len(), 1);
    assert_eq!(profiles("[profile.release]\npanic = \"abort\"\n").len(), 2);
    let other = "[profile.small]\npanic = \"abort\"\n[profile.release]\npanic = \"unwind\"\n";
    assert_eq!(profiles(other).len(), 1);
}

/// Crates that hold no unsafe code say so where they begin.
const SAFE: [&str; 4] = [
    "shared/src/lib.rs",
    "shared/words/src/lib.rs",
    "shared/sender/src/main.rs",
    "tui/src/main.rs",
];

fn begins_safely(text: &str) -> bool {
    text.lines().any(|line| line == "#![forbid(unsafe_code)]")
}

fn takes_the_houses_lints(manifest: &str) -> bool {
    manifest.contains("\n[lints]\nworkspace = true\n")
}

#[test]
fn every_package_keeps_the_houses_lints() {
    for path in SAFE {
        let text = fs::read_to_string(root().join(path)).unwrap();
        assert!(begins_safely(&text), "{path}: #![forbid(unsafe_code)]");
    }
    let metadata: Value = serde_json::from_str(&metadata()).unwrap();
    for package in array(&metadata, "packages") {
        let path = text(package, "manifest_path");
        let manifest = fs::read_to_string(path).unwrap();
        assert!(
            takes_the_houses_lints(&manifest),
            "{path}: [lints] workspace = true"
        );
    }
}

#[test]
fn a_package_without_the_houses_lints_is_found() {
    assert!(begins_safely("//! Good.\n\n#![forbid(unsafe_code)]\n"));
    assert!(!begins_safely("//! Bad.\n// #![forbid(unsafe_code)]\n"));
    assert!(takes_the_houses_lints(
        "[package]\n\n[lints]\nworkspace = true\n"
    ));
    assert!(!takes_the_houses_lints(
        "[package]\n\n[lints.rust]\nunsafe_code = \"warn\"\n"
    ));
}

fn metadata() -> String {
    cargo(&["metadata", "--format-version", "1", "--no-deps"])
}

/// What cargo prints; it reads what is there and fetches nothing.
fn cargo(arguments: &[&str]) -> String {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(arguments).arg("--offline");
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn array<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    let found = value.get(key).and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
