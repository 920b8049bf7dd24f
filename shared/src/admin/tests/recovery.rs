//! Recovery codes that an administrator makes.

use super::super::users::{Mask, Proof};
use super::bench;

#[test]
fn ten_recovery_codes_replace_the_earlier_ten() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    let first = bench.admin.new_recovery("root", None).unwrap();
    assert_eq!((first.codes.len(), first.replaced), (10, 0));
    assert_eq!(bench.admin.new_recovery("root", None).unwrap().replaced, 10);
    let shown = bench.admin.show_user("root", Mask::Masked).unwrap();
    assert_eq!(shown.recovery_codes_left, 10);
}
