//! Sign-ins played through the machine, without a socket or a sender. The account is `daemon`,
//! which every password database has. Here is the desk that they are played at, and no test.

mod bypass;
mod changed;
mod codes;
mod decided;
mod decoy;
mod endings;
mod locks;
mod mails;
mod notices;
mod recovery;
mod sharing;
mod shield;
mod waiting;

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::job::{Content, Delivered, Outcome};
use gatepost_words::secret::Secret;
use gatepost_words::time::Span;
use gatepost_words::wire::{Hello, Nonce, Proved, Verdict};

use super::{Login, Step};
use crate::code::Code;
use crate::code::key::{Key, Purpose, Verified};
use crate::config::{Config, Mail};
use crate::host::Host;
use crate::host::tests::Fixed;
use crate::policy::limits::Limits;
use crate::policy::rules::{Action, Rule};
use crate::policy::{Policy, Unenrolled};
use crate::store::Store;
use crate::store::accounts::{Actor, Confirmation};
use crate::store::guesses::Counted;

const USER: &str = "daemon";
const UID: u32 = 1;

/// A store, a configuration and clocks; logins begin in it.
struct Desk {
    host: Fixed,
    config: Config,
    key: Key,
    folder: tempfile::TempDir,
}

/// One login under way, with the code that was mailed for it.
struct Play<'d> {
    login: Login<'d, Fixed>,
    said: String,
    code: Option<String>,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            policy: Policy {
                limits: Limits::default(),
                unenrolled: Unenrolled::Refuse,
            },
            mail: Mail {
                from: "Gatepost <gatepost@example.org>".into(),
                envelope_from: "gatepost@example.org".into(),
                code_in_subject: false,
                templates: None,
                relays: Vec::new(),
            },
            host: "host01".into(),
            store: folder.path().join("gatepost.db"),
            key: "/nowhere".into(),
            keep_events: Span::from_hours(400 * 24),
        };
        let key = Key::new(Secret::new(vec![7; 32])).unwrap();
        Self {
            host: Fixed::new(),
            config,
            key,
            folder,
        }
    }

    /// With `daemon` enrolled.
    fn enrolled() -> Self {
        let desk = Self::new();
        let address = EmailAddress::new("daemon@example.org".into()).unwrap();
        desk.store()
            .add_account(
                &desk.host.now(),
                &actor(),
                &user(),
                UID,
                &address,
                &Confirmation::Word,
            )
            .unwrap();
        desk
    }

    fn store(&self) -> Store {
        Store::scratch(&self.folder.path().join("gatepost.db"))
    }

    fn rules(&self, rules: &[Rule]) {
        self.store().put_rules(&self.host.now(), rules);
    }

    #[expect(clippy::unused_self, reason = "it reads as the desk's own")]
    fn hello(&self) -> Hello {
        Hello {
            nonce: Nonce([9; 16]),
            conf: None,
            service: "sshd".into(),
            user: USER.into(),
            rhost: Some("192.0.2.1".into()),
            tty: Some("ssh".into()),
            ruser: None,
            caller_uid: 0,
            auth_info: None,
            decoy: false,
            after: Proved::Password,
        }
    }

    fn begin(&self, hello: Hello) -> Result<Play<'_>, Verdict> {
        let mut login = Login::new(
            &self.host,
            &self.config,
            &self.key,
            self.store(),
            None,
            hello,
        )
        .unwrap();
        match login.begin().unwrap() {
            Step::Ask(said) => {
                let code = mailed(&mut login);
                Ok(Play { login, said, code })
            }
            Step::End(end) => Err(end.verdict),
        }
    }

    fn log_in(&self) -> Play<'_> {
        self.begin(self.hello()).unwrap()
    }

    fn kinds(&self) -> Vec<String> {
        self.store()
            .events_after(0, 1000)
            .unwrap()
            .into_iter()
            .map(|event| event.kind)
            .collect()
    }

    fn decisions(&self) -> usize {
        self.kinds()
            .iter()
            .filter(|kind| *kind == "decision")
            .count()
    }
}

impl Play<'_> {
    /// Types an answer: the next prompt, or the verdict.
    fn type_in(&mut self, text: &str) -> Result<String, Verdict> {
        match self.login.answer(USER, text.as_bytes()).unwrap() {
            Step::Ask(said) => {
                if let Some(code) = mailed(&mut self.login) {
                    self.code = Some(code);
                }
                Ok(said)
            }
            Step::End(end) => Err(end.verdict),
        }
    }

    fn type_code(&mut self) -> Result<String, Verdict> {
        let code = self.code.clone().unwrap();
        self.type_in(&code)
    }

    fn delivery(&mut self, outcome: Outcome) {
        let delivered = Delivered {
            kind: "code",
            relay: "relay:465".into(),
            outcome,
            reply: "250 ok".into(),
            message_id: "<x@y>".into(),
            millis: 5,
            warning: None,
        };
        self.login.delivered(&delivered, true);
    }
}

fn mailed(login: &mut Login<'_, Fixed>) -> Option<String> {
    let letter = login.take_letter()?;
    let Content::Code { code, .. } = letter.content else {
        panic!("not a code")
    };
    Some(code.expose_str().unwrap().to_owned())
}

fn actor() -> Actor {
    Actor {
        name: "root".into(),
        ..Actor::default()
    }
}

fn user() -> UserName {
    UserName::new(USER.into()).unwrap()
}

/// A code that is not the one of the play.
fn wrong_code(play: &Play<'_>) -> &'static str {
    if play.code.as_deref() == Some("0000 0000") {
        "11111111"
    } else {
        "00000000"
    }
}

fn all(action: Action, groups: &[&str]) -> Rule {
    Rule {
        users: vec![],
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        services: vec![],
        action,
    }
}

/// The first half of an answer: the guess is counted and found right, and nothing is consumed yet.
fn counted(play: &mut Play<'_>, code: &str) -> (Verified, i64) {
    let login = &mut play.login;
    let (waiting, challenge) = (
        login.waiting.clone().unwrap(),
        login.current.clone().unwrap(),
    );
    let (now, opening) = (login.host.now(), login.case.opening());
    let policy = &login.config.policy;
    let counted = login
        .store
        .count_guess(&now, &opening, policy, &waiting, challenge.id)
        .unwrap();
    let Counted::Compare { guess, .. } = counted else {
        panic!("{counted:?}")
    };
    let typed = Code::typed(code.as_bytes());
    let verified = login
        .key
        .verify(Purpose::SignIn, &challenge.id, &typed, &challenge.tag);
    (verified.unwrap(), guess)
}

/// The second half; true when it let in.
fn consumed(play: &mut Play<'_>, (verified, guess): (Verified, i64)) -> bool {
    let login = &mut play.login;
    let (waiting, challenge) = (
        login.waiting.clone().unwrap(),
        login.current.clone().unwrap(),
    );
    let (now, opening) = (login.host.now(), login.case.opening());
    let consumed = login
        .store
        .consume(&now, &opening, &waiting, challenge.id, guess, verified);
    consumed.unwrap().is_some()
}
