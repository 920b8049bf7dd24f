//! The subcommand that does what a dialog would do, as it would be typed into a shell.

use gatepost_shared::admin::policy::act::Guard;
use gatepost_shared::admin::shield::Sure;

use super::super::effect::{Deed, Put, Said, Slot, Verb};

/// Accounts that are named in full; more come from the standard input.
const NAMED: usize = 3;

/// The subcommand that does a deed, with what the dialog's fields say.
pub(crate) fn of(deed: &Deed, said: &Said) -> String {
    let users = || match deed.objects.as_slice() {
        [] => "USER".to_owned(),
        few if few.len() <= NAMED => {
            let few: Vec<String> = few.iter().map(|name| quoted(name)).collect();
            few.join(" ")
        }
        _ => "-".to_owned(),
    };
    let reason = match said.get(Slot::Reason) {
        "" => String::new(),
        why => format!(" --reason {}", quoted(why)),
    };
    let yes = if deed.sure == Sure::Yes { " --yes" } else { "" };
    let word = |option: &str, slot| match said.get(slot) {
        "" => String::new(),
        word => format!(" {option} {}", quoted(word)),
    };
    let slot = |slot, word: &str| match said.get(slot) {
        "" => word.to_owned(),
        typed => quoted(typed),
    };
    match deed.verb {
        Verb::Bypass => {
            let (ttl, count) = (word("--ttl", Slot::Time), word("--uses", Slot::Uses));
            format!("gatepost bypass new {}{ttl}{count}{reason}{yes}", users())
        }
        Verb::Revoke(id) => format!("gatepost bypass revoke {} {id}{reason}", users()),
        Verb::Shield => {
            let (time, source) = (word("--for", Slot::Time), word("--source", Slot::Source));
            format!("gatepost shield on{time}{source}{reason}{yes}")
        }
        Verb::EndShield => format!("gatepost shield off {}{reason}", quoted(deed.object())),
        Verb::Unlock => format!("gatepost user unlock {}{reason}", users()),
        Verb::Disable => format!("gatepost user disable {}{reason}", users()),
        Verb::Enable => format!("gatepost user enable {}{reason}", users()),
        Verb::Verify => format!("gatepost user verify {}{reason}", users()),
        Verb::Invite => format!("gatepost user invite {}{reason}", users()),
        // The code itself is in no list of commands.
        Verb::Confirm => format!("gatepost user verify {} CODE{reason}", users()),
        Verb::Lock => format!("gatepost user lock {}{reason}", users()),
        Verb::Note if said.get(Slot::Note).is_empty() => {
            format!("gatepost user note {} --clear{reason}", users())
        }
        Verb::Note => format!(
            "gatepost user note {} {}{reason}",
            users(),
            slot(Slot::Note, "TEXT")
        ),
        Verb::Remove => format!("gatepost user remove {}{reason}", users()),
        Verb::SetMail | Verb::Enrol => {
            let (what, user) = if deed.verb == Verb::Enrol {
                ("add", slot(Slot::User, "USER"))
            } else {
                ("set-mail", users())
            };
            let address = slot(Slot::Address, "ADDRESS");
            let word = if said.get(Slot::Proof) == BY_WORD {
                " --confirmed"
            } else {
                ""
            };
            format!("gatepost user {what} {user} {address}{word}{reason}")
        }
        Verb::Forget => {
            let which = match said.get(Slot::Source) {
                "" | ALL_SOURCES => "--all".to_owned(),
                source => quoted(source),
            };
            format!("gatepost source revoke {} {which}{reason}", users())
        }
        Verb::Undo => format!("gatepost undo {}{reason}{yes}", users()),
        Verb::Import => import(said, &reason),
        Verb::Restore => format!("{}{reason}{yes}", restore(said)),
        Verb::Unmask => format!("gatepost user list --unmask{reason}"),
        Verb::TryRules(put) => format!("{}{reason}", try_rules(put, said)),
        Verb::ApplyRules(put) => format!("{}{reason}", apply_rules(put)),
        Verb::KeepTry(version) => format!("gatepost policy confirm --base {version}{reason}"),
        Verb::RetryMail => format!("gatepost mail retry{reason}"),
        Verb::TestMail => match said.get(Slot::Address) {
            "" => format!("gatepost mail test ADDRESS{reason}"),
            address => format!("gatepost mail test {}{reason}", quoted(address)),
        },
    }
}

/// The subcommand that tries a candidate; an older version comes from the store.
fn try_rules(put: Put, said: &Said) -> String {
    let (from, file) = match put.restores {
        Some(version) => (
            format!("gatepost policy show --text --version {version} | "),
            "- --yes",
        ),
        None => (String::new(), "FILE"),
    };
    let time = match said.get(Slot::Time) {
        "" => "TIME".to_owned(),
        time => quoted(time),
    };
    let base = base(put.base);
    format!("{from}gatepost policy try {file}{base} --revert-after {time}")
}

