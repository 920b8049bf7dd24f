//! Imports go downwards: words, decisions, doors, verbs in `shared`; the module's and the console's own
//! parts in their order.

use super::expect_none;
use super::source::Source;
use super::sources;

/// What a module of a crate may import of that crate.
struct Layer {
    root: &'static str,
    module: &'static str,
    may: &'static [&'static str],
}

const DOORS: [&str; 9] = [
    "config", "files", "host", "mail", "people", "signals", "store", "syslog", "witness",
];

/// Everything below the verbs.
const BELOW_VERBS: [&str; 12] = [
    "code", "config", "files", "host", "mail", "notices", "people", "policy", "signals", "store",
    "syslog", "witness",
];

/// Decisions and verbs of `shared`, the module, the console.
const LAYERS: [Layer; 23] = [
    layer("shared/src", "code", &["policy"]),
    layer("shared/src", "policy", &["code"]),
    layer("shared/src", "notices", &BELOW_VERBS),
    layer("shared/src", "login", &BELOW_VERBS),
    layer("shared/src", "admin", &BELOW_VERBS),
    layer("pam-module/src", "arguments", &[]),
    layer("pam-module/src", "ffi", &[]),
    layer("pam-module/src", "helper_process", &[]),
    layer("pam-module/src", "conversation", &["ffi"]),
    layer(
        "pam-module/src",
        "outcome",
        &["arguments", "conversation", "helper_process"],
    ),
    layer("pam-module/src", "log", &["conversation", "outcome"]),
    layer(
        "pam-module/src",
        "flow",
        &["conversation", "helper_process", "log", "outcome"],
    ),
    layer("tui/src/console", "look", &[]),
    layer("tui/src/console", "told", &[]),
    layer("tui/src/console", "act", &["look"]),
    layer("tui/src/console", "message", &["act", "prefs", "told"]),
    layer("tui/src/console", "prefs", &["keys", "look", "message"]),
    layer("tui/src/console", "effect", &["message", "prefs"]),
    layer("tui/src/console", "keys", &["message"]),
    layer(
        "tui/src/console",
        "model",
        &["effect", "keys", "look", "message", "prefs"],
    ),
    layer(
        "tui/src/console",
        "update",
        &["effect", "keys", "look", "message", "model", "prefs"],
    ),
    layer(
        "tui/src/console",
        "view",
        &["keys", "look", "message", "model"],
    ),
    layer(
        "tui/src/console",
        "work",
        &[
            "effect", "event", "exports", "message", "model", "person", "prefs", "records",
        ],
    ),
];

/// The doors: each opens to one part of the world, and none knows another, but for the three that all
/// stand on (what the settings are, what a file may be trusted with, what time it is).
const DOOR_LAYERS: [Layer; 9] = [
    layer("shared/src", "config", &["code", "files", "host", "policy"]),
    layer("shared/src", "files", &[]),
    layer("shared/src", "host", &["code", "policy"]),
    layer(
        "shared/src",
        "mail",
        &["code", "config", "files", "host", "policy"],
    ),
    layer("shared/src", "people", &["code", "policy"]),
    layer(
        "shared/src",
        "store",
        &["code", "config", "files", "host", "policy"],
    ),
    layer("shared/src", "signals", &[]),
    layer("shared/src", "syslog", &[]),
    layer("shared/src", "witness", &["files"]),
];

const fn layer(root: &'static str, module: &'static str, may: &'static [&'static str]) -> Layer {
    Layer { root, module, may }
}

/// The imports of a source that its layer may not have.
fn upward(layer: &Layer, source: &Source) -> Vec<String> {
    let Layer { root, module, may } = *layer;
    let folder = format!("{root}/{module}/");
    let inside = source.lies_in(&[&folder, &format!("{root}/{module}.rs")]);
    if !inside || source.path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let own_depth = source.path.trim_end_matches("/mod.rs").split('/').count();
    let depth = own_depth - root.split('/').count();
    let imported = source.product.names.iter().filter_map(|(line, path)| {
        let outside = path.strip_prefix("crate::").or_else(|| {
            // As many `super`s as the file lies deep lead to the crate's root.
            path.strip_prefix(&"super::".repeat(depth))
        })?;
        let first = outside.split("::").next().unwrap_or(outside);
        let is_module = first.starts_with(char::is_lowercase);
        (is_module && first != module && !may.contains(&first)).then_some((line, first))
    });
    imported
        .map(|(line, first)| format!("{}:{line}: {module} may not import {first}", source.path))
        .collect()
}

#[test]
fn imports_go_downwards() {
    let sources = sources();
    expect_none(
        LAYERS
            .iter()
            .flat_map(|layer| sources.iter().flat_map(|source| upward(layer, source))),
    );
}

#[test]
fn no_door_knows_another() {
    let sources = sources();
    expect_none(
        DOOR_LAYERS
            .iter()
            .flat_map(|layer| sources.iter().flat_map(|source| upward(layer, source))),
    );
}

#[test]
fn every_module_of_shared_has_its_layer() {
    let sources = sources();
    let head = sources
        .iter()
        .find(|source| source.path == "shared/src/lib.rs");
    for (_, module) in &head.unwrap().product.modules {
        let mut layers = LAYERS.iter().chain(&DOOR_LAYERS);
        let known = layers.any(|layer| layer.root == "shared/src" && layer.module == module);
        assert!(
            known,
            "{module}: say in LAYERS or DOOR_LAYERS what it may import"
        );
    }
}

#[test]
fn a_planted_import_upwards_is_found() {
    for layer in LAYERS.iter().chain(&DOOR_LAYERS) {
        let Layer { root, module, may } = *layer;
        let found = |file: &str, text: &str| {
            let path = format!("{root}/{module}{file}");
            upward(layer, &Source::of(&path, text)).len()
        };
        for (file, up) in [(".rs", 1), ("/mod.rs", 1), ("/part.rs", 2)] {
            let up = "super::".repeat(up);
            for other in DOORS.iter().chain(&["login", "update"]) {
                let wrong = usize::from(*other != module && !may.contains(other));
                let absolute = format!("use crate::{{{other}::{{A, b::C}}}};");
                assert_eq!(found(file, &absolute), 2 * wrong, "{module}{file} {other}");
                let relative = format!("fn f() {{ {up}{other}::g(); }}");
                assert_eq!(found(file, &relative), wrong, "{module}{file} {other}");
                let tests = format!("#[cfg(test)] mod tests {{ use crate::{other}::A; }}");
                assert_eq!(found(file, &tests), 0, "{module}{file} {other}");
            }
        }
        assert_eq!(found("_not.rs", "use crate::everything::A;"), 0);
    }
}
