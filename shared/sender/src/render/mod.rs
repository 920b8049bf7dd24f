//! Templates to words: the subject, the text part and the HTML part of one letter.
//!
//! The built-in templates are part of the program. An administrator's own file of the same name in
//! the configured folder replaces one; where it cannot be used, the built-in one goes out and the
//! report says which file and why, since a person is waiting for the code. Not for making a
//! message: headers and encodings are [`crate::message`]'s.
//!
//! A template is minijinja, HTML escaped, and a name that isn't there is an error. The names:
//!
//! | files | names |
//! |---|---|
//! | all | `host`, `account`, `when` |
//! | `code.{txt,html}` | `code`, `service`, `source`, `valid_for`, `reference` |
//! | `code.subject` | the same; `code` is there only where the subject is to carry it |
//! | `confirmation.{txt,html}` | `code`, `valid_for` |
//! | `half_finished.{txt,html,subject}` | `service`, `source`, `ending` |
//! | `act.{txt,html,subject}` | `act` (`unlocked`, `address-changed` …), `what` (a sentence), `address` |

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::net::IpAddr;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use gatepost_words::job::{Content, Fault, LONGEST_TEMPLATE, Letter, Outcome, OwnerAct};
use gatepost_words::secret::Secret;
use gatepost_words::text::sanitise;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use rustix::fs::OFlags;

use crate::failure::Failure;

/// One letter in words.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    /// One line.
    pub(crate) subject: String,
    /// The `text/plain` part.
    pub(crate) text: String,
    /// The `text/html` part.
    pub(crate) html: String,
    /// Which of the administrator's files could not be used, and why.
    pub(crate) faults: Vec<Fault>,
}

impl Rendered {
    /// What is wrong with the administrator's files, in a line for the record.
    pub(crate) fn warning(&self, folder: Option<&str>) -> Option<String> {
        let warning = |fault: &Fault| {
            let path = Path::new(folder.unwrap_or_default()).join(&fault.template);
            let line = fault
                .line
                .map_or_else(String::new, |line| format!("line {line}: "));
            format!(
                "{}: {line}{}; the built-in template was used",
                sanitise(&path.display().to_string()),
                fault.why
            )
        };
        let warnings: Vec<String> = self.faults.iter().map(warning).collect();
        (!warnings.is_empty()).then(|| warnings.join("; "))
    }
}

/// Renders a letter that goes out.
pub(crate) fn render(letter: &Letter) -> Result<Rendered, Failure> {
    print(letter, None, Errors::Kept)
}

/// Renders a letter that nobody gets, with the text of one template tried in its place.
pub(crate) fn proof(letter: &Letter, trial: Option<(&str, &str)>) -> Result<Rendered, Failure> {
    print(letter, trial, Errors::Told)
}

/// How much is said of what is wrong with a template.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Errors {
    /// All of it, with its place: the facts are samples.
    Told,
    /// The line and the kind: the rest may quote a fact, and it is recorded.
    Kept,
}

fn print(
    letter: &Letter,
    trial: Option<(&str, &str)>,
    errors: Errors,
) -> Result<Rendered, Failure> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Without it no column is known; with it an error holds the facts.
    environment.set_debug(errors == Errors::Told);
    let mut press = Press {
        environment,
        own: letter.templates.as_deref().map(Path::new),
        trial,
        errors,
        faults: Vec::new(),
    };
    let [subject, text, html] = templates(&letter.content);
    let values = Values::of(letter)?;
    // A subject shows on a locked screen: it gets to see the code only where that was asked for.
    Ok(Rendered {
        subject: press.print(subject, &values.subject)?.trim().to_owned(),
        text: press.print(text, &values.body)?,
        html: press.print(html, &values.body)?,
        faults: press.faults,
    })
}

/// A built-in template: the name that an own file must have, and its source.
type Template = (&'static str, &'static str);

