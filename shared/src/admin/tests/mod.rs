//! The administrator's acts on a store in memory, with a fixed clock and a mailbox in a cell. Here is
//! the bench that they are done at, and no test.

mod acts;
mod confirm;
mod fingerprints;
mod lists;
mod notices;
mod reasons;
mod recovery;
mod rights;
mod undo;
mod undo_each;
mod undo_others;
mod undo_together;
mod upkeep;
mod why;

use std::cell::{OnceCell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;

use gatepost_words::ident::{EmailAddress, Person, Service, Source, UserName};
use gatepost_words::job::{Content, Delivered, Outcome, Tls};
use gatepost_words::secret::Secret;
use gatepost_words::time::Span;

use super::Admin;
use super::browse::After;
use super::filter::{EventFilter, Filter};
use super::roles::{Operator, Role, Terminal};
use super::users::{Mask, Proof};
use super::why::Why;
use crate::code::key::Key;
use crate::config::{Config, Mail, Relay, Roles};
use crate::host::Host;
use crate::host::tests::Fixed;
use crate::people;
use crate::policy::limits::Limits;
use crate::policy::rules::{Groups, Rule};
use crate::policy::{Policy, Unenrolled};
use crate::store::Store;
use crate::store::accounts::Actor;
use crate::store::undo::Batch;

/// An administrator, and what their letters said.
pub(super) struct Bench {
    pub(super) admin: Admin,
    codes: Rc<RefCell<Vec<String>>>,
    outcome: Rc<RefCell<Outcome>>,
    pub(super) clock: Rc<Fixed>,
}

/// The clock is the test's and the administrator's at once.
struct Shared(Rc<Fixed>);

impl Host for Shared {
    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), crate::host::NoRandomness> {
        self.0.fill_random(buffer)
    }

    fn now(&self) -> crate::host::Now {
        self.0.now()
    }
}

fn config() -> Config {
    Config {
        policy: Policy {
            limits: Limits::default(),
            unenrolled: Unenrolled::Refuse,
        },
        mail: Mail {
            from: "gatepost@example.org".into(),
            envelope_from: "gatepost@example.org".into(),
            code_in_subject: false,
            templates: None,
            relays: vec![Relay {
                host: "mail.example.org".into(),
                port: 465,
                tls: Tls::Implicit,
                roots: PathBuf::from("/dev/null"),
                login: None,
            }],
        },
        host: "host01".into(),
        store: PathBuf::from("/nowhere/gatepost.db"),
        key: PathBuf::from("/nowhere/key"),
        keep_events: Span::from_hours(400 * 24),
    }
}

pub(super) fn bench() -> Bench {
    let codes = Rc::new(RefCell::new(Vec::new()));
    let outcome = Rc::new(RefCell::new(Outcome::Accepted));
    let clock = Rc::new(Fixed::new());
    let (seen, ends) = (Rc::clone(&codes), Rc::clone(&outcome));
    let admin = Admin {
        config: config(),
        conf: PathBuf::from("/etc/gatepost/gatepost.toml"),
        store: Store::in_memory(),
        key: Key::new(Secret::new(vec![7; 32])),
        fingerprints: OnceCell::new(),
        host: Box::new(Shared(Rc::clone(&clock))),
        post: Box::new(move |_config, _clock, kind, letter| {
            if let Content::Confirmation { code, .. } = &letter.content {
                seen.borrow_mut()
                    .push(code.expose_str().unwrap().to_owned());
            }
            vec![Delivered {
                kind,
                relay: "mail.example.org:465".into(),
                outcome: *ends.borrow(),
                reply: "said \x1b[31mred".into(),
                message_id: "<1@host01>".into(),
                millis: 412,
                warning: None,
            }]
        }),
        actor: Actor {
            name: "root (login bob)".into(),
            tty: Some("pts/3".into()),
            rhost: Some("203.0.113.9".into()),
            fingerprints: None,
            reason: None,
        },
        operator: Operator {
            name: "root (login bob)".into(),
            role: Role::Admin,
            uid: None,
            login: None,
            terminal: Terminal::default(),
            roles: Roles::default(),
        },
        batch: Batch::Alone,
    };
    Bench {
        admin,
        codes,
        outcome,
        clock,
    }
}

pub(super) fn name(name: &str) -> UserName {
    UserName::new(name.to_owned()).unwrap()
}

/// Accounts in every state, their names in another order than their states have; all of them were wrong today.
pub(super) fn in_every_state() -> Bench {
    let mut bench = bench();
    for number in 0..15_u32 {
        let user = name(&format!("user{:02}", number * 7 % 15));
        let address = EmailAddress::new(format!("{user}@example.org")).unwrap();
        let proof = if number % 5 == 1 {
            Proof::Code
        } else {
            Proof::Word
        };
        let admin = &mut bench.admin;
        admin
            .enrol(&user, 70_000 + number, &address, proof, None)
            .unwrap();
        match number % 5 {
            0 => drop(admin.lock_user(user.as_str(), "").unwrap()),
            2 => drop(admin.disable_user(user.as_str(), "").unwrap()),
            4 => drop(admin.remove_user(user.as_str(), "").unwrap()),
            _active_or_unconfirmed => {}
        }
    }
    bench.admin.store.suspect_all();
    bench
}

/// root is the one user whom every machine has.
fn root() -> Person {
    people::find(&name("root")).unwrap()
}

fn no_groups() -> Groups {
    Groups::Known {
        member: Vec::new(),
        missing: Vec::new(),
    }
}

impl Admin {
    /// The store, and what every change to it takes.
    pub(super) fn parts(&mut self) -> (&mut Store, crate::host::Now, Actor) {
        (&mut self.store, self.host.now(), self.actor.clone())
    }
}

