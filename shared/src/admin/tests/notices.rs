//! Notices of acts: to whom, and how many.

use super::super::bypass::{Asked, Confirmed};
use super::super::users::Proof;
use super::{Bench, bench};

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
    bench.admin.new_recovery("root").unwrap();
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
