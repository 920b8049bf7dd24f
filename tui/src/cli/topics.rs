//! What belongs to all commands: texts for `gatepost help TOPIC` and for the manual page.

use clap::{Args, CommandFactory};

use super::Arguments;
use super::exit::{Exit, Failure};
use super::output::data;

/// A text that is no command's own.
pub(crate) struct Topic {
    /// As it is asked for.
    pub(crate) name: &'static str,
    /// Its lines, ready for an 80 columns wide screen; what begins with two blanks is shown as it is.
    pub(crate) text: &'static str,
}

/// All of them, in the order of the manual page.
pub(crate) const TOPICS: [Topic; 5] = [
    Topic {
        name: "formatting",
        text: "\
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
    },
    Topic {
        name: "exit-codes",
        text: "\
  0   ok
  1   failed
  2   what was typed makes no sense
  3   partly done; JSON lists the failures
  4   not permitted
  5   no such user or object
  6   the store is busy, or of another version
  7   no relay took the mail
  8   cancelled
  10  a check says no: why would refuse, doctor found a problem, the chain is
      broken, the code is wrong
",
    },
    Topic {
        name: "environment",
        text: "\
  NO_COLOR        set and not empty: no colour, in the console too
  CLICOLOR_FORCE  set and not 0: colour also where no terminal is
  ACCESSIBLE      set and not 0: gatepost alone prints its help instead of
                  opening the console; the subcommands are its accessible form
  TERM=linux      the console draws in ASCII
  SUDO_USER       for the audit's record alone, where the kernel knows no login

Nothing in the environment changes what a login decides.
",
    },
    Topic {
        name: "files",
        text: "\
  /etc/gatepost/gatepost.toml    the configuration
  /etc/gatepost/key              the key; back it up apart from the store
  /etc/gatepost/templates        own templates of mails
  /var/lib/gatepost/gatepost.db  the store
",
    },
    Topic {
        name: "limits",
        text: "\
Codes by email protect against stolen, guessed or reused passwords. They do not
protect you if the mailbox is taken over, if its password is the same, if a user
types the code into a false site, or if mail is read on the way. NIST SP 800-63B-4
(3.1.3.1) does not accept email as an authentication channel and OWASP ASVS 5.0
forbids it at level 3. Where those rules bind you, use security keys (pam_u2f,
FIDO2 SSH keys). If you use this product: the mailbox must have its own strong
second factor, must not be reachable with the same password or from the account
being protected, and the relay must be yours and use TLS.
",
    },
];

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
        data(topic.text)?;
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
