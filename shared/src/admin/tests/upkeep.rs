//! Upkeep by an administrator.

use super::bench;

#[test]
fn upkeep_of_a_fresh_store_finds_nothing() {
    let mut bench = bench();
    let maintained = bench.admin.maintain().unwrap();
    assert_eq!(maintained.notices_sent + maintained.notices_failed, 0);
    assert_eq!(maintained.purged, crate::store::upkeep::Purged::default());
}
