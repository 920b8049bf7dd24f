//! The subcommand that does what a dialog would do, as it would be typed into a shell.

use super::super::effect::{Deed, Said, Slot, Verb};

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
    match deed.verb {
        Verb::Unlock => format!("gatepost user unlock {}{reason}", users()),
        Verb::Disable => format!("gatepost user disable {}{reason}", users()),
        Verb::Enable => format!("gatepost user enable {}{reason}", users()),
        Verb::Verify => format!("gatepost user verify {}", users()),
        Verb::Unmask => format!("gatepost user list --unmask{reason}"),
        Verb::TestMail => match said.get(Slot::Address) {
            "" => "gatepost mail test ADDRESS".to_owned(),
            address => format!("gatepost mail test {}", quoted(address)),
        },
    }
}

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
            (Verb::Verify, &["al"], "gatepost user verify al"),
            (Verb::Verify, &[], "gatepost user verify USER"),
            (
                Verb::Unmask,
                &[],
                "gatepost user list --unmask --reason 'T 1'",
            ),
            (Verb::TestMail, &[], "gatepost mail test a@b.c"),
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
