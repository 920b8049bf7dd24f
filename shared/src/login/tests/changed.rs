//! Sign-ins that wait while the store becomes another one beneath them.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::wire::Verdict;

use super::bypass::CODE as BYPASS;
use super::{Desk, Play, actor, consumed, counted};
use crate::code::bypass::BypassCode;
use crate::code::recovery::RecoveryCode;
use crate::host::Host;
use crate::policy::rules::Action;
use crate::store::accounts::Confirmation;
use crate::store::bypass::BypassMatch;
use crate::store::guesses::{Counted, RecoveryMatch};
use crate::store::restore::Options;

const RECOVERY: &str = "ABCDE-FGHJK-MNPQR";

/// What happens to the store, and what it is called.
const CHANGES: [(&str, &str); 4] = [
    ("nothing", "SELECT 1"),
    (
        "the row is another name's",
        "UPDATE accounts SET name = 'games' WHERE name = 'daemon';
         INSERT INTO accounts (name, uid, state, created_wall) VALUES ('daemon', 1, 'active', 0)",
    ),
    (
        "the row is another uid's",
        "UPDATE accounts SET uid = 2000 WHERE name = 'daemon'",
    ),
    (
        "the store is of another generation",
        "INSERT INTO meta VALUES ('generation', 7) ON CONFLICT DO UPDATE SET value = 7",
    ),
];

impl Desk {
    fn with_every_code() -> Self {
        let desk = Self::enrolled();
        desk.recovery("daemon");
        desk.bypass(1);
        desk
    }

    fn recovery(&self, name: &str) {
        let code = RecoveryCode::parse(RECOVERY.as_bytes()).unwrap();
        let codes = [(code.index(), code.hash(&[7; 16]).unwrap())];
        let name = UserName::new(name.into()).unwrap();
        let now = self.host.now();
        let mut store = self.store();
        store.set_recovery(&now, &actor(), &name, &codes).unwrap();
    }

    fn change(&self, sql: &str) {
        self.store().connection().execute_batch(sql).unwrap();
    }

    fn add(&self, name: &str, uid: u32) {
        let address = EmailAddress::new(format!("{name}@example.org")).unwrap();
        let name = UserName::new(name.into()).unwrap();
        let now = self.host.now();
        self.store()
            .add_account(&now, &actor(), &name, uid, &address, &Confirmation::Word)
            .unwrap();
    }

    /// Guesses and consumptions on record.
    fn compared(&self) -> i64 {
        let sql =
            "SELECT (SELECT count(*) FROM guesses) + (SELECT sum(failures_in_row) FROM accounts)";
        self.store()
            .connection()
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    }
}

// Mutants: active() goes by the row's number alone, or does not look at the name, the uid or the generation.
#[test]
fn nothing_is_compared_for_a_row_that_is_no_longer_that_persons() {
    for (what, change) in CHANGES {
        for factor in ["mailed", RECOVERY, BYPASS] {
            let desk = Desk::with_every_code();
            let mut play = desk.log_in();
            let typed = match factor {
                "mailed" => play.code.clone().unwrap(),
                code => code.to_owned(),
            };
            desk.change(change);
            let end = play.type_in(&typed);
            let lets_in = end == Err(Verdict::Success);
            assert_eq!(lets_in, what == "nothing", "{what}: {typed}: {end:?}");
            if !lets_in {
                assert_eq!(desk.compared(), 0, "{what}: {typed}");
            }
        }
    }
}

