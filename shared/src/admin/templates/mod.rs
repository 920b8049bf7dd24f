//! Templates of messages: which there are and whose, whether the sender can render them, and how a
//! message would look. Replacing one is in [`edit`]. Nothing here sends or counts anything.

mod edit;

use std::fmt;

use gatepost_words::job::{Content, Fault, OwnerAct};
use gatepost_words::text::{sanitise, tame};
use gatepost_words::time::Span;
use serde::Serialize;

pub use self::edit::{Opened, Replaced, Tried, With};
use super::roles::Right;
use super::{Admin, AdminError};
use crate::code::Code;
use crate::config::Config;
use crate::{files, mail, signals};

/// A kind of message, of which there are templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A sign-in code.
    Code,
    /// A code that confirms an address.
    Confirmation,
    /// The notice that a password was right and no code followed.
    HalfFinished,
    /// The notice that an administrator did something to the account.
    AccountNotice,
    /// `gatepost mail test`.
    Test,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Code,
        Self::Confirmation,
        Self::HalfFinished,
        Self::AccountNotice,
        Self::Test,
    ];

    /// Its word, which the list of deliveries has too.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Confirmation => "confirmation",
            Self::HalfFinished => "half-finished",
            Self::AccountNotice => "account-notice",
            Self::Test => "test",
        }
    }

    /// What it is, in a few words.
    pub const fn long(self) -> &'static str {
        match self {
            Self::Code => "the code for a sign-in",
            Self::Confirmation => "the code that confirms an address",
            Self::HalfFinished => "the password was right, and no code followed",
            Self::AccountNotice => "an administrator did something to the account",
            Self::Test => "the test message",
        }
    }

    /// Its templates: the subject, the text and the HTML.
    pub const fn templates(self) -> [&'static str; 3] {
        match self {
            Self::Code => ["code.subject", "code.txt", "code.html"],
            Self::Confirmation => [
                "confirmation.subject",
                "confirmation.txt",
                "confirmation.html",
            ],
            Self::HalfFinished => [
                "half_finished.subject",
                "half_finished.txt",
                "half_finished.html",
            ],
            Self::AccountNotice => ["act.subject", "act.txt", "act.html"],
            Self::Test => ["test.subject", "test.txt", "test.html"],
        }
    }

    /// The kind of that word, or the one that has a template of that name.
    fn find(typed: &str) -> Option<Self> {
        let is_it = |kind: &Self| kind.word() == typed || kind.templates().contains(&typed);
        Self::ALL.into_iter().find(is_it)
    }
}

/// A template, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Template {
    /// Its file's name.
    pub name: &'static str,
    /// Whether a file of an administrator's own is there.
    pub own: bool,
    /// The built-in text.
    #[serde(skip)]
    pub built_in: &'static str,
}

/// What a check of the templates found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TemplateCheck {
    /// The kind of message.
    pub kind: &'static str,
    /// What is wrong; none where nothing is.
    pub problem: Option<String>,
}

/// What is wrong with a template, or with the folder where none is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Its name.
    pub template: Option<String>,
    /// The line, from 1, where it is known.
    pub line: Option<u32>,
    /// The column, from 1, where it is known.
    pub column: Option<u32>,
    /// What is wrong.
    pub what: String,
}

/// How a message would look, with sample facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The kind of message.
    pub kind: Kind,
    /// Its templates, and whose were used.
    pub templates: Vec<Template>,
    /// The sender's address.
    pub from: String,
    /// A recipient's.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// What is wrong with own templates: the built-in ones were used in their place.
    pub problems: Vec<Problem>,
}

macro_rules! built_in {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../sender/templates/", $name)))),*]
    };
}

/// The built-in templates; the sender has the same files in it.
const TEMPLATES: [(&str, &str); 15] = built_in!(
    "code.subject",
    "code.txt",
    "code.html",
    "confirmation.subject",
    "confirmation.txt",
    "confirmation.html",
    "half_finished.subject",
    "half_finished.txt",
    "half_finished.html",
    "act.subject",
    "act.txt",
    "act.html",
    "test.subject",
    "test.txt",
    "test.html"
);

/// The longest template, in bytes.
pub const LONGEST: usize = gatepost_words::job::LONGEST_TEMPLATE;

/// The templates' names.
pub fn names() -> impl Iterator<Item = &'static str> {
    TEMPLATES.into_iter().map(|(name, _)| name)
}

/// To whom samples are addressed: nobody's address (RFC 2606).
const NOBODY: &str = "alice@example.org";

impl Admin {
    /// Every template, and which of them an administrator replaced.
    pub fn templates(&self) -> Result<Vec<Template>, AdminError> {
        self.may(Right::Look)?;
        Ok(listed(&self.config).collect())
    }

