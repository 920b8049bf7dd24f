//! What a file in /etc/pam.d says, as libpam reads it: its `_pam_assemble_line`, `_pam_StrTok` and
//! `_pam_parse_control`, whatever pam.conf(5) makes of them. Lines that two versions of it read in two ways
//! are found and not read. Pure: no file is opened here.

use super::libpam::Includes;

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
    /// A line that libpam makes no sense of, and runs as a module that denies.
    Broken {
        control: Control,
        /// The control as it is written.
        shown: String,
    },
    /// The lines of another file stand here. Of none, where no name is said.
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
    /// So many modules are passed over; never none.
    Jump(usize),
}

/// What a module may answer, in libpam's order.
const RESULTS: [&str; 30] = [
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
];

/// The actions that have a name, in libpam's order.
const ACTIONS: [(&str, Action); 6] = [
    ("ignore", Action::Ignore),
    ("ok", Action::Ok),
    ("done", Action::Done),
    ("bad", Action::Bad),
    ("die", Action::Die),
    ("reset", Action::Reset),
];

/// What each result of a module comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Control([Action; RESULTS.len()]);

impl Control {
    /// Every result is bad.
    const BAD: Self = Self([Action::Bad; RESULTS.len()]);

    /// The action for a result, by libpam's word for it.
    pub(super) fn action(&self, result: &str) -> Action {
        let mut all = self.all();
        let found = all.find(|(word, _)| *word == result);
        found.map_or(Action::Bad, |(_, action)| action)
    }

    /// Every result with its action.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, Action)> {
        RESULTS.into_iter().zip(self.0)
    }

    /// The control that a token stands for.
    fn of(token: &str) -> Self {
        let simple = |success, ignore, default| {
            Self(RESULTS.map(|result| match result {
                "success" | "new_authtok_reqd" => success,
                "ignore" => ignore,
                _other => default,
            }))
        };
        match token.to_ascii_lowercase().as_str() {
            "required" => simple(Action::Ok, Action::Ignore, Action::Bad),
            "requisite" => simple(Action::Ok, Action::Ignore, Action::Die),
            "sufficient" => simple(Action::Done, Action::Ignore, Action::Ignore),
            "optional" => simple(Action::Ok, Action::Ignore, Action::Ignore),
            _pairs => Self::pairs(token).unwrap_or(Self::BAD),
        }
    }

    /// Pairs of result and action; none where libpam finds a fault anywhere: every result is then bad.
    fn pairs(text: &str) -> Option<Self> {
        let mut actions = [None; RESULTS.len()];
        let mut rest = text.trim_start_matches(SPACE);
        while !rest.is_empty() {
            // What follows a name need not be parted from it.
            let named = RESULTS.iter().zip(&mut actions);
            let (slot, behind) = named
                .map(|(result, slot)| (rest.strip_prefix(result), Some(slot)))
                .chain([(rest.strip_prefix("default"), None)])
                .find_map(|(behind, slot)| Some((slot, behind?)))?;
            let behind = behind.trim_start_matches(SPACE).strip_prefix('=')?;
            let (action, behind) = action(behind.trim_start_matches(SPACE))?;
            match slot {
                Some(slot) => *slot = Some(action),
                // It is for those that were not named so far: a later one finds none.
                None => actions = actions.map(|set| set.or(Some(action))),
            }
            rest = behind.trim_start_matches(SPACE);
        }
        Some(Self(actions.map(|set| set.unwrap_or(Action::Bad))))
    }
}

/// The action at the front of a text, and what stands behind it.
fn action(text: &str) -> Option<(Action, &str)> {
    let named = ACTIONS.into_iter();
    let mut named = named.filter_map(|(word, action)| Some((action, text.strip_prefix(word)?)));
    if let Some(found) = named.next() {
        return Some(found);
    }
    let behind = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = text.strip_suffix(behind)?;
    // What is larger than that goes past every end.
    let over = match number {
        "" => 0,
        digits => digits.parse().unwrap_or(usize::MAX),
    };
    (over > 0).then_some((Action::Jump(over), behind))
}

