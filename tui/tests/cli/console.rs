//! The console in a real terminal, by tmux: what it shows, that it obeys, and that the terminal is
//! given back whatever ends it.

use std::time::{Duration, Instant};

use crate::stage::{Stage, skip};

/// A terminal with a shell in it.
pub(crate) struct Terminal<'a> {
    stage: &'a Stage,
    socket: String,
}

/// How long something may take to be seen.
const SOON: Duration = Duration::from_secs(20);

impl<'a> Terminal<'a> {
    /// Opens one of 24 lines by 80 columns; none, having said why, where there is no tmux.
    pub(crate) fn open(test: &str, stage: &'a Stage) -> Option<Self> {
        if stage.shell("command -v tmux").code != 0 {
            skip(test, "needs tmux");
            return None;
        }
        let terminal = Self {
            stage,
            socket: format!("/run/gatepost-{test}.tmux"),
        };
        let size = ["new-session", "-d", "-x", "80", "-y", "24"];
        terminal.tmux(&[&size[..], &["env", "PS1=$ ", "TERM=screen", "sh"]].concat());
        terminal.shows("$");
        Some(terminal)
    }

    pub(crate) fn tmux(&self, words: &[&str]) -> String {
        let program = ["tmux", "-f", "/dev/null", "-S", &self.socket];
        self.stage.run(&[&program, words].concat()).exits(0).out
    }

    /// Types a text, or keys by their names.
    pub(crate) fn press(&self, keys: &[&str]) -> &Self {
        self.tmux(&[&["send-keys"], keys].concat());
        self
    }

    /// Types a line into the shell.
    pub(crate) fn line(&self, line: &str) -> &Self {
        self.press(&[line, "Enter"])
    }

    /// Sends a signal to the console that runs in this terminal, and to nothing else.
    pub(crate) fn kill(&self, signal: &str) {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        let kill = format!("kill -{signal} $(pgrep -P {} -x gatepost)", shell.trim());
        self.stage.shell(&kill).exits(0);
    }

