//! What the flow asks of the host process, in the flow's words: who logs in, one question at a
//! time, a last word. No pointer and no PAM code leaves this file.
//!
//! Not for deciding anything. Beside the real conversation stands a scripted one for tests, which
//! must be used up.

use std::ffi::CStr;
use std::fmt;

use gatepost_words::secret::Secret;
use pam::constants::{
    PAM_ERROR_MSG, PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON, PAM_SILENT, PAM_TEXT_INFO, PamFlag,
};
use pam::conv::Conv;
use pam::items::{AuthTok, RHost, RUser, Service, Tty, User};
use pam::module::{PamHandle, PamResult};
use rustix::process::getuid;

use crate::ffi;

/// The host's side of a login.
pub(crate) trait Conversation {
    /// What the host says about the login.
    fn facts(&mut self) -> Result<Facts, BadItem>;

    /// Shows the text as one prompt and returns what came back, if anything did.
    fn ask(&mut self, text: &str, echo: Echo) -> Result<Secret, NoAnswer>;

    /// Shows a last line, if the host shows any. Nothing depends on its being seen.
    fn tell(&mut self, tone: Tone, text: &str);

    /// `PAM_USER` as it stands now: other modules and the conversation can change it.
    fn user(&self) -> Result<String, BadItem>;

    /// Whether this is the password that the stack knows. It is compared here so that it never
    /// crosses to the helper.
    fn is_password(&self, answer: &Secret) -> bool;
}

/// What the host says about the login.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// `PAM_SERVICE`.
    pub(crate) service: String,
    /// `PAM_USER`.
    pub(crate) user: String,
    /// `PAM_RHOST`.
    pub(crate) rhost: Option<String>,
    /// `PAM_TTY`.
    pub(crate) tty: Option<String>,
    /// `PAM_RUSER`.
    pub(crate) ruser: Option<String>,
    /// Real uid of the host process.
    pub(crate) caller_uid: u32,
    /// `SSH_AUTH_INFO_0` of the PAM environment.
    pub(crate) auth_info: Option<String>,
}

/// Whether what is typed shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    /// It shows.
    On,
    /// It does not.
    Off,
}

/// How a last line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It went well.
    Inform,
    /// It did not.
    Refuse,
}

/// The conversation failed: Ctrl-C, a closed terminal, a host that cannot prompt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoAnswer;

/// A PAM item that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadItem {
    item: &'static str,
    why: &'static str,
}

impl BadItem {
    /// Names the item and what is wrong with it.
    pub(crate) const fn new(item: &'static str, why: &'static str) -> Self {
        Self { item, why }
    }
}

impl fmt::Display for BadItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.item, self.why)
    }
}

/// The real conversation, over libpam.
pub(crate) struct PamConversation<'a> {
    handle: &'a mut PamHandle,
    silent: bool,
}

impl<'a> PamConversation<'a> {
    /// For the length of one call of the module.
    pub(crate) fn new(handle: &'a mut PamHandle, flags: PamFlag) -> Self {
        Self {
            handle,
            silent: flags & PAM_SILENT != 0,
        }
    }

    /// One message, as sshd shows no more than one with a prompt.
    fn send(&self, style: i32, text: &str) -> Result<Option<Secret>, NoAnswer> {
        let Ok(Some(conversation)) = self.handle.get_item::<Conv<'_>>() else {
            return Err(NoAnswer);
        };
        match conversation.send(style, text) {
            Ok(reply) => Ok(reply.map(|reply| Secret::new(reply.as_bytes().to_vec()))),
            Err(_whatever_the_host_calls_it) => Err(NoAnswer),
        }
    }
}

