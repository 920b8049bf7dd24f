//! Replacing a template: its text as it is, a text tried in its place by the sender, and the file put
//! where the sender reads it, whole or not at all, with an event that names who did it.

use std::path::{Path, PathBuf};

use gatepost_words::job::LONGEST_TEMPLATE;
use gatepost_words::text::sanitise;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Kind, Problem, TEMPLATES, code_of, lacks_code, samples};
use crate::admin::policy::diff::{Line, between};
use crate::admin::roles::Right;
use crate::admin::{Admin, AdminError, create};
use crate::config::Config;
use crate::files::{self, Readers, Untrusted};
use crate::store::events::hex;
use crate::store::kinds;

/// A template as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its file's name.
    pub name: &'static str,
    /// Its text: an own one's, or the built-in one's.
    pub text: String,
    /// Whether it is an own one.
    pub own: bool,
    path: PathBuf,
    kind: Kind,
}

/// What takes a template's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With<'a> {
    /// That text.
    Text(&'a str),
    /// The built-in one: the own file goes.
    BuiltIn,
}

/// What a text in a template's place would come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The template.
    pub template: &'static str,
    /// What is wrong with it; it can be used where nothing is.
    pub problems: Vec<Problem>,
    /// What is wrong beside it, and stays so.
    pub beside: Vec<Problem>,
    /// What it changes; no line where it is the same text.
    pub lines: Vec<Line>,
}

/// A template that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// The template.
    pub template: &'static str,
    /// Its file.
    pub path: PathBuf,
    /// Whether an own one is used now; else the built-in one is.
    pub own: bool,
}

impl Admin {
    /// A template's text, to be edited.
    pub fn open_template(&self, typed: &str) -> Result<Opened, AdminError> {
        self.may(Right::Machine)?;
        let found = TEMPLATES.into_iter().find(|(name, _)| *name == typed);
        let kind = Kind::find(typed);
        let (Some((name, built_in)), Some(kind)) = (found, kind) else {
            let text = format!(
                "{} is no template: gatepost mail template list",
                sanitise(typed)
            );
            return Err(AdminError::NoSuchTemplate(text));
        };
        let config = Config::load(Some(&self.conf))?;
        let folder = config.mail.templates.ok_or_else(|| {
            let text = "no folder for templates is configured: set templates below [mail]";
            AdminError::Useless(text.to_owned())
        })?;
        let path = folder.join(name);
        let own = own_text(&path)?;
        Ok(Opened {
            name,
            own: own.is_some(),
            text: own.unwrap_or_else(|| built_in.to_owned()),
            path,
            kind,
        })
    }

    /// Has the sender render each message that the template is of, with that text in its place.
    pub fn try_template(&self, opened: &Opened, with: With<'_>) -> Result<Tried, AdminError> {
        self.may(Right::Machine)?;
        let text = match with {
            With::Text(text) => text,
            // It is what a sender that finds anything wrong takes: nothing need be tried.
            With::BuiltIn if opened.own => {
                return Ok(Tried {
                    template: opened.name,
                    problems: Vec::new(),
                    beside: Vec::new(),
                    lines: between(&opened.text, built_in(opened.name)),
                });
            }
            With::BuiltIn => {
                let text = format!(
                    "there is no {} of your own: the built-in one is used already",
                    opened.name
                );
                return Err(AdminError::NoSuchTemplate(text));
            }
        };
        let config = Config::load(Some(&self.conf))?;
        let (mut problems, mut beside) = (Vec::new(), Vec::new());
        for content in samples(opened.kind, &config) {
            let code = code_of(&content);
            let printed = self.print(&config, content, Some((opened.name, text)));
            let (print, found) = printed.map_err(AdminError::Unrendered)?;
            for problem in found
                .into_iter()
                .chain(lacks_code(opened.kind, &code, &print))
            {
                let list = if problem.template.as_deref() == Some(opened.name) {
                    &mut problems
                } else {
                    &mut beside
                };
                if !list.contains(&problem) {
                    list.push(problem);
                }
            }
        }
        Ok(Tried {
            template: opened.name,
            problems,
            beside,
            lines: between(&opened.text, text),
        })
    }

