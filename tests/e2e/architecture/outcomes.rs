//! Where a login's success may come from: one line of the module's table, and stacks that ask.

use std::fs;

use super::expect_none;
use super::root;
use super::source::Contents;
use super::source::Source;
use super::source::mentions;
use super::sources;

/// Success has two sources: the table of outcomes, and setcred, which decides nothing.
fn successes(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, wanted) in [
        ("pam-module/src/outcome.rs", 1),
        ("pam-module/src/lib.rs", 1),
    ] {
        let of_file = sources.iter().filter(|source| source.path == path);
        let found: usize = of_file
            .map(|source| named(&source.product, "PAM_SUCCESS"))
            .sum();
        if found != wanted {
            faults.push(format!(
                "{path}: PAM_SUCCESS stands {found} times, not {wanted}"
            ));
        }
    }
    for source in sources {
        let spared = ["pam-module/src/outcome.rs", "pam-module/src/lib.rs"];
        let elsewhere =
            source.lies_in(&["pam-module/", "shared/", "tui/"]) && !source.lies_in(&spared);
        // A stand-in for the helper may speak of it; what is loaded by a host may not.
        if elsewhere && named(&source.product, "PAM_SUCCESS") > 0 {
            faults.push(format!("{}: PAM_SUCCESS is the table's alone", source.path));
        }
        if source.path == "pam-module/src/lib.rs" && !source.text.contains(SETCRED) {
            faults.push(format!("{}: sm_setcred is not as it was", source.path));
        }
    }
    faults
}

/// How often a name stands in a part of a file.
fn named(part: &Contents, name: &str) -> usize {
    let names = part.names.iter();
    names.filter(|(_, path)| mentions(path, name)).count()
}

const SETCRED: &str =
    "    fn sm_setcred(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_SUCCESS
    }
";

#[test]
fn success_is_made_in_one_place() {
    expect_none(successes(sources()));
}

#[test]
fn a_planted_success_is_found() {
    let table = "fn code() -> i32 { PamResultCode::PAM_SUCCESS }";
    let tree = |table: &str, lib: &str, other: &str| {
        successes(&[
            Source::of("pam-module/src/outcome.rs", table),
            Source::of("pam-module/src/lib.rs", lib),
            Source::of("pam-module/src/flow/mod.rs", other),
        ])
        .len()
    };
    let tests = format!("{table} #[cfg(test)] mod tests {{ {table} }}");
    assert_eq!(tree(&tests, SETCRED, ""), 0);
    assert_eq!(tree("", SETCRED, ""), 1);
    assert_eq!(tree(&format!("{table} {table}"), SETCRED, ""), 1);
    assert_eq!(tree(table, &format!("{SETCRED} {table}"), ""), 1);
    assert_eq!(tree(table, table, ""), 1);
    assert_eq!(tree(table, SETCRED, table), 1);
}

/// What is wrong with a PAM stack that we ship.
fn stack_faults(path: &str, text: &str) -> Vec<String> {
    let is_line = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = text.lines().filter(is_line).map(words).collect();
    let ours = |line: &&String| line.contains("pam_gatepost.so");
    let mut faults = Vec::new();
    for line in lines.iter().filter(ours) {
        let control = line.trim_start_matches("auth ").split(' ').next();
        let is_decoys = line == "auth requisite pam_gatepost.so decoy";
        if control != Some("required") && !is_decoys {
            faults.push(format!(
                "{path}: {line}: ours is required, never anything softer"
            ));
        }
    }
    let last = lines.iter().rposition(|line| ours(&line));
    let next = last
        .and_then(|last| lines.get(last + 1))
        .map(String::as_str);
    if !next.is_some_and(|line| line.ends_with("required pam_permit.so")) {
        faults.push(format!(
            "{path}: ours is followed by: required pam_permit.so"
        ));
    }
    faults
}

#[test]
fn every_shipped_stack_asks_and_then_permits() {
    let mut seen = 0;
    for folder in ["packaging/pam.d", "packaging/pam-configs"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            expect_none(stack_faults(&path.display().to_string(), &text));
            seen += 1;
        }
    }
    assert!(seen > 0, "no stack is shipped");
}

#[test]
fn a_planted_soft_stack_is_found() {
    let faults = |text: &str| stack_faults("planted", text).len();
    let ask = "auth required pam_gatepost.so\n";
    let permit = "auth required pam_permit.so\n";
    assert_eq!(
        faults(&format!("# auth sufficient pam_gatepost.so\n{ask}{permit}")),
        0
    );
    assert_eq!(
        faults(&format!("auth sufficient pam_gatepost.so\n{permit}")),
        1
    );
    assert_eq!(
        faults(&format!("auth [default=ignore] pam_gatepost.so\n{permit}")),
        1
    );
    assert_eq!(faults(ask), 1);
    assert_eq!(faults(&format!("{permit}{ask}")), 1);
    assert_eq!(faults(permit), 1);
}