impl Conversation for PamConversation<'_> {
    fn facts(&mut self) -> Result<Facts, BadItem> {
        // May ask for the name, where the host left that to the stack.
        if self.handle.get_user(None).is_err() {
            return Err(BadItem::new("PAM_USER", "could not be read"));
        }
        let auth_info = ffi::pam_variable(self.handle, c"SSH_AUTH_INFO_0");
        let handle = &*self.handle;
        Ok(Facts {
            service: required("PAM_SERVICE", handle.get_item().map(of_service))?,
            user: self.user()?,
            rhost: item("PAM_RHOST", handle.get_item().map(of_rhost))?,
            tty: item("PAM_TTY", handle.get_item().map(of_tty))?,
            ruser: item("PAM_RUSER", handle.get_item().map(of_ruser))?,
            caller_uid: getuid().as_raw(),
            auth_info: auth_info.map(shortened),
        })
    }

    fn ask(&mut self, text: &str, echo: Echo) -> Result<Secret, NoAnswer> {
        let style = match echo {
            Echo::On => PAM_PROMPT_ECHO_ON,
            Echo::Off => PAM_PROMPT_ECHO_OFF,
        };
        self.send(style, text)?.ok_or(NoAnswer)
    }

    fn tell(&mut self, tone: Tone, text: &str) {
        if self.silent {
            return;
        }
        let style = match tone {
            Tone::Inform => PAM_TEXT_INFO,
            Tone::Refuse => PAM_ERROR_MSG,
        };
        let _unseen_is_fine = self.send(style, text);
    }

    fn user(&self) -> Result<String, BadItem> {
        required("PAM_USER", self.handle.get_item().map(of_user))
    }

    fn is_password(&self, answer: &Secret) -> bool {
        let Ok(Some(password)) = self.handle.get_item::<AuthTok<'_>>() else {
            return false;
        };
        let password = Secret::new(password.as_bytes().to_vec());
        !password.is_empty() && password == *answer
    }
}

fn of_service(item: Option<Service<'_>>) -> Option<&CStr> {
    item.map(|Service(text)| text)
}

fn of_user(item: Option<User<'_>>) -> Option<&CStr> {
    item.map(|User(text)| text)
}

fn of_rhost(item: Option<RHost<'_>>) -> Option<&CStr> {
    item.map(|RHost(text)| text)
}

fn of_tty(item: Option<Tty<'_>>) -> Option<&CStr> {
    item.map(|Tty(text)| text)
}

fn of_ruser(item: Option<RUser<'_>>) -> Option<&CStr> {
    item.map(|RUser(text)| text)
}

fn required(name: &'static str, found: PamResult<Option<&CStr>>) -> Result<String, BadItem> {
    item(name, found)?.ok_or(BadItem::new(name, "is not set"))
}

fn item(name: &'static str, found: PamResult<Option<&CStr>>) -> Result<Option<String>, BadItem> {
    let found = found.map_err(|_any_code| BadItem::new(name, "could not be read"))?;
    found.map(|text| checked(name, text)).transpose()
}

fn checked(name: &'static str, text: &CStr) -> Result<String, BadItem> {
    match text.to_str() {
        Ok(text) if text.len() <= ITEM_LIMIT => Ok(text.to_owned()),
        Ok(_) => Err(BadItem::new(name, "is longer than 1024 bytes")),
        Err(_) => Err(BadItem::new(name, "is not UTF-8")),
    }
}

/// Keeps the head of what only the log wants. sshd puts whole certificates there, several KiB long:
/// no reason to refuse their owners.
fn shortened(mut value: Vec<u8>) -> String {
    value.truncate(ITEM_LIMIT);
    String::from_utf8_lossy(&value).into_owned()
}

const ITEM_LIMIT: usize = 1024;

#[cfg(test)]
pub(crate) mod script {
    //! A conversation that plays a script and panics on anything else.

    use std::collections::VecDeque;

    use gatepost_words::secret::Secret;

    use super::{BadItem, Conversation, Echo, Facts, NoAnswer, Tone};

