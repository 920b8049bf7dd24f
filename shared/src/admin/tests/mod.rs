//! The administrator's acts on a store in memory, with a fixed clock and a mailbox in a cell.

mod acts;
mod notices;
mod undo;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use gatepost_words::ident::{EmailAddress, Person, Service, Source, UserName};
use gatepost_words::job::{Content, Delivered, Outcome, Tls};
use gatepost_words::secret::Secret;
use gatepost_words::time::Span;

use super::browse::Around;
use super::filter::{EventFilter, Filter};
use super::roles::{Operator, Role};
use super::users::{Mask, Proof, State};
use super::why::{Verdict, Why};
use super::{Admin, AdminError, Kind};
use crate::code::key::{Key, Tag};
use crate::config::{Config, Mail, Relay, Roles};
use crate::host::Host;
use crate::host::tests::Fixed;
use crate::people;
use crate::policy::limits::Limits;
use crate::policy::rules::{Action, Groups, Rule};
use crate::policy::{Policy, Unenrolled};
use crate::store::Store;
use crate::store::accounts::{Actor, Guarded};

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
        },
        operator: Operator {
            name: "root (login bob)".into(),
            role: Role::Admin,
            uid: None,
            login: None,
            roles: Roles::default(),
        },
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
        self.admin.users_like(&filter, "", 10, show).unwrap()
    }

    /// Enrols daemon, whom every machine has too, and who has no power over it.
    pub(super) fn enrol_daemon(&mut self) {
        let address = EmailAddress::new("daemon@example.org".to_owned()).unwrap();
        let added = self
            .admin
            .enrol(&name("daemon"), 1, &address, Proof::Word)
            .unwrap();
        assert!(added.confirmed);
    }

    pub(super) fn role(&mut self, role: Role) {
        self.admin.operator.role = role;
    }

    pub(super) fn enrol(&mut self, proof: Proof) -> super::users::Added {
        let address = EmailAddress::new("alice@example.org".to_owned()).unwrap();
        self.admin.enrol(&name("root"), 0, &address, proof).unwrap()
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

#[test]
fn an_address_is_used_once_its_code_came_back() {
    let mut bench = bench();
    let added = bench.enrol(Proof::Code);
    assert_eq!((added.confirmed, added.mail.len()), (false, 1));
    assert_eq!(added.address, "a***@e***.org");
    let why = bench.why();
    assert_eq!(why.verdict, Verdict::NoMail);
    assert_eq!(
        why.sentence,
        "root would be asked, but no code can be mailed: a***@e***.org is not confirmed."
    );
    assert_eq!(why.next, ["gatepost user verify root"]);

    let code = Secret::from(bench.codes.borrow()[0].clone());
    assert!(bench.admin.confirmation_open("root").unwrap());
    bench.admin.confirm("root", &code).unwrap();
    assert_eq!(bench.why().verdict, Verdict::Asked);
    let again = bench.admin.confirm("root", &code).unwrap_err();
    assert_eq!(again.kind(), Kind::NotFound, "{again}");
    assert_eq!(bench.kinds(), ["user-add", "user-confirmed"]);
}

#[test]
fn five_wrong_codes_end_a_confirmation_and_a_new_code_begins_another() {
    let mut bench = bench();
    bench.enrol(Proof::Code);
    let wrong = Secret::from("00000000".to_owned());
    for _ in 0..5 {
        let error = bench.admin.confirm("root", &wrong).unwrap_err();
        assert!(matches!(error, AdminError::WrongCode { .. }), "{error}");
    }
    let right = Secret::from(bench.codes.borrow()[0].clone());
    let over = bench.admin.confirm("root", &right).unwrap_err();
    assert_eq!(over.kind(), Kind::NotFound, "{over}");
    assert!(!bench.admin.confirmation_open("root").unwrap());

    let sent = bench.admin.send_confirmation("root").unwrap();
    assert_eq!(sent.address, "a***@e***.org");
    let newer = Secret::from(bench.codes.borrow()[1].clone());
    assert_eq!(
        bench.admin.confirm("root", &right).unwrap_err().kind(),
        Kind::No,
        "the earlier code died"
    );
    bench.admin.confirm("root", &newer).unwrap();
}

// Mutants: a confirmation's mail is not counted, or not among those that are no codes; it is refused without a
// word; a refused one kills the earlier code.
#[test]
fn confirmations_stop_at_the_ceiling_of_an_address_and_say_why() {
    let mut bench = bench();
    bench.admin.config.policy.limits.mails_per_address_per_day = 4;
    bench.enrol(Proof::Code);
    bench.clock.pass(Span::from_hours(1));
    bench.admin.send_confirmation("root").unwrap();
    let refused = bench.admin.send_confirmation("root").unwrap_err();
    let said = refused.to_string();
    assert!(
        said.contains("a***@e***.org had 2 mails that were no sign-in codes within a day")
            && said.contains("the next may go in 23 h"),
        "{said}"
    );
    assert_eq!(bench.codes.borrow().len(), 2, "no third mail");
    let newest = Secret::from(bench.codes.borrow()[1].clone());
    bench.admin.confirm("root", &newest).unwrap();
    // They count for codes too, and an enrolment that is refused leaves nothing.
    bench.admin.config.policy.limits.mails_per_address_per_day = 2;
    assert_eq!(bench.why().verdict, Verdict::NoMail);
    bench.admin.remove_user("root", None).unwrap();
    let address = EmailAddress::new("alice@example.org".to_owned()).unwrap();
    let refused = bench.admin.enrol(&name("root"), 0, &address, Proof::Code);
    assert!(refused.unwrap_err().to_string().contains("2 mails within"));
    let account = bench.admin.store.account(&name("root")).unwrap().unwrap();
    assert_eq!(account.state, "removed");
    bench.clock.pass(Span::from_hours(24));
    bench.enrol(Proof::Code);
}

#[test]
fn a_day_old_confirmation_code_is_no_longer_taken() {
    let mut bench = bench();
    bench.enrol(Proof::Code);
    bench.clock.pass(Span::from_hours(24));
    assert!(!bench.admin.confirmation_open("root").unwrap());
    let code = Secret::from(bench.codes.borrow()[0].clone());
    assert!(bench.admin.confirm("root", &code).is_err());
}

#[test]
fn the_administrators_word_is_recorded_as_that() {
    let mut bench = bench();
    assert!(bench.enrol(Proof::Word).confirmed);
    assert!(bench.codes.borrow().is_empty());
    let shown = bench.admin.show_user("root", Mask::Masked).unwrap();
    let by = shown.account.addresses[0].confirmed_by.as_deref();
    assert_eq!(by, Some("administrator"));
    let newest = bench.admin.events_like(&EventFilter::default(), 1);
    let event = &newest.unwrap()[0];
    assert_eq!(event.detail["by"], "root (login bob)");
    assert_eq!(event.detail["confirmed"], "by the administrator's word");
    assert_eq!(event.detail["address"], "a***@e***.org");
}

#[test]
fn why_speaks_to_the_point() {
    let mut bench = bench();
    assert_eq!(bench.why().sentence, "root would be refused: not enrolled.");
    bench.enrol(Proof::Word);
    let why = bench.why();
    assert_eq!(
        why.sentence,
        "root would be asked for a code: enrolled, confirmed a***@e***.org, 0 failures."
    );
    assert!(why.next.is_empty());

    bench.admin.disable_user("root", Some("left")).unwrap();
    let why = bench.why();
    assert_eq!(why.verdict, Verdict::Refused);
    assert_eq!(why.next, ["gatepost user enable root"]);
    bench.admin.enable_user("root", None).unwrap();

    bench.rules(&[Rule {
        users: vec![name("root")],
        groups: Vec::new(),
        services: Vec::new(),
        action: Action::Skip,
    }]);
    assert_eq!(bench.why().verdict, Verdict::NotAsked);
    bench.rules(&[]);

    bench.admin.remove_user("root", None).unwrap();
    let why = bench.why();
    assert_eq!(
        why.sentence,
        "root would be refused: the account was removed."
    );
    assert_eq!(why.next, ["gatepost user add root ADDRESS"]);
}

#[test]
fn a_lock_tells_its_time_and_its_cause_and_unlocking_ends_it() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench.admin.config.policy.limits.tries = 5;
    bench.fail(2);
    let why = bench.why();
    assert_eq!(why.verdict, Verdict::Locked);
    assert_eq!(
        why.sentence,
        "root is locked for another 50 min: 10 wrong codes in the last hour, the last from \
         203.0.113.9."
    );
    assert_eq!(why.next, ["gatepost user unlock root"]);
    let listed = &bench.listed("state:locked", Mask::Masked)[0];
    assert_eq!(listed.standing.to_string(), "locked 50 min");

    let acted = bench.admin.unlock_user("root", Some("she called")).unwrap();
    assert_eq!(acted.before.state, State::Locked);
    assert_ne!(bench.why().verdict, Verdict::Locked);
}