    pub(crate) fn picture(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until the terminal shows a text.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> &Self {
        self.waits(text, |picture| picture.contains(text))
    }

    #[track_caller]
    pub(crate) fn waits(&self, what: &str, is_so: impl Fn(&str) -> bool) -> &Self {
        let until = Instant::now() + SOON;
        loop {
            let picture = self.picture();
            if is_so(&picture) {
                return self;
            }
            assert!(Instant::now() < until, "no {what:?} in\n{picture}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the shell asks for a line: what is typed before may be taken by whoever is just ending.
    #[track_caller]
    pub(crate) fn prompts(&self) -> &Self {
        self.waits("prompt", |picture| picture.trim_end().ends_with('$'))
    }

    /// Insists that the shell has its terminal back: lines, echo, and no picture of ours.
    #[track_caller]
    pub(crate) fn is_the_shells(&self) -> &Self {
        // What is typed before the shell asks may still be the console's.
        self.waits("no picture, and the shell's prompt", |picture| {
            !picture.contains("1 Home") && picture.trim_end().ends_with('$')
        });
        self.line("clear; stty -a | tr ' ' '\\n' | grep -cxE 'icanon|echo|isig' | sed s/^/flags=/");
        self.shows("flags=3")
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        let program = ["tmux", "-S", &self.socket, "kill-server"];
        self.stage.run(&program);
    }
}

/// A stage with accounts, and a terminal.
macro_rules! terminal {
    ($test:ident, $stage:ident, $terminal:ident) => {
        let name = stringify!($test);
        let Some($stage) = Stage::installed(name) else {
            return;
        };
        let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
        $stage.gatepost(&add).exits(0);
        let Some($terminal) = Terminal::open(name, &$stage) else {
            return;
        };
    };
}

// Mutant: what others changed is not read anew.
#[test]
fn the_console_opens_moves_acts_and_gives_the_terminal_back() {
    terminal!(
        the_console_opens_moves_acts_and_gives_the_terminal_back,
        stage,
        terminal
    );
    terminal.line("gatepost").shows("1 account in all");
    // What somebody else changes is seen without a key.
    stage.gatepost(&["user", "disable", "alice"]).exits(0);
    terminal.shows("1 account disabled");
    stage.gatepost(&["user", "enable", "alice"]).exits(0);
    terminal.shows("0 accounts disabled");
    terminal.press(&["2"]).shows("a***@e***.org");
    terminal
        .press(&["u"])
        .shows("Same as: gatepost user unlock alice");
    terminal.press(&["y"]).shows("alice was not locked");
    terminal.press(&["D"]).shows("Disable alice?");
    terminal.press(&["y"]).shows("- disabled");
    assert!(stage.gatepost(&["user", "list"]).out.contains("disabled"));
    stage.gatepost(&["user", "enable", "alice"]).exits(0);
    terminal.shows("active");
    terminal
        .press(&["/", "state:locked", "Enter"])
        .shows("No account is like that");
    terminal.press(&["Escape"]).shows("a***@e***.org");
    terminal.press(&["q"]).is_the_shells();
}

// Mutants: a rule that makes the console read-only is not asked; preferences are not written.
#[test]
fn acts_are_found_by_letters_done_to_many_and_preferences_kept() {
    terminal!(
        acts_are_found_by_letters_done_to_many_and_preferences_kept,
        stage,
        terminal
    );
    stage.shell("rm -rf /root/.config/gatepost").exits(0);
    let add = ["user", "add", "root", "root@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    terminal
        .line("gatepost console --screen users")
        .shows("root");
    terminal.press(&["*"]).shows("2 marked");
    terminal.press(&["D"]).shows("Disable 2 accounts?");
    terminal.press(&["y"]).shows("2 done");
    let disabled = |picture: &str| picture.matches("- disabled").count() == 2;
    terminal.waits("both disabled", disabled);
    terminal.press(&["w"]).shows("Jobs").press(&["q"]);
    terminal.press(&[":", "themes"]).shows("choose the colours");
    terminal.press(&["Enter"]).shows("high-contrast");
    terminal.press(&["dark", "Enter"]);
    terminal.press(&["M"]).shows("selects text again");
    terminal
        .press(&["/", "state:dis", "Tab"])
        .shows("state:disabled");
    terminal.press(&["Enter", "q"]).is_the_shells();
    let kept = stage
        .shell("cat /root/.config/gatepost/prefs.toml")
        .exits(0)
        .out;
    for line in [
        "theme = \"dark\"",
        "no_mouse = true",
        "users = [\"state:disabled\"]",
    ] {
        assert!(kept.contains(line), "{kept}");
    }
    // The next console has it all, and says what it cannot use.
    stage
        .shell("echo 'unlock = \"D\"' > /root/.config/gatepost/keys.toml")
        .exits(0);
    terminal.line("clear; gatepost console --screen users");
    terminal.shows("keys.toml is not used: D is both unlock and disable");
    terminal.press(&["/", "Up"]).shows("state:disabled");
    terminal.press(&["Escape"]).shows("? keys");
    terminal.press(&["q"]).is_the_shells();
    // A rule for every console; a broken one opens none.
    stage
        .shell("echo 'read_only = true' > /etc/gatepost/console.toml")
        .exits(0);
    terminal
        .line("clear; gatepost console --screen users")
        .shows("read-only");
    terminal.press(&["u"]).shows("console.toml says read_only");
    terminal.press(&["q"]).is_the_shells();
    stage
        .shell("echo 'readonly = true' > /etc/gatepost/console.toml")
        .exits(0);
    terminal
        .line("clear; gatepost console")
        .shows("unknown field");
    terminal.is_the_shells();
}

// Mutants: a signal is not caught; the terminal is not given back at the end.
#[test]
fn whatever_ends_the_console_the_terminal_is_the_shells_again() {
    terminal!(
        whatever_ends_the_console_the_terminal_is_the_shells_again,
        stage,
        terminal
    );
    for signal in ["TERM", "HUP", "INT"] {
        terminal.line("clear; gatepost").shows("1 Home");
        terminal.kill(signal);
        terminal.is_the_shells();
    }
    terminal.line("clear; gatepost").shows("1 Home");
    terminal.press(&["C-c"]).shows("Ctrl-C again leaves");
    terminal.press(&["C-c"]).is_the_shells();
}

// Mutant: after a stop nobody takes the terminal over again.
#[test]
fn a_stopped_console_comes_back_with_its_picture() {
    terminal!(
        a_stopped_console_comes_back_with_its_picture,
        stage,
        terminal
    );
    terminal
        .line("gatepost console --screen users")
        .shows("a***@e***.org");
    terminal.press(&["C-z"]).is_the_shells();
    terminal.line("fg").shows("a***@e***.org");
    terminal.tmux(&["resize-window", "-x", "52", "-y", "12"]);
    terminal.shows("needs 60x15, now 52x12");
    terminal.tmux(&["resize-window", "-x", "160", "-y", "40"]);
    terminal.shows("alice would be asked for a code");
    terminal.press(&["q"]).is_the_shells();
}

// Mutants: the selected row is not reversed without colours; NO_COLOR is not asked.
#[test]
fn without_colours_the_selected_row_is_seen() {
    terminal!(without_colours_the_selected_row_is_seen, stage, terminal);
    // A locked account is red.
    stage.gatepost(&["user", "lock", "alice"]).exits(0);
    let begin = |variables: &str| {
        let line = format!("{variables} gatepost console --screen users");
        terminal.line(&line).shows("a***@e***.org");
        let cells = terminal.tmux(&["capture-pane", "-e", "-p"]);
        terminal.press(&["q"]).is_the_shells();
        cells
    };
    let cells = begin("NO_COLOR=1");
    let row = cells.lines().find(|line| line.contains("alice")).unwrap();
    assert!(row.contains("\u{1b}[7m"), "{row:?}");
    assert!(!has_colour(&cells), "{cells:?}");
    let coloured = begin("");
    assert!(has_colour(&coloured), "{coloured:?}");
}

/// Whether a capture sets a colour of the text or behind it.
fn has_colour(cells: &str) -> bool {
    cells
        .split("\u{1b}[")
        .filter_map(|after| after.split_once('m'))
        .flat_map(|(codes, _text)| codes.split(';'))
        .filter_map(|code| code.parse().ok())
        .any(|code: u8| matches!(code, 30..=38 | 40..=48 | 90..=107))
}

/// Waits until the rules in force are that version's.
#[track_caller]
fn is_in_force(stage: &Stage, version: i64, within: Duration) {
    let until = Instant::now() + within;
    loop {
        let shown = stage
            .gatepost(&["--json", "policy", "show"])
            .exits(0)
            .json();
        if shown.get("version") == Some(&version.into()) {
            return;
        }
        assert!(Instant::now() < until, "{shown}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

// Mutants: the console reads keys while the editor has them; a change is held against what is in force
// when it is made, not against what was looked at; a try ends with the console, or not at all.
#[test]
fn rules_are_edited_tried_and_back_though_the_console_is_killed() {
    terminal!(
        rules_are_edited_tried_and_back_though_the_console_is_killed,
        stage,
        terminal
    );
    let add = ["user", "add", "root", "root@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    // An editor that is slow to begin, and then reads a line from its terminal.
    stage.write(
        "/usr/bin/line-editor",
        "#!/bin/sh\necho EDITING\nuntil rm /run/typed 2>/dev/null; do sleep 0.05; done\nread line\n\
         (echo \"# $line\"; cat /etc/next.toml) > \"$1\"\n",
    );
    stage.shell("chmod 0755 /usr/bin/line-editor").exits(0);
    let edit = |line: &str| {
        terminal.press(&["e"]).shows("EDITING");
        terminal.press(&[line, "Enter"]).shows(line);
        stage.write("/run/typed", "");
    };
    let rules = |action: &str| format!("[[rule]]\nusers = [\"alice\"]\naction = \"{action}\"\n");
    stage.write("/etc/next.toml", &rules("refsue"));
    terminal.line("EDITOR=line-editor gatepost console --screen policy");
    terminal.shows("everybody is asked");
    edit("one two");
    terminal.shows("line 4, column 10");
    stage.write("/etc/next.toml", &rules("refuse"));
    edit("abcdefghijklmnopqrstuvwxyz");
    terminal.shows("Against policy version 1: locks out 1 person");
    terminal.shows("1 person, asked -> refused at");
    terminal.shows("+ # abcdefghijklmnopqrstuvwxyz");
    // Somebody else is first: nothing is done, and the text is held against theirs.
    stage.rules("# by somebody else\n");
    terminal.press(&["T"]).shows("--base 1 --revert-after 5m");
    terminal.press(&["y"]).shows("version 2 is in force now");
    terminal.shows("Against policy version 2");
    terminal.shows("- # by somebody else");
    terminal.press(&["T", "BTab", "BTab", "C-u", "1m", "Enter"]);
    terminal.shows("--base 2 --revert-after 1m");
    terminal.press(&["Enter"]).shows("policy 3 on trial");
    terminal.press(&["2"]).shows("policy 3 on trial");
    terminal.kill("KILL");
    is_in_force(&stage, 3, Duration::ZERO);
    is_in_force(&stage, 2, Duration::from_secs(90));
    // Nobody gave the terminal back: Enter is no end of a line there.
    terminal.press(&["stty sane; echo sane$((40 + 2))", "C-j"]);
    terminal.shows("sane42");
    terminal.line("clear; gatepost console --screen policy");
    terminal.shows("Policy version 2.");
    terminal.press(&["h"]).shows("tried, not kept");
    terminal
        .press(&["Down", "Down", "Enter"])
        .shows("Policy version 1");
    terminal
        .press(&["R"])
        .shows("back to version 1, not in force")
        // Before it is known who is affected, nothing can be put in force.
        .shows("T tries, A applies");
    terminal
        .press(&["A"])
        .shows("gatepost policy rollback 1 --base 2");
    terminal.press(&["y"]).shows("Policy version 4 is in force");
    terminal.press(&["q"]).is_the_shells();
}

// Mutant: it is not asked whether there is a terminal.
#[test]
fn without_a_terminal_there_is_a_short_help() {
    let Some(stage) = Stage::installed("without_a_terminal_there_is_a_short_help") else {
        return;
    };
    for words in [[].as_slice(), &["console"]] {
        let told = stage
            .gatepost(words)
            .exits(2)
            .tells("needs a terminal")
            .tells("Usage: gatepost");
        assert_eq!(told.out, "", "{told}");
    }
    stage
        .gatepost(&["console", "--screen", "kitchen"])
        .exits(2)
        .tells("it is one of: home, users, live, audit, mail, policy, health");
}

// Mutants: the session's own address is not asked about; any word is taken for a yes.
#[test]
fn a_shield_over_ones_own_address_asks_for_a_word() {
    terminal!(
        a_shield_over_ones_own_address_asks_for_a_word,
        stage,
        terminal
    );
    let open = "SSH_CONNECTION='198.51.100.7 4711 192.0.2.1 22' gatepost console --screen live";
    terminal.line(open).shows("newest first");
    terminal.press(&["!"]).shows("Refuse a source for a while?");
    terminal.press(&["Tab", "Tab", "C-u", "198.51.100.0/24"]);
    terminal.shows("--source 198.51.100.0/24");
    terminal.press(&["Tab", "Tab", "Tab", "y"]);
    terminal
        .shows("Are you sure?")
        .shows("your own session comes from");
    let unsaid = ["Enter", "Enter"];
    terminal.press(&unsaid).shows("Type yes to do it.");
    let status = ["shield", "status", "-o", "plain"];
    assert_eq!(stage.gatepost(&status).exits(0).out, "");
    terminal
        .press(&["yes", "Enter", "Enter"])
        .shows("Refused now");
    terminal.shows("1 shield");
    let up = stage.gatepost(&status).exits(0).out;
    assert!(up.starts_with("198.51.100.0/24\t"), "{up}");
    // Ended by two keys, and another console's picture of it goes without any.
    terminal.press(&["u"]).shows("Let 198.51.100.0/24 sign in");
    terminal.press(&["y"]).shows("are possible again");
    assert_eq!(stage.gatepost(&status).exits(0).out, "");
    terminal.press(&["q"]).is_the_shells();
}

// Mutants: the code is still on the screen, or in what was said, after a key; it is made read-only.
#[test]
fn a_bypass_code_is_seen_once() {
    terminal!(a_bypass_code_is_seen_once, stage, terminal);
    terminal.line("gatepost console --screen users");
    terminal.shows("alice").press(&["b"]);
    terminal.shows("Give alice a bypass code?");
    terminal.press(&["T-1", "Tab", "Tab", "Tab", "y"]);
    terminal.shows("it is not shown again");
    let picture = terminal.picture();
    let mut words = picture.split_whitespace();
    let code = words.find(|word| word.starts_with("B-")).expect(&picture);
    let code = code.to_owned();
    terminal.waits("the code is gone", |picture| {
        let is_gone = !picture.contains("it is not shown again");
        if !is_gone {
            terminal.press(&["Escape"]);
        }
        is_gone
    });
    assert!(!terminal.picture().contains(&code));
    terminal.press(&[":"]).press(&["messages", "Enter"]);
    terminal.shows("bypass code 1 is no longer shown");
    assert!(!terminal.picture().contains(&code));
    terminal
        .press(&["Escape", "B"])
        .shows("1 of 1 uses for another");
    terminal
        .press(&["Enter"])
        .shows("End alice's bypass code 1?");
    terminal.press(&["y"]).shows("no longer works");
    terminal.press(&["q"]).is_the_shells();
    let list = stage.gatepost(&["bypass", "list", "-o", "plain"]);
    assert_eq!(list.exits(0).out, "");
    let open = "gatepost console --read-only --screen users";
    terminal.line(open).shows("1 account");
    terminal.press(&["b"]).shows("opened with --read-only");
    terminal.press(&["q"]).is_the_shells();
}