/// What parts tokens of a line, and what may stand between the parts of a control.
const BLANK: [char; 3] = [' ', '\n', '\t'];
const SPACE: [char; 6] = [' ', '\n', '\t', '\r', '\u{b}', '\u{c}'];

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// The lines for authentication, each with its number.
    pub(super) entries: Vec<(usize, Entry)>,
    /// The first line that is read in two ways, and in which.
    pub(super) trouble: Option<(usize, Trouble)>,
}

/// Why it is not known what libpam makes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// In 1.5 it goes into [`ROOM`] bytes, and the rest is a line of its own: that of a comment too.
    Long,
    /// In 1.5 a blank line or a comment within a line that goes on is passed over; in 1.7 it ends it.
    Gap,
    /// Nothing follows where it goes on: what was read of the file counts, and then nobody gets in.
    Unended,
    /// In 1.5 a number is taken for another one that a computer has room for; in 1.7 it is a fault.
    Number,
}

/// The bytes that version 1.5 takes of a line, its end among them.
const ROOM: usize = 1023;
/// The digits of a number that every version takes for what it is.
const DIGITS: usize = 9;

/// What a text says to a build that includes like that.
pub(super) fn read(text: &str, includes: Includes) -> Text {
    let mut entries = Vec::new();
    let mut trouble = None;
    let mut whole = String::new();
    let (mut began, mut used) = (0, 0);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if used + line.len() > ROOM {
            trouble = trouble.or(Some((number, Trouble::Long)));
        }
        let content = line.trim_start_matches(BLANK);
        let goes_on = !whole.is_empty();
        // Such a line neither begins nor ends anything.
        if content.is_empty() || content.starts_with('#') {
            let gap = goes_on.then_some((number, Trouble::Gap));
            trouble = trouble.or(gap);
            continue;
        }
        if !goes_on {
            began = number;
        }
        if let Some((before, _)) = content.split_once('#') {
            whole.push_str(before);
        } else if let Some(content) = content.trim_end_matches(BLANK).strip_suffix('\\') {
            whole.push_str(content);
            whole.push(' ');
            // What stands before it is taken in, the backslash too.
            used += line.trim_end_matches(BLANK).len();
            continue;
        } else {
            whole.push_str(content);
        }
        used = 0;
        let line = std::mem::take(&mut whole);
        if overflows(&line) {
            trouble = trouble.or(Some((began, Trouble::Number)));
        }
        entries.extend(entry(&line, includes).map(|entry| (began, entry)));
    }
    if !whole.is_empty() {
        trouble = trouble.or(Some((began, Trouble::Unended)));
    }
    Text { entries, trouble }
}

/// Whether a line's control passes over more modules than can be counted.
fn overflows(line: &str) -> bool {
    let mut rest = line;
    let control = token(&mut rest).and_then(|_kind| token(&mut rest));
    let (control, _) = control.unwrap_or((String::new(), Bracketed::No));
    let mut numbers = control.split(|c: char| !c.is_ascii_digit());
    numbers.any(|number| number.len() > DIGITS)
}

fn entry(line: &str, includes: Includes) -> Option<Entry> {
    let mut rest = line;
    let (kind, _) = token(&mut rest)?;
    let kind = kind.strip_prefix('-').unwrap_or(&kind);
    let is = |word: &str| kind.eq_ignore_ascii_case(word);
    if is("@include") && includes == Includes::Own {
        let file = token(&mut rest).map(|(file, _)| file);
        return Some(Entry::Include(file.unwrap_or_default()));
    }
    if ["account", "password", "session"].into_iter().any(is) {
        return None;
    }
    let Some((control, bracketed)) = token(&mut rest) else {
        return Some(Entry::Broken {
            control: Control::BAD,
            shown: String::new(),
        });
    };
    let object = token(&mut rest).map(|(object, _)| object);
    match control.to_ascii_lowercase().as_str() {
        "include" => return Some(Entry::Include(object.unwrap_or_default())),
        "substack" => return Some(Entry::Substack(object.unwrap_or_default())),
        _module => {}
    }
    let shown = match bracketed {
        Bracketed::Yes => format!("[{control}]"),
        Bracketed::No => control.clone(),
    };
    let control = Control::of(&control);
    // A kind that there is not stands among those for authentication: that is the strictest.
    let Some(object) = object.filter(|_| is("auth")) else {
        return Some(Entry::Broken { control, shown });
    };
    Some(Entry::Module {
        control,
        shown,
        name: object.rsplit('/').next().unwrap_or_default().to_owned(),
        words: std::iter::from_fn(|| token(&mut rest))
            .map(|(word, _)| word)
            .collect(),
    })
}