impl Bench {
    /// Every notice that is due, taken from the outbox: what it tells, and where it goes.
    fn notices(&mut self) -> Vec<(String, String)> {
        use crate::store::mails::Told;
        let mut found = Vec::new();
        let now = self.clock.now();
        while let Some(notice) = self.admin.store.claim_notice(&now, 30).unwrap() {
            let told = match notice.told {
                Told::Act(told) => format!("{} {}", told.act.word(), told.address),
                Told::HalfFinished(_) => "half-finished".to_owned(),
            };
            found.push((told.trim().to_owned(), notice.to.as_str().to_owned()));
        }
        found
    }

    fn version(&self) -> i64 {
        let shown = self.admin.show_user("root", Mask::Masked).unwrap();
        shown.account.version
    }

    fn state(&self) -> String {
        let shown = self.admin.show_user("root", Mask::Masked).unwrap();
        shown.account.standing.to_string()
    }

    /// Addresses in full, and whether they are confirmed.
    fn addresses(&self) -> Vec<(String, bool)> {
        let account = self.admin.store.account(&name("root")).unwrap().unwrap();
        let addresses = account.addresses.into_iter();
        addresses
            .map(|address| (address.address, address.confirmed.is_some()))
            .collect()
    }

    fn rules(&mut self, rules: &[Rule]) {
        self.admin.store.put_rules(&self.clock.now(), rules);
    }

    /// The accounts that a filter wants.
    fn listed(&self, filter: &str, show: Mask) -> Vec<super::users::Listed> {
        let filter = Filter::parse(filter).unwrap();
        self.admin
            .users_like(&filter, &After::default(), 10, show)
            .unwrap()
    }

    /// Enrols daemon, whom every machine has too, and who has no power over it.
    pub(super) fn enrol_daemon(&mut self) {
        let address = EmailAddress::new("daemon@example.org".to_owned()).unwrap();
        let added = self
            .admin
            .enrol(&name("daemon"), 1, &address, Proof::Word, None)
            .unwrap();
        assert!(added.confirmed);
    }

    pub(super) fn role(&mut self, role: Role) {
        self.admin.operator.role = role;
    }

    pub(super) fn enrol(&mut self, proof: Proof) -> super::users::Added {
        let address = EmailAddress::new("alice@example.org".to_owned()).unwrap();
        self.admin
            .enrol(&name("root"), 0, &address, proof, None)
            .unwrap()
    }

    fn why(&self) -> Why {
        let service = Service::new("sshd").unwrap();
        let source = Source::from_pam(Some("203.0.113.9"), None, 0);
        self.admin
            .explain(&root(), &service, &source, None)
            .unwrap()
    }

    fn kinds(&self) -> Vec<String> {
        let events = self
            .admin
            .events_like(&EventFilter::default(), 100)
            .unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }

    /// So many codes, each guessed at wrongly five times, a minute apart.
    fn fail(&mut self, codes: u32) {
        use crate::code::key::Tag;
        use crate::host::ProcessId;
        use crate::store::signin::{Fresh, Opening, Prompt, What};
        let (person, service) = (root(), Service::new("sshd").unwrap());
        let source = Source::from_pam(Some("203.0.113.9"), None, 0);
        let groups = no_groups();
        let rules = self.admin.store.policy(&self.clock.now()).unwrap();
        let opening = Opening {
            rules: &rules,
            person: Some(&person),
            typed: "root",
            service: &service,
            source: &source,
            groups: &groups,
            host: "host01",
            process: ProcessId::own(),
            proved: gatepost_words::wire::Proved::Password,
            decoy: false,
            detail: serde_json::json!({}),
        };
        let policy = self.admin.config.policy.clone();
        for round in 0..codes {
            let now = self.clock.now();
            let mut id = [0; 16];
            self.clock.fill_random(&mut id).unwrap();
            let fresh = Fresh {
                id,
                reference: "K7QX".into(),
                tag: Tag([0; 32]),
            };
            let store = &mut self.admin.store;
            let begun = store.begin(&now, &opening, &policy, &fresh, None).unwrap();
            let What::Waiting(waiting) = begun.what else {
                panic!("round {round}: {:?}", begun.what);
            };
            let Prompt::Mail(mailing) = &waiting.prompt else {
                panic!("round {round}: {:?}", waiting.prompt);
            };
            for _ in 0..5 {
                let now = self.clock.now();
                let _counted = store
                    .count_guess(&now, &opening, &policy, &waiting, mailing.challenge.id)
                    .unwrap();
                self.clock.pass(Span::from_mins(1));
            }
            let now = self.clock.now();
            let _closed = store
                .close(
                    &now,
                    &opening,
                    &waiting,
                    "wrong",
                    serde_json::json!({}),
                    None,
                )
                .unwrap();
        }
    }
}

/// The password database's entry of a user that every machine has, and nobody logs in as.
fn daemon() -> Person {
    people::find(&name("daemon")).unwrap()
}

impl Bench {
    /// With daemon enrolled, and somebody of the helpdesk at work.
    fn helped() -> Self {
        let mut bench = bench();
        let address = EmailAddress::new("d@example.org".to_owned()).unwrap();
        let daemon = daemon();
        bench
            .admin
            .enrol(&daemon.name, daemon.uid, &address, Proof::Code, None)
            .unwrap();
        bench.enrol(Proof::Code);
        bench.admin.operator = Operator {
            name: "hal (helpdesk)".into(),
            role: Role::Helpdesk,
            uid: Some(4_000_001),
            login: Some(4_000_002),
            terminal: Terminal::default(),
            roles: Roles {
                auditor: vec![],
                helpdesk: vec![],
                admin: vec!["root".into()],
            },
        };
        bench
    }
}