/// Subject, text and HTML for a kind of letter.
fn templates(content: &Content) -> [Template; 3] {
    macro_rules! built_in {
        ($name:literal) => {
            [
                (
                    concat!($name, ".subject"),
                    include_str!(concat!("../../templates/", $name, ".subject")),
                ),
                (
                    concat!($name, ".txt"),
                    include_str!(concat!("../../templates/", $name, ".txt")),
                ),
                (
                    concat!($name, ".html"),
                    include_str!(concat!("../../templates/", $name, ".html")),
                ),
            ]
        };
    }
    match content {
        Content::Code { .. } => built_in!("code"),
        Content::Confirmation { .. } => built_in!("confirmation"),
        Content::HalfFinished { .. } => built_in!("half_finished"),
        Content::Test => built_in!("test"),
        Content::Act { .. } => built_in!("act"),
    }
}

/// What templates may name.
struct Values {
    /// In the two parts.
    body: Value,
    /// In the subject.
    subject: Value,
}

impl Values {
    /// Everything from outside passes the sanitiser, also where the helper did that already.
    fn of(letter: &Letter) -> Result<Self, Failure> {
        let common = context! {
            host => sanitise(&letter.host),
            account => sanitise(&letter.account),
            when => sanitise(&letter.when),
        };
        Ok(match &letter.content {
            Content::Code {
                code,
                service,
                source,
                valid_for,
                reference,
                code_in_subject,
            } => {
                let known = context! {
                    service => sanitise(service),
                    source => unlinked(source),
                    valid_for => sanitise(valid_for),
                    reference => sanitise(reference),
                    ..common
                };
                let body = context! { code => readable(code)?, ..known.clone() };
                let subject = if *code_in_subject {
                    body.clone()
                } else {
                    known
                };
                Self { body, subject }
            }
            Content::Confirmation { code, valid_for } => Self {
                body: context! {
                    code => readable(code)?,
                    valid_for => sanitise(valid_for),
                    ..common.clone()
                },
                subject: common,
            },
            Content::HalfFinished {
                service,
                source,
                ending,
            } => {
                let body = context! {
                    service => sanitise(service),
                    source => unlinked(source),
                    ending => sanitise(ending),
                    ..common
                };
                Self {
                    subject: body.clone(),
                    body,
                }
            }
            Content::Test => Self {
                body: common.clone(),
                subject: common,
            },
            Content::Act {
                act,
                address,
                times,
            } => {
                let address = sanitise(address);
                let body = context! {
                    act => act.word(),
                    what => what(*act, &address) + &often(*times),
                    address => address,
                    ..common
                };
                Self {
                    subject: body.clone(),
                    body,
                }
            }
        })
    }
}

/// What an administrator did, as the built-in templates say it. A person who is told this may have
/// to act on it: it says what is so now.
fn what(act: OwnerAct, address: &str) -> String {
    match act {
        OwnerAct::Unlocked => "An administrator unlocked this account: wrong codes so far no \
                               longer count, and sign-in codes are mailed again."
            .to_owned(),
        OwnerAct::Enabled => {
            "An administrator enabled this account: it may be used for signing in again.".to_owned()
        }
        OwnerAct::Removed => "An administrator removed this account from Gatepost: sign-ins that \
                              need a code are refused, and no code comes to this address."
            .to_owned(),
        OwnerAct::AddressAsked => format!(
            "An administrator asked for sign-in codes to go to {address} instead of here. That \
             address must be confirmed first: until then, codes still come here."
        ),
        OwnerAct::AddressChanged => format!(
            "Sign-in codes for this account now go to {address}. This is the last message to this \
             address."
        ),
        OwnerAct::BypassMade => "An administrator made a bypass code for this account. Whoever \
                                 has it can sign in without a mailed code, for a short while."
            .to_owned(),
        OwnerAct::RecoveryReplaced => "An administrator made new recovery codes for this account: \
                                       earlier ones no longer work."
            .to_owned(),
    }
}

/// How often it was done, where that was more than once since the owner was last told.
fn often(times: u32) -> String {
    match times {
        0 | 1 => String::new(),
        _ => format!(" This was done {times} times since you were last told."),
    }
}

/// A source that no mail program makes a link of. What is no address is a name of the other side's
/// own choosing, and must not become something to click on in a mail of ours.
fn unlinked(source: &str) -> String {
    if source.parse::<IpAddr>().is_ok() {
        return source.to_owned();
    }
    sanitise(source).replace('.', "[.]").replace("://", "[:]//")
}