    /// Has the sender render every kind of message with the templates that are there. Nothing is sent.
    pub fn check_templates(&self) -> Result<Vec<TemplateCheck>, AdminError> {
        self.may(Right::Mail)?;
        let config = Config::load(Some(&self.conf))?;
        let checks = Kind::ALL.into_iter().map(|kind| {
            let mut found = samples(kind, &config).into_iter().map(|content| {
                let code = code_of(&content);
                let printed = self.print(&config, content, None);
                printed.map_or_else(Some, |(print, problems)| {
                    let lacks = lacks_code(kind, &code, &print);
                    worst(&problems).or_else(|| lacks.map(|problem| problem.to_string()))
                })
            });
            TemplateCheck {
                kind: kind.word(),
                problem: found.find_map(|problem| problem),
            }
        });
        Ok(checks.collect())
    }

    /// How a message would look: a kind, or the one that a template is of. Nothing is sent or counted.
    pub fn preview_template(&self, typed: &str) -> Result<Preview, AdminError> {
        self.may(Right::Mail)?;
        let kind = Kind::find(typed).ok_or_else(|| {
            let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
            AdminError::NoSuchTemplate(format!(
                "{} is no kind of message and no template. Kinds: {}; the templates: gatepost mail \
                 template list",
                sanitise(typed),
                kinds.join(", ")
            ))
        })?;
        let config = Config::load(Some(&self.conf))?;
        let content = samples(kind, &config).into_iter().next();
        let content = content.ok_or_else(|| AdminError::Unrendered("no sample".to_owned()))?;
        let (words, problems) = self
            .print(&config, content, None)
            .map_err(AdminError::Unrendered)?;
        let names = kind.templates();
        let is_wrong = |name: &str| {
            let of_it = |problem: &Problem| problem.template.as_deref().is_none_or(|of| of == name);
            problems.iter().any(of_it)
        };
        let templates = listed(&config).filter(|template| names.contains(&template.name));
        Ok(Preview {
            kind,
            templates: templates
                .map(|template| Template {
                    own: template.own && !is_wrong(template.name),
                    ..template
                })
                .collect(),
            from: sanitise(&config.mail.from),
            to: NOBODY.to_owned(),
            subject: tame(&words.subject),
            text: visible(&words.text),
            html: visible(&words.html),
            problems,
        })
    }

    /// Has the sender print a message, with the text of one template tried in its place.
    fn print(
        &self,
        config: &Config,
        content: Content,
        trial: Option<(&str, &str)>,
    ) -> Result<(gatepost_words::job::Print, Vec<Problem>), String> {
        let wall = self.host.now().wall;
        let letter = mail::letter(config, NOBODY, "alice", content, wall);
        let printed = signals::let_in(|| mail::print(self.host.as_ref(), letter, trial));
        let (print, folder) = printed.map_err(|error| tame(&error))?;
        let folder = folder.map(|what| Problem {
            template: None,
            line: None,
            column: None,
            what: tame(&what),
        });
        let problems = folder.into_iter().chain(told(&print.faults)).collect();
        Ok((print, problems))
    }
}

/// What the sender found, which has a fault for each template at the most: more is not its word.
fn told(faults: &[Fault]) -> impl Iterator<Item = Problem> {
    faults.iter().take(TEMPLATES.len()).map(Problem::from)
}

/// The templates, and whose they are.
fn listed(config: &Config) -> impl Iterator<Item = Template> {
    let folder = config.mail.templates.clone();
    TEMPLATES.into_iter().map(move |(name, built_in)| Template {
        name,
        own: folder
            .as_ref()
            .is_some_and(|folder| files::exists(&folder.join(name))),
        built_in,
    })
}

/// Messages of a kind, as they might be. No code has letters and digits, or an L, so that nobody takes a
/// sample's for one.
fn samples(kind: Kind, config: &Config) -> Vec<Content> {
    let length = usize::from(config.policy.limits.shape.length);
    let code: Vec<u8> = b"SAMPLE123456".iter().take(length).copied().collect();
    let code = Code::typed(&code).grouped();
    let valid_for = Span::from_mins(5).to_string();
    let (service, source) = ("sshd".to_owned(), "203.0.113.9".to_owned());
    match kind {
        Kind::Code => vec![Content::Code {
            code,
            service,
            source,
            valid_for,
            reference: "K7QX".to_owned(),
            code_in_subject: config.mail.code_in_subject,
        }],
        Kind::Confirmation => vec![Content::Confirmation { code, valid_for }],
        Kind::HalfFinished => vec![Content::HalfFinished {
            service,
            source,
            ending: "left".to_owned(),
        }],
        Kind::AccountNotice => {
            let acts = OwnerAct::ALL.into_iter().map(|act| Content::Act {
                act,
                address: match act {
                    OwnerAct::AddressAsked | OwnerAct::AddressChanged => "b***@e***.org".to_owned(),
                    OwnerAct::Unlocked
                    | OwnerAct::Enabled
                    | OwnerAct::Removed
                    | OwnerAct::BypassMade
                    | OwnerAct::RecoveryReplaced => String::new(),
                },
                times: 1,
            });
            acts.collect()
        }
        Kind::Test => vec![Content::Test],
    }
}