#[test]
fn a_page_reads_past_accounts_that_were_wrong_and_are_not_locked() {
    let mut bench = bench();
    // Each of them was wrong today; only root is locked.
    for number in 0..9 {
        let name = UserName::new(format!("wrong{number}")).unwrap();
        let address = EmailAddress::new(format!("{name}@example.org")).unwrap();
        bench
            .admin
            .enrol(&name, 70_000 + number, &address, Proof::Word)
            .unwrap();
    }
    bench.enrol(Proof::Word);
    bench.admin.config.policy.limits.tries = 5;
    bench.fail(2);
    bench.admin.store.suspect_all();
    let page = |filter: &str, around, limit| {
        let filter = Filter::parse(filter).unwrap();
        let page = bench
            .admin
            .browse_users(&filter, &around, limit, Mask::Masked)
            .unwrap();
        let names: Vec<String> = page.rows.into_iter().map(|row| row.key).collect();
        (names, page.more_before, page.more_after)
    };
    let root = || vec!["root".to_owned()];
    assert_eq!(
        page("state:locked", Around::First, 2),
        (root(), false, false)
    );
    assert_eq!(
        page("state:locked", Around::Last, 2),
        (root(), false, false)
    );
    let wrong = |from: u32, to: u32| (from..to).map(|number| format!("wrong{number}"));
    let (names, before, after) = page("!state:locked", Around::First, 2);
    assert_eq!((names, before, after), (wrong(0, 2).collect(), false, true));
    let (names, before, after) = page("", Around::Key("wrong4".into()), 2);
    assert_eq!((names, before, after), (wrong(2, 6).collect(), true, true));
    let counted = |filter: &str| {
        bench
            .admin
            .count_users(&Filter::parse(filter).unwrap())
            .unwrap()
    };
    assert_eq!(counted("wrong"), Some(9));
    assert_eq!(counted("state:locked"), None, "only a reckoning knows");
}

