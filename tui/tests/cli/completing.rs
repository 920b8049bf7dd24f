//! What real shells complete.

use crate::stage::Stage;

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

#[test]
fn zsh_and_fish_take_their_scripts() {
    let Some(stage) = Stage::installed("zsh_and_fish_take_their_scripts") else {
        return;
    };
    for shell in ["zsh", "fish"] {
        stage
            .gatepost(&["completions", shell])
            .exits(0)
            .says("GATEPOST_COMPLETE");
        let check = format!(
            "command -v {shell} >/dev/null || exit 99; gatepost completions {shell} > /var/s; {shell} -n /var/s"
        );
        let checked = stage.shell(&check);
        if checked.code == 99 {
            crate::stage::skip(
                "zsh_and_fish_take_their_scripts",
                &format!("no {shell} here"),
            );
            continue;
        }
        assert_eq!((checked.code, checked.err.as_str()), (0, ""), "{checked}");
    }
    stage.gatepost(&["completions", "tcsh"]).exits(2);
}