    /// Puts a text in a template's place, where the sender can render it and nobody else replaced the
    /// template since it was opened.
    pub fn replace_template(
        &mut self,
        opened: &Opened,
        with: With<'_>,
        why: Option<&str>,
    ) -> Result<Replaced, AdminError> {
        self.may(Right::Machine)?;
        let tried = self.try_template(opened, with)?;
        if !tried.problems.is_empty() {
            return Err(AdminError::Template(tried.problems));
        }
        let folder = opened.path.parent().unwrap_or(Path::new("/"));
        if !files::exists(folder) {
            create::folder(folder, 0o755).map_err(AdminError::TemplateFile)?;
        }
        // Two that replace the same one would write into each other's unfinished file. The folder of the
        // templates is for others to read, and so to lock.
        let room = self.config.store.parent().unwrap_or(Path::new("/"));
        let alone = create::alone(room).map_err(AdminError::TemplateFile)?;
        let own = own_text(&opened.path)?;
        let now = own.as_deref().unwrap_or_else(|| built_in(opened.name));
        if (own.is_some(), now) != (opened.own, opened.text.as_str()) {
            let text = format!(
                "{} was changed by somebody else meanwhile: look at it, then try again",
                opened.name
            );
            return Err(AdminError::TemplateFile(text));
        }
        // Before it is done: what is not in the audit is not done.
        let (act, text) = match with {
            With::Text(text) => (kinds::Kind::TemplateReplaced, Some(text)),
            With::BuiltIn => (kinds::Kind::TemplateReset, None),
        };
        let (from, to) = (hash_of(own.as_deref()), hash_of(text));
        let detail = json!({"template": opened.name, "from": from, "to": to});
        self.record_act(act, detail.clone(), why)?;
        let done = match with {
            With::Text(text) => create::put_over(&opened.path, 0o644, text.as_bytes()),
            With::BuiltIn => create::take_away(&opened.path),
        };
        drop(alone);
        if let Err(error) = done {
            // The event above says what was not done: the audit must say that too.
            let said = self.record_act(kinds::Kind::TemplateReplaceFailed, detail, why);
            let more = said.map_or_else(
                |failed| format!("; the audit says it was done: {failed}"),
                |()| String::new(),
            );
            return Err(AdminError::TemplateFile(error + &more));
        }
        Ok(Replaced {
            template: opened.name,
            path: opened.path.clone(),
            own: matches!(with, With::Text(_)),
        })
    }
}

/// An own template's text; none where there is no file, or no folder.
fn own_text(path: &Path) -> Result<Option<String>, AdminError> {
    let limit = u64::try_from(LONGEST_TEMPLATE).unwrap_or(u64::MAX);
    let content = match files::read_trusted(path, Readers::Anybody, limit) {
        Ok(content) => content,
        Err(Untrusted::Missing(_)) => return Ok(None),
        Err(untrusted) => return Err(untrusted.into()),
    };
    let text = content.expose_str().ok_or_else(|| {
        AdminError::TemplateFile(format!(
            "{} is not UTF-8 text: move it away, then edit the built-in one",
            path.display()
        ))
    })?;
    Ok(Some(text.to_owned()))
}

fn built_in(name: &str) -> &'static str {
    let found = TEMPLATES.into_iter().find(|(known, _)| *known == name);
    found.map_or("", |(_, text)| text)
}

/// A template as the audit names it.
fn hash_of(own: Option<&str>) -> String {
    own.map_or_else(
        || "built-in".to_owned(),
        |text| format!("sha256:{}", hex(&Sha256::digest(text.as_bytes()))),
    )
}
