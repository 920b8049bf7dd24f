//! What real shells complete.

use crate::console::Terminal;
use crate::stage::{Stage, skip};

/// What bash offers after a line.
const ASK: &str = r#"
source <(gatepost completions bash)
COMP_WORDS=($1 "$2"); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 )); COMP_TYPE=9
_clap_complete_gatepost gatepost "$2" ""
IFS=$'\n'; echo "${COMPREPLY[*]}"
"#;

// Mutants: the settings are opened for whoever asks; a removed account's is; commands are not.
#[test]
fn bash_completes_commands_and_users() {
    let Some(stage) = Stage::installed("bash_completes_commands_and_users") else {
        return;
    };
    stage
        .gatepost(&["user", "add", "alice", "a@example.org", "--confirmed"])
        .exits(0);
    stage.write("/usr/ask", ASK);
    let offered = |line: &str, begun: &str| {
        let ended = stage.run(&["bash", "/usr/ask", line, begun]).exits(0);
        assert_eq!(ended.err, "");
        ended
            .out
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(offered("gatepost", "comp"), ["completions"]);
    assert_eq!(offered("gatepost user", "unl"), ["unlock"]);
    assert_eq!(offered("gatepost user unlock", "al"), ["alice"]);
    assert_eq!(offered("gatepost why", "al"), ["alice"]);
    assert!(offered("gatepost user unlock", "zz").is_empty());
    stage
        .gatepost(&["user", "remove", "alice", "--yes"])
        .exits(0);
    assert!(offered("gatepost user unlock", "al").is_empty());
    // Whoever is not root is told nothing, at once, and no sudo is run.
    stage
        .gatepost(&["user", "add", "alice", "a@example.org", "--confirmed"])
        .exits(0);
    let line = "setpriv --reuid=31234 --regid=31234 --clear-groups strace -f -qq -e trace=execve,openat \
                bash /usr/ask 'gatepost user unlock' al";
    let unprivileged = stage.shell(line).exits(0);
    assert_eq!(unprivileged.out.trim(), "");
    for never in ["sudo", "gatepost.toml"] {
        assert!(!unprivileged.err.contains(never), "{unprivileged}");
    }
}

// Mutants: fish is given bash's script; names are not offered to it.
#[test]
fn fish_completes_commands_and_users() {
    let test = "fish_completes_commands_and_users";
    let Some(stage) = with_alice(test, "fish") else {
        return;
    };
    let offered = |line: &str| {
        let ask = format!("gatepost completions fish | source; complete -C '{line}'");
        let ended = stage.run(&["fish", "--no-config", "-c", &ask]).exits(0);
        assert_eq!(ended.err, "", "{line}");
        // Each with its description behind a tab.
        ended
            .out
            .lines()
            .filter_map(|line| line.split('\t').next().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert_eq!(offered("gatepost comp"), ["completions"]);
    assert_eq!(offered("gatepost user unl"), ["unlock"]);
    assert_eq!(offered("gatepost user unlock al"), ["alice"]);
    assert!(offered("gatepost user unlock zz").is_empty());
}

// Mutants: zsh is given bash's script; names are not offered to it.
#[test]
fn zsh_completes_commands_and_users() {
    let test = "zsh_completes_commands_and_users";
    let Some(stage) = with_alice(test, "zsh") else {
        return;
    };
    let Some(terminal) = Terminal::open(test, &stage) else {
        return;
    };
    terminal
        .line("PS1='zsh%% ' zsh -f")
        .waits("zsh's prompt", |picture| picture.trim_end().ends_with("\nzsh%"))
        .line("autoload -Uz compinit && compinit -u -D && source <(gatepost completions zsh); echo re''ady")
        .shows("ready")
        .press(&["gatepost comp", "Tab"])
        .shows("gatepost completions")
        .press(&["C-u", "gatepost user unl", "Tab"])
        .shows("gatepost user unlock")
        .press(&["al", "Tab"])
        .shows("gatepost user unlock alice");
}

#[test]
fn there_is_no_script_for_a_shell_that_nobody_knows() {
    let Some(stage) = Stage::open("there_is_no_script") else {
        return;
    };
    stage.gatepost(&["completions", "tcsh"]).exits(2);
}

/// An installation where alice is enrolled; none, having said why, where there is no such shell.
fn with_alice(test: &str, shell: &str) -> Option<Stage> {
    let stage = Stage::installed(test)?;
    if stage.shell(&format!("command -v {shell}")).code != 0 {
        skip(test, &format!("no {shell} here"));
        return None;
    }
    stage
        .gatepost(&["user", "add", "alice", "a@example.org", "--confirmed"])
        .exits(0);
    Some(stage)
}