#[test]
fn the_page_of_an_account_gives_the_verdict_of_why() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench.admin.config.policy.limits.tries = 5;
    bench.fail(2);
    let page = bench.admin.browse_user("root", Mask::Masked).unwrap();
    assert_eq!((page.state, page.failures[0]), (State::Locked, 10));
    assert!(
        !page.mails.is_empty()
            || page.addresses == ["a***@e***.org confirmed by an administrator's word"]
    );
    let summary = bench.admin.summary().unwrap();
    assert_eq!(
        (summary.accounts, summary.locked, summary.unconfirmed),
        (1, 1, 0)
    );
    assert_eq!(summary.acts[0].kind, "user-add");
}

#[test]
fn a_mail_that_failed_shows_where_it_is_asked_about() {
    let mut bench = bench();
    *bench.outcome.borrow_mut() = Outcome::Tls;
    let added = bench.enrol(Proof::Code);
    assert!(!super::users::accepted(&added.mail));
    assert_eq!(added.mail[0].reply, "said \\u{1b}[31mred");
    let mails = bench.admin.mails(Some("root"), 10).unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (mails[0].kind.as_str(), mails[0].outcome.as_str()),
        ("confirmation", "tls")
    );
    let test = bench.admin.test_mail("bob@example.org").unwrap();
    assert!(!test.accepted);
}