/// The subcommand that applies a candidate.
fn apply_rules(put: Put) -> String {
    let (base, guard) = (
        base(put.base),
        match put.guard {
            Guard::Kept => "",
            Guard::Waived => " --even-if-locked-out",
        },
    );
    match put.restores {
        Some(version) => format!("gatepost policy rollback {version}{base}{guard}"),
        None => format!("gatepost policy apply FILE{base}{guard}"),
    }
}

fn base(base: Option<i64>) -> String {
    base.map_or_else(String::new, |base| format!(" --base {base}"))
}

/// The subcommand that says what a sign-in would meet.
pub(crate) fn of_simulation(command: &str, said: &Said) -> String {
    let user = match said.get(Slot::User) {
        "" => "USER".to_owned(),
        user => quoted(user),
    };
    let service = match said.get(Slot::Service) {
        "" => String::new(),
        service => format!(" --service {}", quoted(service)),
    };
    let from = match said.get(Slot::From) {
        "" => String::new(),
        from => format!(" --from {}", quoted(from)),
    };
    format!("{command} {user}{service}{from}")
}

fn import(said: &Said, reason: &str) -> String {
    let file = match said.get(Slot::File) {
        "" => "FILE".to_owned(),
        file => quoted(file),
    };
    let mut line = format!(
        "gatepost user import {file} --format {}",
        said.get(Slot::Form)
    );
    if !said.get(Slot::Domain).is_empty() {
        let domain = format!(" --domain {}", quoted(said.get(Slot::Domain)));
        line.push_str(&domain);
    }
    if said.get(Slot::Update) == UPDATES {
        line.push_str(" --update");
    }
    if said.get(Slot::After) == INVITES {
        line.push_str(" --invite");
    }
    line.push_str(reason);
    line
}

fn restore(said: &Said) -> String {
    let file = match said.get(Slot::File) {
        "" => "FILE".to_owned(),
        file => quoted(file),
    };
    let reopen = if said.get(Slot::Closed) == AS_COPIED {
        " --reopen"
    } else {
        ""
    };
    let rules = if said.get(Slot::Rules) == THE_COPYS {
        " --with-policy"
    } else {
        ""
    };
    format!("gatepost restore {file}{reopen}{rules}")
}

/// The words of the choices that dialogs have.
pub(crate) const BY_CODE: &str = "by a code";
pub(crate) const BY_WORD: &str = "by my word";
pub(crate) const ALL_SOURCES: &str = "all";
pub(crate) const ADDS: &str = "enrol only";
pub(crate) const UPDATES: &str = "change addresses too";
pub(crate) const MAILS_NOTHING: &str = "nothing";
pub(crate) const INVITES: &str = "the codes";
pub(crate) const STAY_CLOSED: &str = "stay closed";
pub(crate) const AS_COPIED: &str = "as in the copy";
pub(crate) const STAY_OURS: &str = "stay ours";
pub(crate) const THE_COPYS: &str = "the copy's";

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::{Deed, Said, Slot, Verb, of, quoted};

    #[test]
    fn a_shell_takes_what_is_shown_as_it_is_meant() {
        let cases = [
            ("alice", "alice"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("$(x)", "'$(x)'"),
            ("", "''"),
        ];
        for (word, shown) in cases {
            assert_eq!(quoted(word), shown);
        }
    }

    #[test]
    fn each_verb_has_its_subcommand() {
        let said = Said::of([
            (Slot::Reason, "T 1".to_owned()),
            (Slot::Address, "a@b.c".to_owned()),
        ]);
        let twin = |verb, objects: &[&str]| {
            let deed = Deed::on(verb, objects.iter().map(|name| (*name).to_owned()));
            of(&deed, &said)
        };
        let cases: [(Verb, &[&str], &str); 8] = [
            (
                Verb::Unlock,
                &["al"],
                "gatepost user unlock al --reason 'T 1'",
            ),
            (
                Verb::Disable,
                &["a", "b c"],
                "gatepost user disable a 'b c' --reason 'T 1'",
            ),
            (
                Verb::Enable,
                &["a", "b", "c", "d"],
                "gatepost user enable - --reason 'T 1'",
            ),
            (
                Verb::Verify,
                &["al"],
                "gatepost user verify al --reason 'T 1'",
            ),
            (
                Verb::Enrol,
                &[],
                "gatepost user add USER a@b.c --reason 'T 1'",
            ),
            (
                Verb::Unmask,
                &[],
                "gatepost user list --unmask --reason 'T 1'",
            ),
            (
                Verb::TestMail,
                &[],
                "gatepost mail test a@b.c --reason 'T 1'",
            ),
            (
                Verb::Unlock,
                &[],
                "gatepost user unlock USER --reason 'T 1'",
            ),
        ];
        for (verb, objects, shown) in cases {
            assert_eq!(twin(verb, objects), shown);
        }
    }
}