    /// One step of a script.
    #[derive(Debug)]
    pub(crate) enum Step {
        /// The prompt that must come, and what is typed.
        Types(&'static str, &'static [u8]),
        /// The prompt that must come, hidden, and what is typed.
        TypesHidden(&'static str, &'static [u8]),
        /// The prompt that must come; the conversation fails.
        Fails(&'static str),
        /// Another module, or the host, changes `PAM_USER` at the prompt that must come.
        ChangesUser(&'static str, &'static str),
        /// The prompt that must come; the host goes mad.
        Panics(&'static str),
        /// The last line that must come.
        Hears(Tone, &'static str),
        /// The last line that must come, and `PAM_USER` changed by the time that it is seen.
        HearsAndChangesUser(&'static str, &'static str),
    }

    /// Plays the steps in order; dropping it with steps left is a failure.
    #[derive(Debug)]
    pub(crate) struct Scripted {
        steps: VecDeque<Step>,
        user: &'static str,
        password: &'static str,
    }

    impl Scripted {
        /// As alice, whose password is `correct horse`.
        pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
            Self {
                steps: steps.into_iter().collect(),
                user: "alice",
                password: "correct horse",
            }
        }

        /// As alice, whose password is another, or of whom the stack knows none.
        pub(crate) fn with_password(
            password: &'static str,
            steps: impl IntoIterator<Item = Step>,
        ) -> Self {
            let mut scripted = Self::new(steps);
            scripted.password = password;
            scripted
        }
    }

    impl Conversation for Scripted {
        fn facts(&mut self) -> Result<Facts, BadItem> {
            panic!("the flow is given its facts")
        }

        fn ask(&mut self, text: &str, echo: Echo) -> Result<Secret, NoAnswer> {
            let step = self.steps.pop_front();
            let (prompt, shown, typed) = match step {
                Some(Step::Types(prompt, typed)) => (prompt, Echo::On, Ok(typed)),
                Some(Step::TypesHidden(prompt, typed)) => (prompt, Echo::Off, Ok(typed)),
                Some(Step::Fails(prompt)) => (prompt, Echo::On, Err(NoAnswer)),
                Some(Step::ChangesUser(prompt, user)) => {
                    self.user = user;
                    (prompt, Echo::On, Ok(b"12345678".as_slice()))
                }
                Some(Step::Panics(prompt)) => panic!("as the script says, at {prompt:?}"),
                other => panic!("asked {text:?} where the script has {other:?}"),
            };
            assert_eq!((text, echo), (prompt, shown));
            typed.map(|typed| Secret::new(typed.to_vec()))
        }

        fn tell(&mut self, tone: Tone, text: &str) {
            match self.steps.pop_front() {
                Some(Step::Hears(expected, line)) => assert_eq!((tone, text), (expected, line)),
                Some(Step::HearsAndChangesUser(line, user)) => {
                    assert_eq!(text, line);
                    self.user = user;
                }
                other => panic!("told {text:?} where the script has {other:?}"),
            }
        }

        fn user(&self) -> Result<String, BadItem> {
            if self.user.is_empty() {
                return Err(BadItem::new("PAM_USER", "is not UTF-8"));
            }
            Ok(self.user.to_owned())
        }

        fn is_password(&self, answer: &Secret) -> bool {
            !self.password.is_empty() && answer.expose() == self.password.as_bytes()
        }
    }

    impl Drop for Scripted {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                assert!(
                    self.steps.is_empty(),
                    "left of the script: {:?}",
                    self.steps
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BadItem, ITEM_LIMIT, checked, shortened};

    #[test]
    fn an_item_that_is_no_text_or_too_long_is_a_refusal() {
        let long = std::ffi::CString::new("a".repeat(ITEM_LIMIT + 1)).unwrap();
        let longest = std::ffi::CString::new("a".repeat(ITEM_LIMIT)).unwrap();
        assert_eq!(checked("PAM_TTY", c"pts/0"), Ok("pts/0".to_owned()));
        assert!(checked("PAM_TTY", &longest).is_ok());
        assert_eq!(
            checked("PAM_TTY", &long),
            Err(BadItem::new("PAM_TTY", "is longer than 1024 bytes"))
        );
        assert_eq!(
            checked("PAM_USER", c"al\xffice"),
            Err(BadItem::new("PAM_USER", "is not UTF-8"))
        );
    }

    #[test]
    fn a_long_certificate_is_cut_and_no_refusal() {
        assert_eq!(shortened(vec![b'a'; 5000]).len(), ITEM_LIMIT);
    }
}