#[test]
fn ten_recovery_codes_replace_the_earlier_ten() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    let first = bench.admin.new_recovery("root").unwrap();
    assert_eq!((first.codes.len(), first.replaced), (10, 0));
    assert_eq!(bench.admin.new_recovery("root").unwrap().replaced, 10);
    let shown = bench.admin.show_user("root", Mask::Masked).unwrap();
    assert_eq!(shown.recovery_codes_left, 10);
}

#[test]
fn addresses_in_full_leave_an_event() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench.admin.unmask("root", Some("a call")).unwrap();
    let listed = &bench.listed("", Mask::Unmasked)[0];
    assert_eq!(listed.addresses[0].address, "alice@example.org");
    assert_eq!(bench.kinds(), ["user-add", "unmask"]);
}

#[test]
fn who_is_not_enrolled_is_told_what_enrols_them() {
    let mut bench = bench();
    // Who is no user at all is told by the program's own tests: a machine without an installation
    // has no system user to believe the password database by.
    let error = bench.admin.unlock_user("root", None).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (
            Kind::NotFound,
            "root is not enrolled: gatepost user add root ADDRESS"
        )
    );
    bench.enrol(Proof::Word);
    bench.admin.remove_user("root", None).unwrap();
    let error = bench.admin.unlock_user("root", None).unwrap_err();
    assert!(matches!(error, AdminError::Removed(_)), "{error}");
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
            .enrol(&daemon.name, daemon.uid, &address, Proof::Code)
            .unwrap();
        bench.enrol(Proof::Code);
        bench.admin.operator = Operator {
            name: "hal (helpdesk)".into(),
            role: Role::Helpdesk,
            uid: Some(4_000_001),
            login: Some(4_000_002),
            roles: Roles {
                auditor: vec![],
                helpdesk: vec![],
                admin: vec!["root".into()],
            },
        };
        bench
    }
}

// Mutants: any of the guards is left out; the account's own uid, or the login's, is not asked.
#[test]
fn the_helpdesk_acts_on_nobody_with_privileges() {
    type Change = fn(&mut Operator);
    let cases: [(&str, Change, Option<&str>); 7] = [
        ("daemon", |_| {}, None),
        ("root", |_| {}, Some("that is root")),
        ("daemon", |o| o.uid = Some(daemon().uid), Some("yourself")),
        ("daemon", |o| o.login = Some(daemon().uid), Some("yourself")),
        (
            "daemon",
            |o| o.roles.auditor = vec!["daemon".into()],
            Some("have a role"),
        ),
        (
            "daemon",
            |o| o.roles.helpdesk = vec!["daemon".into()],
            Some("have a role"),
        ),
        (
            "daemon",
            |o| o.roles.admin = vec!["no-such-group".into(), "daemon".into()],
            Some("have a role"),
        ),
    ];
    for (user, change, why) in cases {
        let mut bench = Bench::helped();
        change(&mut bench.admin.operator);
        let ends = [
            bench.admin.unlock_user(user, None).map(drop),
            bench.admin.confirmation_open(user).map(drop),
            bench.admin.send_confirmation(user).map(drop),
        ];
        for end in ends {
            let Some(why) = why else {
                end.unwrap();
                continue;
            };
            let error = end.unwrap_err();
            assert!(error.to_string().contains(why), "{user}: {error}");
            assert_eq!(error.kind(), Kind::NotPermitted);
        }
        let wrong = bench.admin.confirm(user, &Secret::from("1".to_owned()));
        let is_guarded = matches!(wrong, Err(AdminError::Guarded { .. }));
        assert_eq!(is_guarded, why.is_some(), "{user}");
    }
}