/// A sample's code; nothing where it has none.
fn code_of(content: &Content) -> String {
    match content {
        Content::Code { code, .. } | Content::Confirmation { code, .. } => {
            symbols(code.expose_str().unwrap_or_default())
        }
        Content::HalfFinished { .. } | Content::Act { .. } | Content::Test => String::new(),
    }
}

/// A message for a code without the code: who gets it cannot sign in.
fn lacks_code(kind: Kind, code: &str, print: &gatepost_words::job::Print) -> Option<Problem> {
    let [_, text, _] = kind.templates();
    (!symbols(&print.text).contains(code)).then(|| Problem {
        template: Some(text.to_owned()),
        line: None,
        column: None,
        what: "the code is not in it: put {{ code }} where people find it".to_owned(),
    })
}

/// A text without what may part the symbols of a code.
fn symbols(text: &str) -> String {
    let parts = |c: char| c == '-' || c.is_whitespace();
    text.chars().filter(|c| !parts(*c)).collect()
}

/// What is said first of what is wrong.
fn worst(problems: &[Problem]) -> Option<String> {
    problems.first().map(Problem::to_string)
}

/// A text of several lines, in which nothing steers a terminal.
fn visible(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(tame).collect();
    lines.join("\n")
}

impl From<&Fault> for Problem {
    fn from(fault: &Fault) -> Self {
        Self {
            template: Some(sanitise(&fault.template)),
            line: fault.line,
            column: fault.column,
            what: tame(&fault.why),
        }
    }
}

impl fmt::Display for Problem {
    /// `code.txt, line 3, column 9: undefined value`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(template) = &self.template {
            f.write_str(template)?;
            if let Some(line) = self.line {
                write!(f, ", line {line}")?;
            }
            if let Some(column) = self.column {
                write!(f, ", column {column}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.what)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Kind, Problem, TEMPLATES, samples};
    use crate::code::Alphabet;
    use crate::config::Config;

    // Mutant: a kind's template is left out of the list, as those of account notices once were.
    #[test]
    fn every_template_of_the_sender_is_one_of_a_kind() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/sender/templates");
        let mut there: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort();
        let mut listed = TEMPLATES.map(|(name, _)| name.to_owned()).to_vec();
        listed.sort();
        assert_eq!(listed, there);
        let mut of_kinds: Vec<&str> = Kind::ALL.iter().flat_map(|kind| kind.templates()).collect();
        of_kinds.sort_unstable();
        assert_eq!(of_kinds, there);
        for kind in Kind::ALL {
            assert_eq!(Kind::find(kind.word()), Some(kind));
            assert!(!samples(kind, &Config::example()).is_empty());
        }
        for odd in [
            "",
            "code.",
            "code.html.",
            "../code.txt",
            "/etc/shadow",
            "Code",
        ] {
            assert_eq!(Kind::find(odd), None, "{odd}");
        }
    }

    // Mutant: a sender that was taken over fills the screen, and the memory of whoever asked.
    #[test]
    fn a_sender_has_a_fault_for_each_template_at_the_most() {
        let fault = gatepost_words::job::Fault {
            template: "code.txt".to_owned(),
            line: None,
            column: None,
            why: "undefined value".to_owned(),
        };
        assert_eq!(super::told(&vec![fault; 1000]).count(), TEMPLATES.len());
    }

    // Mutant: a sample's code is one that a login may draw.
    #[test]
    fn a_samples_code_is_nobodys() {
        use gatepost_words::job::Content;
        for length in 6..=12 {
            let mut config = Config::example();
            config.policy.limits.shape.length = length;
            for kind in [Kind::Code, Kind::Confirmation] {
                for content in samples(kind, &config) {
                    let (Content::Code { code, .. } | Content::Confirmation { code, .. }) = content
                    else {
                        panic!("{kind:?}");
                    };
                    let shown = code.expose_str().unwrap().replace(' ', "");
                    assert_eq!(shown.len(), usize::from(length));
                    for alphabet in [Alphabet::Digits, Alphabet::Letters] {
                        let of = alphabet.symbols();
                        assert!(
                            shown.bytes().any(|symbol| !of.contains(&symbol)),
                            "{shown} may be a code"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_problem_says_where_it_is() {
        let mut problem = Problem {
            template: Some("code.txt".to_owned()),
            line: Some(3),
            column: Some(9),
            what: "undefined value".to_owned(),
        };
        assert_eq!(
            problem.to_string(),
            "code.txt, line 3, column 9: undefined value"
        );
        (problem.line, problem.column) = (None, None);
        assert_eq!(problem.to_string(), "code.txt: undefined value");
        problem.template = None;
        assert_eq!(problem.to_string(), "undefined value");
    }
}
