//! Notices of acts: to whom, and how many.

use gatepost_words::job::{Delivered, Outcome};
use gatepost_words::time::Span;

use super::super::bypass::{Asked, Confirmed};
use super::super::users::Proof;
use super::{Bench, bench};
use crate::host::Host;
use crate::store::mails::Told;

const OLD: &str = "alice@example.org";
const NEW: &str = "mallory@example.net";

fn enrolled() -> Bench {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench
}

impl Bench {
    fn new_bypass(&mut self) -> i64 {
        let asked = Asked {
            confirmed: Confirmed::ByName,
            ..Asked::usual("root", "TICKET-812")
        };
        self.admin.new_bypass(&asked).unwrap().id
    }
}

// Mutants: a notice goes to where codes go when it is sent; removing the account cancels it.
#[test]
fn who_is_told_is_whose_codes_it_was_when_it_was_done() {
    let told = |word: &str, to: &str| (word.to_owned(), to.to_owned());
    let mut bench = enrolled();
    bench.new_bypass();
    bench.admin.new_recovery("root", None).unwrap();
    bench
        .admin
        .set_mail("root", NEW, Proof::Word, None)
        .unwrap();
    bench.admin.remove_user("root", None).unwrap();
    assert_eq!(
        bench.notices(),
        [
            told("bypass-made", OLD),
            told("recovery-replaced", OLD),
            told("address-changed m***@e***.net", OLD),
            told("removed", NEW),
        ]
    );
}

// Mutants: each act queues a notice of its own; one that was told is told again within the hour; an act takes
// another one's place; how often is not counted.
#[test]
fn the_same_act_is_told_once_an_hour_with_how_often() {
    let mut bench = enrolled();
    let again = |bench: &mut Bench, times: u32| {
        for _ in 0..times {
            bench.admin.unlock_user("root", None).unwrap();
        }
    };
    let due = |bench: &mut Bench| -> Vec<(String, u32)> {
        let now = bench.clock.now();
        let mut found = Vec::new();
        while let Some(notice) = bench.admin.store.claim_notice(&now, 30).unwrap() {
            let Told::Act(told) = &notice.told else {
                panic!("{notice:?}")
            };
            found.push((told.act.word().to_owned(), told.times));
            let sent = Delivered {
                kind: "account-notice",
                relay: String::new(),
                outcome: Outcome::Accepted,
                reply: String::new(),
                message_id: String::new(),
                millis: 1,
                warning: None,
            };
            bench.admin.store.notice_done(&now, &notice, &sent).unwrap();
        }
        found
    };
    again(&mut bench, 200);
    bench.new_bypass();
    let told = |word: &str, times| (word.to_owned(), times);
    assert_eq!(
        due(&mut bench),
        [told("unlocked", 200), told("bypass-made", 1)]
    );
    again(&mut bench, 5);
    bench.clock.pass(Span::from_mins(59));
    again(&mut bench, 2);
    assert_eq!(due(&mut bench), []);
    bench.clock.pass(Span::from_mins(3));
    assert_eq!(due(&mut bench), [told("unlocked", 7)]);
}