// Mutants: the consuming statement of a factor does not look at the name, the uid or the generation.
#[test]
fn nothing_is_consumed_for_a_row_that_is_no_longer_that_persons() {
    type Consume = fn(&mut Play<'_>, &dyn Fn()) -> bool;
    let factors: [Consume; 3] = [mailed, recovery, bypass];
    for (what, change) in CHANGES {
        for (number, consume) in factors.iter().enumerate() {
            let desk = Desk::with_every_code();
            let mut play = desk.log_in();
            let lets_in = consume(&mut play, &|| desk.change(change));
            assert_eq!(lets_in, what == "nothing", "{what}: {number}");
        }
    }
}

fn mailed(play: &mut Play<'_>, meanwhile: &dyn Fn()) -> bool {
    let code = play.code.clone().unwrap();
    let half = counted(play, &code);
    meanwhile();
    consumed(play, half)
}

fn recovery(play: &mut Play<'_>, meanwhile: &dyn Fn()) -> bool {
    let login = &mut play.login;
    let (now, opening) = (login.host.now(), login.case.opening());
    let (waiting, policy) = (login.waiting.clone().unwrap(), &login.config.policy);
    let typed = RecoveryCode::parse(RECOVERY.as_bytes()).unwrap();
    let store = &mut login.store;
    let counted = store.count_recovery(&now, &opening, policy, &waiting, &typed.index());
    let (Counted::Compare { guess, .. }, Some(code)) = counted.unwrap() else {
        panic!("not compared")
    };
    let verified = typed.verify(&code.hash).unwrap();
    let matched = RecoveryMatch {
        code,
        guess,
        verified,
    };
    meanwhile();
    let consumed = store.consume_recovery(&now, &opening, &waiting, matched, None);
    consumed.unwrap().is_some()
}

fn bypass(play: &mut Play<'_>, meanwhile: &dyn Fn()) -> bool {
    let login = &mut play.login;
    let (now, opening) = (login.host.now(), login.case.opening());
    let (waiting, policy) = (login.waiting.clone().unwrap(), &login.config.policy);
    let typed = BypassCode::parse(BYPASS.as_bytes()).unwrap();
    let store = &mut login.store;
    let counted = store.count_bypass(&now, &opening, policy, &waiting, &typed.index());
    let (Counted::Compare { guess, .. }, Some(code)) = counted.unwrap() else {
        panic!("not compared")
    };
    let verified = typed.verify(&code.hash).unwrap();
    let matched = BypassMatch {
        code,
        guess,
        verified,
    };
    meanwhile();
    let consumed = store.consume_bypass(&now, &opening, &waiting, matched, None);
    consumed.unwrap().is_some()
}

// Mutant: what a conversation waits for is its account's number, which a restore gives to somebody else.
#[test]
fn a_restore_lets_nobody_in_with_the_code_of_another() {
    let other = Desk::new();
    other.add("games", 5);
    other.add("daemon", 1);
    other.recovery("games");
    let copy = other.folder.path().join("copy.db");
    other.store().keep_copy(&copy).unwrap();
    let desk = Desk::enrolled();
    let mut play = desk.log_in();
    let (now, aside) = (desk.host.now(), desk.folder.path().join("aside.db"));
    let told = desk.store().restore_plan(&now, &copy, Options::default());
    let told = told.unwrap();
    desk.store()
        .restore(&now, &copy, &aside, Options::default(), &told, &actor(), "")
        .unwrap();
    let end = play.type_in(RECOVERY);
    assert_ne!(end, Err(Verdict::Success));
    assert_eq!(desk.compared(), 0);
    // Nor does it get a new code: it has to begin again.
    assert!(play.type_in("r").unwrap().contains("sign in again"));
    assert!(play.code.is_some() && play.login.take_letter().is_none());
}

// Mutant: the notice goes to whoever has the row's number.
#[test]
fn a_notice_goes_to_nobody_else() {
    for (what, change) in CHANGES {
        let desk = Desk::enrolled();
        let mut play = desk.log_in();
        desk.change(change);
        let _left = play.login.left().unwrap();
        let told: Vec<String> = desk
            .store()
            .connection()
            .prepare("SELECT a.name || a.uid FROM outbox o JOIN accounts a ON a.id = o.account")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let uid_changed = what == "the row is another uid's";
        let expected: &[&str] = if uid_changed { &[] } else { &["daemon1"] };
        assert_eq!(told, expected, "{what}");
    }
}

// Mutant: a rule that skips lets a locked account by.
#[test]
fn no_rule_skips_an_account_that_an_administrator_locked() {
    let desk = Desk::enrolled();
    desk.rules(&[super::all(Action::Skip, &[])]);
    assert_eq!(desk.begin(desk.hello()).err(), Some(Verdict::Ignore));
    let now = desk.host.now();
    let lock = desk
        .store()
        .lock(&now, &actor(), &super::user(), &"".into());
    lock.unwrap();
    let play = desk.log_in();
    assert!(play.said.contains("locked"), "{}", play.said);
    assert_eq!(play.code, None);
}