// Mutants: nothing is counted; an admin's unlock counts, or refills; the count is another account's; a
// refused one unlocks nevertheless.
#[test]
fn the_helpdesk_unlocks_an_account_five_times_a_day() {
    let mut bench = Bench::helped();
    let helpdesk = bench.admin.operator.clone();
    for _ in 0..5 {
        bench.admin.unlock_user("daemon", None).unwrap();
    }
    let unlocks = |bench: &Bench| {
        let mut kinds = bench.kinds();
        kinds.retain(|kind| kind == "user-unlock");
        kinds.len()
    };
    let often = bench.admin.unlock_user("daemon", None).unwrap_err();
    assert!(matches!(often, AdminError::UnlockedOften { most: 5, .. }));
    assert_eq!(often.kind(), Kind::NotPermitted);
    assert_eq!(unlocks(&bench), 5);
    bench.admin.operator.role = Role::Admin;
    bench.admin.unlock_user("daemon", None).unwrap();
    bench.admin.operator = helpdesk;
    assert!(bench.admin.unlock_user("daemon", None).is_err());
    bench.clock.pass(Span::from_hours(23));
    assert!(bench.admin.unlock_user("daemon", None).is_err());
    bench.clock.pass(Span::from_hours(1));
    bench.admin.unlock_user("daemon", None).unwrap();
    assert_eq!(unlocks(&bench), 7);
}

// Mutants: the uid that the guards were asked about is not compared, in either transaction.
#[test]
fn a_confirmation_is_the_account_that_the_guards_saw() {
    let mut bench = bench();
    bench.enrol(Proof::Code);
    let (name, account) = bench.admin.enrolled("root").unwrap();
    bench.clock.pass(Span::from_hours(2));
    let now = bench.admin.host.now();
    for (uid, is_it) in [(account.uid, true), (account.uid + 1, false)] {
        let guarded = Guarded { name: &name, uid };
        let counted = bench.admin.store.count_confirmation(&now, guarded);
        assert_eq!(counted.is_ok(), is_it, "{uid}");
        let (tag, actor) = (Tag([0; 32]), bench.admin.actor.clone());
        let sent = bench
            .admin
            .store
            .renew_confirmation(&now, &actor, guarded, [1; 16], &tag, 9);
        assert_eq!(sent.is_ok(), is_it, "{uid}");
    }
}

// Mutant: admins are counted, or nobody is.
#[test]
fn the_helpdesk_sees_addresses_a_hundred_times_a_day() {
    let mut bench = Bench::helped();
    for _ in 0..100 {
        bench.admin.unmask("", None).unwrap();
    }
    let often = bench.admin.unmask("", None).unwrap_err();
    assert!(matches!(often, AdminError::UnmaskedOften(100)));
    assert_eq!(often.kind(), Kind::NotPermitted);
    bench.admin.operator.role = Role::Admin;
    bench.admin.unmask("", None).unwrap();
}

// Mutants: Mask::needs says Look; an auditor's search looks at addresses.
#[test]
fn an_auditor_learns_no_address() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench.admin.operator.role = Role::Auditor;
    let all = Filter::parse("").unwrap();
    let shown = [
        bench.admin.unmask("", None).map(drop),
        bench.admin.show_user("root", Mask::Unmasked).map(drop),
        bench.admin.browse_user("root", Mask::Unmasked).map(drop),
        bench
            .admin
            .users_like(&all, "", 9, Mask::Unmasked)
            .map(drop),
        bench
            .admin
            .browse_users(&all, &Around::First, 9, Mask::Unmasked)
            .map(drop),
    ];
    for refused in shown {
        assert_eq!(refused.unwrap_err().kind(), Kind::NotPermitted);
    }
    assert_eq!(bench.listed("root", Mask::Masked).len(), 1);
    assert_eq!(bench.listed("alice@", Mask::Masked).len(), 0);
    let by_address = Filter::parse("alice@").unwrap();
    assert_eq!(bench.admin.count_users(&by_address).unwrap(), Some(0));
    bench.admin.operator.role = Role::Helpdesk;
    assert_eq!(bench.listed("alice@", Mask::Masked).len(), 1);
}

#[test]
fn upkeep_of_a_fresh_store_finds_nothing() {
    let mut bench = bench();
    let maintained = bench.admin.maintain().unwrap();
    assert_eq!(maintained.notices_sent + maintained.notices_failed, 0);
    assert_eq!(maintained.purged, crate::store::upkeep::Purged::default());
}
