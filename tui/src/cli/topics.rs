//! What belongs to all commands: texts for `gatepost help TOPIC` and for the manual page.

use clap::{Args, CommandFactory};

use super::Arguments;
use super::exit::{ENDINGS, Exit, Failure};
use super::output::data;

/// A text that is no command's own.
pub(crate) struct Topic {
    /// As it is asked for.
    pub(crate) name: &'static str,
    /// What it says.
    text: Text,
}

/// Lines, ready for an 80 columns wide screen; what begins with two blanks is shown as it is.
enum Text {
    /// Written here.
    Fixed(&'static str),
    /// Made of a table.
    Made(fn() -> String),
}

impl Topic {
    /// What it says.
    pub(crate) fn text(&self) -> String {
        match self.text {
            Text::Fixed(text) => text.to_owned(),
            Text::Made(text) => text(),
        }
    }
}

/// All of them, in the order of the manual page.
pub(crate) const TOPICS: [Topic; 5] = [
    Topic {
        name: "formatting",
        text: Text::Fixed(
            "\
Data goes to the standard output, words about it to the standard error.

  -o table     columns for people; the default
  -o json      one document with \"schema\": 1; fields are added, never changed
  -o jsonl     a document a line
  -o csv       RFC 4180, with a head; cells that a spreadsheet would calculate
               begin with '
  -o plain     fields between tabs, a record a line; -0 ends records with NUL
  --fields a,b only these fields of the JSON, in this order
  --no-header  no head above tables and CSV
  -q, --quiet  no hints; data and faults are still told

States are coloured on a terminal, and always said in a word too.
Times to be typed are RFC 3339, a date, or so long ago: 15m, 2h, 30d.
",
        ),
    },
    Topic {
        name: "exit-codes",
        text: Text::Made(exit_codes),
    },
    Topic {
        name: "environment",
        text: Text::Fixed(
            "\x20 NO_COLOR         set and not empty: no colour, in the console too
  CLICOLOR_FORCE   set and not 0: colour also where no terminal is
  ACCESSIBLE       set and not 0: gatepost alone prints its help instead of
                   opening the console; the subcommands are its accessible form
  COLUMNS          how wide gatepost console --once writes; 80 without it
  TERM             linux: the console draws in ASCII; dumb or none: without
                   colour too
  TMUX             set: the console says what tmux needs for copying
  TZ               the zone of times that are shown: its name or its rule
  SUDO_EDITOR, VISUAL, EDITOR
                   what edits rules and templates: the first of them, or
                   /usr/bin/editor, vi or nano; it runs as you
  COLORTERM, LANG, LC_ALL, LC_CTYPE
                   handed on to that editor, as TERM is, and nothing else
  HOME, XDG_CONFIG_HOME
                   where root's own preferences of the console are; everybody
                   else's are found by the password database
  SSH_CONNECTION   where your session comes from: a shield over it asks first
  SUDO_UID         who called sudo. Your role is the weaker one of theirs and of
                   whoever logged in by the kernel's word, so it can take a
                   right away and give none
  DOAS_USER, PKEXEC_UID
                   set where SUDO_UID is not: nothing is done, since only sudo
                   carries roles
  GATEPOST_COMPLETE, _CLAP_COMPLETE_INDEX, _CLAP_COMPLETE_COMP_TYPE,
  _CLAP_COMPLETE_SPACE, _CLAP_IFS
                   how the functions of gatepost completions ask

Run as root, the program first begins again with these alone and a PATH of its
own. What is odd in one of them, such as a path in TERM, is left out.
Nothing in the environment changes what a login decides.
",
        ),
    },
    Topic {
        name: "files",
        text: Text::Fixed(
            "\x20 /etc/gatepost/gatepost.toml    the configuration
  /etc/gatepost/key              the key; back it up apart from the store
  /etc/gatepost/templates        own templates of mails
  /var/lib/gatepost/gatepost.db  the store
",
        ),
    },
    Topic {
        name: "limits",
        text: Text::Fixed(
            "\
Codes by email protect against stolen, guessed or reused passwords. They do not
protect you if the mailbox is taken over, if its password is the same, if a user
types the code into a false site, or if mail is read on the way.
NIST SP 800-63B-4 (3.1.3.1) does not accept email as an authentication channel
and OWASP ASVS 5.0 forbids it at level 3. Where those rules bind you, use
security keys (pam_u2f, FIDO2 SSH keys). If you use this product: the mailbox
must have its own strong second factor, must not be reachable with the same
password or from the account being protected, and the relay must be yours and
use TLS.
",
        ),
    },
];

/// Columns of a text.
const WIDTH: usize = 80;

/// What each number means, and when a command ends with one of those that not every command may end with.
fn exit_codes() -> String {
    let mut text = String::new();
    for exit in Exit::ALL {
        text.push_str(&coded(exit, exit.meaning()));
    }
    text.push_str(
        "\nWhich commands end with 3, 7, 8 or 10, and when; their manual pages say it too:\n\n",
    );
    for ending in ENDINGS {
        let line = format!("{}: {}", ending.commands.join(", "), ending.when);
        text.push_str(&coded(ending.exit, &line));
    }
    text
}

/// How that command may end beside the usual ways, in lines; none where it has no such ways.
pub(crate) fn exit_status(command: &str) -> Option<String> {
    let own = ENDINGS
        .iter()
        .filter(|ending| ending.commands.contains(&command));
    let lines: String = own.map(|ending| coded(ending.exit, ending.when)).collect();
    (!lines.is_empty()).then(|| {
        format!(
            "{lines}\nThese beside the codes that every command may end with, in gatepost(8).\n"
        )
    })
}

/// A code and what it means, broken where a screen ends.
fn coded(exit: Exit, meaning: &str) -> String {
    let mut text = String::new();
    let mut line = format!("  {:<3}", exit.code());
    let lead = line.len();
    for word in meaning.split(' ') {
        if line.len() > lead && line.len() + 1 + word.len() > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(lead);
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
    text
}

#[derive(Debug, Args)]
pub(crate) struct Help {
    /// A command, or one of: formatting, exit-codes, environment, files, limits
    #[arg(value_name = "COMMAND|TOPIC")]
    about: Vec<String>,
}

/// Shows the help of a command, or a topic.
pub(crate) fn help(asked: &Help) -> Result<Exit, Failure> {
    if let [name] = asked.about.as_slice()
        && let Some(topic) = TOPICS.iter().find(|topic| topic.name == name)
    {
        data(&topic.text())?;
        return Ok(Exit::Ok);
    }
    let mut command = Arguments::command();
    // So that usage lines have the whole name.
    command.build();
    for word in &asked.about {
        let Some(found) = command.find_subcommand(word) else {
            let topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
            let text = format!(
                "there is no help on {}: commands are in gatepost --help, topics are {}",
                gatepost_words::text::sanitise(word),
                topics.join(", ")
            );
            return Err(Failure::Said(Exit::Usage, text));
        };
        command = found.clone();
    }
    data(&command.render_long_help().to_string())?;
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::super::exit::{ENDINGS, Exit};
    use super::{TOPICS, WIDTH};
    use crate::environment;

    fn text(name: &str) -> String {
        let topic = TOPICS.iter().find(|topic| topic.name == name);
        topic.unwrap().text()
    }

    // Mutant: the first line loses its blanks, as behind a backslash it does.
    #[test]
    fn every_topic_fits_a_screen() {
        assert!(text("files").starts_with("  /etc"), "{}", text("files"));
        for topic in &TOPICS {
            for line in topic.text().lines() {
                assert!(line.chars().count() <= WIDTH, "{}: {line}", topic.name);
            }
        }
    }

    // Mutant: a number, or a way of a command, is left out.
    #[test]
    fn the_topic_on_exit_codes_has_them_all() {
        let text = text("exit-codes");
        for exit in Exit::ALL {
            let line = format!("  {:<3} {}\n", exit.code(), exit.meaning());
            assert!(text.contains(&line), "{line}\n{text}");
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let flat = words.join(" ");
        for ending in ENDINGS {
            let told = format!(
                "{} {}: {}",
                ending.exit.code(),
                ending.commands.join(", "),
                ending.when
            );
            assert!(flat.contains(&told), "{told}\n{flat}");
        }
        let own: BTreeSet<u8> = ENDINGS.iter().map(|ending| ending.exit.code()).collect();
        assert_eq!(own, BTreeSet::from([3, 7, 8, 10]), "as the topic says");
    }

    fn is_name(word: &str) -> bool {
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        word.len() > 1 && word.bytes().all(fits)
    }

    /// The variables that the topic says something of.
    fn listed() -> BTreeSet<String> {
        let text = text("environment");
        let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
        let heads = lines.filter(|line| !line.starts_with(' '));
        heads
            .flat_map(|head| {
                let words = head.split_whitespace();
                let words = words.map(|word| word.trim_end_matches(','));
                let names = words.take_while(|word| is_name(word));
                names.map(str::to_owned).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Where a variable is read: the file, what stands for its name there, and the names that it may have.
    type Site = (&'static str, &'static str, &'static [&'static str]);

    const SITES: [Site; 10] = [
        (
            "tui/src/cli/manner.rs",
            "name",
            &["NO_COLOR", "CLICOLOR_FORCE", "ACCESSIBLE", "COLUMNS"],
        ),
        ("tui/src/cli/mod.rs", "\"SUDO_UID\"", &["SUDO_UID"]),
        ("tui/src/cli/mod.rs", "name", &["DOAS_USER", "PKEXEC_UID"]),
        (
            "tui/src/cli/person.rs",
            "name",
            &["SUDO_EDITOR", "VISUAL", "EDITOR"],
        ),
        (
            "tui/src/cli/person.rs",
            "kept",
            &["TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE"],
        ),
        (
            "tui/src/cli/shield.rs",
            "\"SSH_CONNECTION\"",
            &["SSH_CONNECTION"],
        ),
        ("tui/src/console/mod.rs", "\"TMUX\"", &["TMUX"]),
        ("tui/src/console/mod.rs", "\"NO_COLOR\"", &["NO_COLOR"]),
        ("tui/src/console/mod.rs", "\"TERM\"", &["TERM"]),
        // All of them, to keep what is listed.
        ("tui/src/environment.rs", "", &[]),
    ];

    /// What libraries read for us: `clap_complete` for a shell, jiff and directories.
    const BY_LIBRARIES: [&str; 8] = [
        "GATEPOST_COMPLETE",
        "_CLAP_COMPLETE_INDEX",
        "_CLAP_COMPLETE_COMP_TYPE",
        "_CLAP_COMPLETE_SPACE",
        "_CLAP_IFS",
        "TZ",
        "HOME",
        "XDG_CONFIG_HOME",
    ];

    /// The sources of what ships here, without their tests.
    fn sources(below: &Path, to: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(below).unwrap() {
            let path = entry.unwrap().path();
            let is_tests = path.file_stem().is_some_and(|name| name == "tests");
            if path.is_dir() && !is_tests {
                sources(&path, to);
            } else if path.extension().is_some_and(|end| end == "rs") && !is_tests {
                let text = fs::read_to_string(&path).unwrap();
                let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                to.push((path, product.to_owned()));
            }
        }
    }

    // Mutants: a variable is read that the help does not name; one is named that nobody reads, as SUDO_USER
    // was; one is kept of the caller's that nobody reads.
    #[test]
    fn every_variable_that_is_read_is_listed_and_no_other() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut all = Vec::new();
        for part in [
            "tui",
            "shared",
            "shared/words",
            "shared/sender",
            "shared/shed",
        ] {
            sources(&root.join(part).join("src"), &mut all);
        }
        let mut found = Vec::new();
        for (path, text) in &all {
            let path = path.strip_prefix(root).unwrap().to_str().unwrap();
            for way in ["env::var(", "env::var_os(", "env::vars(", "env::vars_os("] {
                let calls = text.split(way).skip(1);
                found.extend(calls.map(|rest| (path, rest.split(')').next().unwrap())));
            }
        }
        // The pictures of the documents are drawn by a test.
        found.retain(|(path, _)| *path != "tui/src/console/view/documents.rs");
        found.sort_unstable();
        let mut sites: Vec<(&str, &str)> = SITES.map(|(path, by, _)| (path, by)).to_vec();
        sites.sort_unstable();
        assert_eq!(
            found, sites,
            "say in SITES, and in the help, what is read there"
        );
        for (site, _, names) in SITES {
            let (_, text) = all.iter().find(|(path, _)| path.ends_with(site)).unwrap();
            for name in names {
                assert!(text.contains(&format!("\"{name}\"")), "{site}: {name}");
            }
        }
        let read = SITES.iter().flat_map(|(_, _, names)| names.iter());
        let read: BTreeSet<String> = read
            .chain(&BY_LIBRARIES)
            .map(|name| (*name).to_owned())
            .collect();
        assert_eq!(listed(), read);
        let kept: BTreeSet<String> = environment::KEPT
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        assert_eq!(kept, read);
    }
}
