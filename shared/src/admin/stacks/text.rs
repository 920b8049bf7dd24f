//! What a file in /etc/pam.d says, as libpam reads it (pam.conf(5)). Pure: no file is opened here.

use std::collections::BTreeMap;

/// A line that matters for authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A module is called.
    Module {
        control: Control,
        /// The control as it is written.
        shown: String,
        /// The module's file name, without folders.
        name: String,
        words: Vec<String>,
    },
    /// The lines of another file stand here.
    Include(String),
    /// Another file is run as one module.
    Substack(String),
}

/// What a result of a module comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Ignore,
    Ok,
    Done,
    Bad,
    Die,
    Reset,
    /// So many modules are passed over.
    Jump(usize),
}

/// What each result of a module comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Control {
    named: BTreeMap<String, Action>,
    default: Action,
}

impl Control {
    /// The action for a result, by libpam's word for it.
    pub(super) fn action(&self, result: &str) -> Action {
        self.named.get(result).copied().unwrap_or(self.default)
    }

    /// Results that it names.
    pub(super) fn results(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }

    fn of(word: &str) -> Self {
        let simple = |success, ignore, default| Self {
            named: BTreeMap::from([
                ("success".to_owned(), success),
                ("new_authtok_reqd".to_owned(), success),
                ("ignore".to_owned(), ignore),
            ]),
            default,
        };
        match word.to_ascii_lowercase().as_str() {
            "required" => simple(Action::Ok, Action::Ignore, Action::Bad),
            "requisite" => simple(Action::Ok, Action::Ignore, Action::Die),
            "sufficient" => simple(Action::Done, Action::Ignore, Action::Ignore),
            "optional" => simple(Action::Ok, Action::Ignore, Action::Ignore),
            other => match other.strip_prefix('[') {
                Some(pairs) => Self::pairs(pairs.trim_end_matches(']')),
                // libpam takes it for a fault of the line.
                None => simple(Action::Bad, Action::Bad, Action::Bad),
            },
        }
    }

    fn pairs(text: &str) -> Self {
        let mut control = Self {
            named: BTreeMap::new(),
            default: Action::Bad,
        };
        for pair in text.split_whitespace() {
            let Some((result, action)) = pair.split_once('=') else {
                continue;
            };
            let action = match action {
                "ignore" | "0" => Action::Ignore,
                "ok" => Action::Ok,
                "done" => Action::Done,
                "die" => Action::Die,
                "reset" => Action::Reset,
                number => number.parse().map_or(Action::Bad, Action::Jump),
            };
            if result == "default" {
                control.default = action;
            } else {
                control.named.insert(result.to_owned(), action);
            }
        }
        control
    }
}

/// The lines for authentication, each with its number.
pub(super) fn entries(text: &str) -> Vec<(usize, Entry)> {
    let mut entries = Vec::new();
    let mut whole = String::new();
    let mut began = 0;
    for (number, line) in (1..).zip(text.lines()) {
        if whole.is_empty() {
            began = number;
        }
        let line = line.split('#').next().unwrap_or_default().trim_end();
        if let Some(line) = line.strip_suffix('\\') {
            whole.push_str(line);
            whole.push(' ');
            continue;
        }
        whole.push_str(line);
        if let Some(entry) = entry(&std::mem::take(&mut whole)) {
            entries.push((began, entry));
        }
    }
    entries.extend(entry(&whole).map(|entry| (began, entry)));
    entries
}

fn entry(line: &str) -> Option<Entry> {
    let mut tokens = tokens(line).into_iter();
    let kind = tokens.next()?;
    if kind.eq_ignore_ascii_case("@include") {
        return tokens.next().map(Entry::Include);
    }
    if !kind.trim_start_matches('-').eq_ignore_ascii_case("auth") {
        return None;
    }
    let control = tokens.next()?;
    let object = tokens.next()?;
    match control.to_ascii_lowercase().as_str() {
        "include" => return Some(Entry::Include(object)),
        "substack" => return Some(Entry::Substack(object)),
        _module => {}
    }
    Some(Entry::Module {
        control: Control::of(&control),
        shown: control,
        name: object.rsplit('/').next().unwrap_or_default().to_owned(),
        words: tokens.collect(),
    })
}

/// Words; what stands in brackets is one.
fn tokens(line: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    let mut bracketed = false;
    for c in line.chars() {
        match c {
            '[' if token.is_empty() => bracketed = true,
            ']' if bracketed => bracketed = false,
            c if c.is_whitespace() && !bracketed => {
                if !token.is_empty() {
                    tokens.push(std::mem::take(&mut token));
                }
                continue;
            }
            _other => {}
        }
        token.push(c);
    }
    if !token.is_empty() {
        tokens.push(token);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::{Action, Entry, entries};

    // Mutants: a continued line ends; a comment counts; other kinds are taken in; brackets are split.
    #[test]
    fn lines_are_read_as_libpam_reads_them() {
        let text = "# auth required pam_no.so\n\
                    @include common-auth # auth\n\
                    account required pam_unix.so\n\
                    AUTH [success=2 \\\n  default=ignore] \\\n /lib/security/pam_unix.so nullok [a b]\n\
                    -auth optional pam_x.so\n\
                    auth include system\nauth substack password-auth\n\
                    auth required";
        let found: Vec<(usize, String)> = entries(text)
            .into_iter()
            .map(|(line, entry)| {
                let shown = match entry {
                    Entry::Include(file) => format!("include {file}"),
                    Entry::Substack(file) => format!("substack {file}"),
                    Entry::Module {
                        control,
                        name,
                        words,
                        ..
                    } => format!(
                        "{name} {:?} {:?} {}",
                        control.action("success"),
                        control.action("auth_err"),
                        words.join(",")
                    ),
                };
                (line, shown)
            })
            .collect();
        let wanted = [
            (2, "include common-auth"),
            (4, "pam_unix.so Jump(2) Ignore nullok,[a b]"),
            (7, "pam_x.so Ok Ignore "),
            (8, "include system"),
            (9, "substack password-auth"),
        ];
        assert_eq!(found, wanted.map(|(line, shown)| (line, shown.to_owned())));
    }

    #[test]
    fn what_is_not_understood_is_bad() {
        for (control, action) in [
            ("required", Action::Bad),
            ("[success=ok]", Action::Bad),
            ("[default=odd]", Action::Bad),
            ("requierd", Action::Bad),
            ("requisite", Action::Die),
        ] {
            let read = entries(&format!("auth {control} pam_x.so"));
            let [(1, Entry::Module { control, .. })] = read.as_slice() else {
                panic!("{read:?}");
            };
            assert_eq!(control.action("auth_err"), action);
        }
    }
}