/// Whether a token stood in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracketed {
    Yes,
    No,
}

/// Takes a token off the front. What begins with a bracket ends with the first one that closes, whatever
/// stands behind that, and loses both.
fn token(rest: &mut &str) -> Option<(String, Bracketed)> {
    let text = rest.trim_start_matches(BLANK);
    let Some(mut inside) = text.strip_prefix('[') else {
        let end = text.find(BLANK).unwrap_or(text.len());
        let (token, behind) = text.split_at_checked(end)?;
        *rest = behind;
        return (!token.is_empty()).then(|| (token.to_owned(), Bracketed::No));
    };
    let mut token = String::new();
    while let Some(c) = inside.chars().next() {
        if let Some(behind) = inside.strip_prefix("\\]") {
            token.push(']');
            inside = behind;
            continue;
        }
        inside = inside.strip_prefix(c).unwrap_or_default();
        if c == ']' {
            break;
        }
        token.push(c);
    }
    *rest = inside;
    Some((token, Bracketed::Yes))
}

#[cfg(test)]
mod tests {
    use super::super::libpam::Includes;
    use super::{Action, Entry, Text, Trouble, read};

    fn entries(text: &str) -> Vec<(usize, Entry)> {
        read(text, Includes::Own).entries
    }

    // Mutants: a continued line ends; a comment counts, or ends what is continued; other kinds are taken
    // in, or what is no kind is not; brackets are split, or end with the token.
    #[test]
    fn lines_are_read_as_libpam_reads_them() {
        let text = "# auth required pam_no.so\n\
                    @include common-auth # auth\n\
                    account required pam_unix.so\n\
                    AUTH [success=2 \\\n# no\n\n  default=ignore] \\\n /lib/security/pam_unix.so nullok [a b]c [\\]]\n\
                    -auth optional pam_x.so\n\
                    auth include system\nauth substack password-auth\n\
                    auth [default=ok]pam_y.so \\ # no\n\
                    auth [required] pam_z.so\r\n\
                    auth success=1 pam_x.so\n\
                    auht optional pam_x.so\nauth\nauth [default=2]\n--auth sufficient pam_x.so\n\
                    auht include system\nauth substack\n@include\n\
                    -session optional pam_x.so\nPassword requisite pam_x.so";
        let found: Vec<(usize, String)> = entries(text)
            .into_iter()
            .map(|(line, entry)| {
                let shown = match entry {
                    Entry::Include(file) => format!("include {file}"),
                    Entry::Substack(file) => format!("substack {file}"),
                    Entry::Broken { control, shown } => {
                        format!("broken {shown} {:?}", control.action("perm_denied"))
                    }
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
            (4, "pam_unix.so Jump(2) Ignore nullok,a b,c,]"),
            (9, "pam_x.so Ok Ignore "),
            (10, "include system"),
            (11, "substack password-auth"),
            (12, "pam_y.so Ok Ok \\"),
            (13, "pam_z.so\r Ok Bad "),
            (14, "pam_x.so Jump(1) Bad "),
            (15, "broken optional Ignore"),
            (16, "broken  Bad"),
            (17, "broken [default=2] Jump(2)"),
            (18, "broken sufficient Ignore"),
            (19, "include system"),
            (20, "substack "),
            (21, "include "),
        ];
        assert_eq!(found, wanted.map(|(line, shown)| (line, shown.to_owned())));
    }

    // Mutants: blanks around `=` are junk; the last default counts; junk spoils its own pair alone.
    #[test]
    fn a_control_is_parsed_as_libpam_parses_it() {
        use Action::{Bad, Die, Done, Ignore, Jump, Ok, Reset};
        for (control, success, ignore, auth_err) in [
            ("required", Ok, Ignore, Bad),
            ("ReQuisite", Ok, Ignore, Die),
            ("[success=ok]", Ok, Bad, Bad),
            ("[success= 1 default =\tignore ]", Jump(1), Ignore, Ignore),
            ("[default=ignore default=bad]", Ignore, Ignore, Ignore),
            ("[default=die success=ok ignore=reset]", Ok, Reset, Die),
            ("[success=ok success=done]", Done, Bad, Bad),
            ("[successful=ok default=ignore]", Bad, Bad, Bad),
            ("[success=okdefault=ignore]", Ok, Ignore, Ignore),
            ("[success=ok default=odd]", Bad, Bad, Bad),
            ("[success=ok x=ignore]", Bad, Bad, Bad),
            ("[success=ok auth_err]", Bad, Bad, Bad),
            ("[success=ok auth_err=]", Bad, Bad, Bad),
            ("[success=ok,default=ignore]", Bad, Bad, Bad),
            ("[SUCCESS=ok]", Bad, Bad, Bad),
            ("[success=+1 default=ignore]", Bad, Bad, Bad),
            ("[success=0 default=ignore]", Bad, Bad, Bad),
            ("[success=02 default=ignore]", Jump(2), Ignore, Ignore),
            ("[success=1x default=ignore]", Bad, Bad, Bad),
            ("[]", Bad, Bad, Bad),
            ("requierd", Bad, Bad, Bad),
        ] {
            let read = entries(&format!("auth {control} pam_x.so"));
            let [(1, Entry::Module { control: read, .. })] = read.as_slice() else {
                panic!("{read:?}");
            };
            let actions = ["success", "ignore", "auth_err"].map(|result| read.action(result));
            assert_eq!(actions, [success, ignore, auth_err], "{control}");
        }
    }

    // Mutants: the end of a line does not count, or what it goes on from does not; a comment may be longer; a
    // gap is one only behind a comment; what goes on at the end is a line; words are taken for a control.
    #[test]
    fn what_versions_read_in_two_ways_is_found() {
        let line = |length: usize| format!("auth required pam_x.so {}", "x".repeat(length - 24));
        let auth = "auth required pam_x.so\n";
        for (text, trouble) in [
            (format!("{}\n{auth}", line(1023)), None),
            (line(1024), None),
            (format!("{}\n", line(1024)), Some((1, Trouble::Long))),
            (
                format!("{auth}#{}\n", "x".repeat(1022)),
                Some((2, Trouble::Long)),
            ),
            (format!("{}\\\n{}\n", line(500), "y".repeat(522)), None),
            (
                format!("{}\\\n{}\n", line(500), "y".repeat(523)),
                Some((2, Trouble::Long)),
            ),
            (
                format!("  {}\\\n{}\n", line(500), "y".repeat(521)),
                Some((2, Trouble::Long)),
            ),
            (
                "auth required \\\n\npam_x.so\n".to_owned(),
                Some((2, Trouble::Gap)),
            ),
            (
                "auth required \\\n # no\npam_x.so\n".to_owned(),
                Some((2, Trouble::Gap)),
            ),
            (format!("# no\n\n{auth}"), None),
            (
                format!("{auth}auth required \\\n"),
                Some((2, Trouble::Unended)),
            ),
            (
                format!("{auth}auth required \\"),
                Some((2, Trouble::Unended)),
            ),
            ("auth [success=999999999] pam_x.so\n".to_owned(), None),
            (
                "auth [success=4294967297] pam_x.so\n".to_owned(),
                Some((1, Trouble::Number)),
            ),
            (
                "auth success=4294967297 pam_x.so\n".to_owned(),
                Some((1, Trouble::Number)),
            ),
            ("auth required pam_x.so uid=4294967297\n".to_owned(), None),
        ] {
            assert_eq!(read(&text, Includes::Own).trouble, trouble, "{text}");
        }
        // What is cut off at the end is no line.
        assert_eq!(read("auth required \\", Includes::Own).entries, []);
    }

    // Mutant: a word of Debian's counts everywhere.
    #[test]
    fn at_include_is_a_line_without_sense_but_for_debian() {
        let Text { entries, .. } = read("@include common-auth\n", Includes::Everywhere);
        let [(1, Entry::Broken { control, .. })] = entries.as_slice() else {
            panic!("{entries:?}");
        };
        assert_eq!(control.action("perm_denied"), Action::Bad);
    }
}