/// A code as text.
fn readable(code: &Secret) -> Result<String, Failure> {
    code.expose_str()
        .map(sanitise)
        .ok_or_else(|| Failure::new(Outcome::Message, "the code is no text"))
}

/// Prints templates, own ones first.
struct Press<'letter> {
    environment: Environment<'static>,
    own: Option<&'letter Path>,
    trial: Option<(&'letter str, &'letter str)>,
    errors: Errors,
    faults: Vec<Fault>,
}

/// What is wrong with a text: line, column, and why.
type Wrong = (Option<u32>, Option<u32>, String);

impl Press<'_> {
    fn print(&mut self, (name, built_in): Template, values: &Value) -> Result<String, Failure> {
        match self.print_own(name, values) {
            Ok(Some(printed)) => return Ok(printed),
            Ok(None) => {}
            Err((line, column, why)) => self.faults.push(Fault {
                template: name.to_owned(),
                line,
                column,
                why,
            }),
        }
        self.fill(name, built_in, values).map_err(|(_, _, why)| {
            Failure::new(
                Outcome::Message,
                format!("the built-in template {name} cannot be rendered: {why}"),
            )
        })
    }

    fn print_own(&self, name: &str, values: &Value) -> Result<Option<String>, Wrong> {
        let wrong = |why: &str| (None, None, why.to_owned());
        let Some(source) = self.source(name).map_err(|why| wrong(&why))? else {
            return Ok(None);
        };
        let printed = self.fill(name, &source, values)?;
        if name.ends_with(".subject") && printed.trim().chars().any(char::is_control) {
            return Err(wrong("a subject is one line"));
        }
        if printed.trim().is_empty() {
            return Err(wrong("it renders to nothing"));
        }
        Ok(Some(printed))
    }

    /// The text that takes the built-in one's place; none where that stays.
    fn source(&self, name: &str) -> Result<Option<String>, String> {
        if let Some((_, text)) = self.trial.filter(|(tried, _)| *tried == name) {
            if text.len() > LONGEST_TEMPLATE {
                return Err(too_long());
            }
            return Ok(Some(text.to_owned()));
        }
        match self.own {
            Some(folder) => read_template(&folder.join(name)),
            None => Ok(None),
        }
    }

    fn fill(&self, name: &str, source: &str, values: &Value) -> Result<String, Wrong> {
        let printed = self
            .environment
            .render_named_str(name, source, values.clone());
        printed.map_err(|error| {
            let line = error.line().and_then(|line| u32::try_from(line).ok());
            let kind = error.kind();
            match (self.errors, error.detail()) {
                (Errors::Told, detail) => {
                    let begin = error.range().map(|range| range.start);
                    let why = detail.map_or_else(
                        || kind.to_string(),
                        |detail| format!("{kind}: {}", sanitise(detail)),
                    );
                    (line, begin.map(|begin| column(source, begin)), why)
                }
                (Errors::Kept, _) => (line, None, kind.to_string()),
            }
        })
    }
}

/// The column, from 1, of a place in a text.
fn column(source: &str, at: usize) -> u32 {
    let before = source.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    u32::try_from(line.chars().count()).map_or(u32::MAX, |column| column.saturating_add(1))
}

fn too_long() -> String {
    format!("larger than {LONGEST_TEMPLATE} bytes")
}

/// An administrator's own template; none where there is no such file.
fn read_template(path: &Path) -> Result<Option<String>, String> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("not a regular file".to_owned());
    }
    if metadata.mode() & 0o022 != 0 {
        return Err("others than its owner may write to it".to_owned());
    }
    let limit = u64::try_from(LONGEST_TEMPLATE).unwrap_or(u64::MAX);
    if metadata.len() > limit {
        return Err(too_long());
    }
    let mut source = String::new();
    file.take(limit)
        .read_to_string(&mut source)
        .map_err(|error| error.to_string())?;
    Ok(Some(source))
}

#[cfg(test)]
mod tests;
