//! Taking back shields that were put up or ended: what is up then, and what is refused.

use gatepost_words::time::Span;

use super::{NET, OTHER, enrolled, someones};
use crate::admin::roles::Role;
use crate::admin::shield::Sure;
use crate::admin::undo;
use crate::admin::users::Stop;
use crate::admin::{AdminError, Kind};
use crate::policy::limits::SHIELDS;

// Mutants: one of two shields stays; a shield that the act replaced is lost; a redo begins its time anew.
#[test]
fn a_shield_is_taken_down_and_put_up_for_what_is_left_of_its_time() {
    let mut bench = enrolled();
    bench.as_carol(|b| b.shield(&[NET], 60));
    bench.shield(&[NET, OTHER], 15);
    let listed = bench.last();
    assert_eq!(listed.about, format!("{NET} and 1 more"));
    assert!(listed.user.is_empty());
    let undone = bench.takes_last_back();
    assert_eq!(undone.named(), format!("shield on {NET} and 1 more"));
    let carols = (NET.to_owned(), 60, "root (login carol)".to_owned());
    assert_eq!(bench.up().first(), Some(&carols));
    assert_eq!(bench.up().len(), 1);
    assert_eq!(bench.events_of("shield-off")[0]["network"], OTHER);
    bench.clock.pass(Span::from_mins(5));
    bench.takes_back(undone.redo.unwrap()).unwrap();
    let mut up = bench.up();
    up.sort();
    assert_eq!(up, [someones(10, OTHER), someones(10, NET)]);
    // And back again: carol's is what it was.
    let id = bench.admin.undoables().unwrap()[0].id;
    bench.takes_back(id).unwrap();
    assert_eq!(bench.up(), [(NET.to_owned(), 55, carols.2)]);
    let undone = bench.admin.undoables().unwrap();
    assert!(undone.iter().any(|entry| !entry.own), "carol's is listed");
    // Time that is over is not brought back.
    let redo = undone
        .iter()
        .find(|entry| entry.again && entry.own)
        .unwrap()
        .id;
    bench.clock.pass(Span::from_mins(9));
    assert!(bench.takes_back(redo).is_ok(), "a minute is left");
}

// Mutants: it comes back with a fresh time; one whose end has passed comes back; what is up is not looked at.
#[test]
fn a_shield_that_was_ended_comes_back_with_the_end_it_had() {
    let mut bench = enrolled();
    bench.shield(&[NET], 15);
    bench.shield(&[OTHER], 5);
    bench.clock.pass(Span::from_mins(1));
    bench.as_carol(|b| b.admin.shield_off(None, None).unwrap());
    let entry = bench.admin.undoables().unwrap()[0].clone();
    assert_eq!((entry.act.as_str(), entry.own), ("shield-off", false));
    bench.clock.pass(Span::from_mins(4));
    let undone = bench.takes_back(entry.id).unwrap();
    assert_eq!(bench.up(), [someones(10, NET)]);
    let event = bench.events_of("shield-on").pop().unwrap();
    assert_eq!(
        (&event["network"], &event["for"], &event["by"]),
        (&NET.into(), &"10 min".into(), &"root (login bob)".into())
    );
    // Done again, it is down.
    bench.takes_back(undone.redo.unwrap()).unwrap();
    assert_eq!(bench.up(), []);
    let mut bench = enrolled();
    bench.shield(&[NET], 2);
    bench.admin.shield_off(Some(NET), None).unwrap();
    let entry = bench.last().id;
    bench.clock.pass(Span::from_mins(2));
    assert!(bench.refuses(entry).contains("own time is over"));
}

// Mutants: a shield that somebody else put up, or took down, since is overwritten; they are not named.
#[test]
fn a_shield_that_somebody_changed_since_is_left_alone() {
    let mut bench = enrolled();
    bench.shield(&[NET, OTHER], 15);
    let on = bench.last().id;
    bench.as_carol(|b| b.admin.shield_off(Some(OTHER), Some("customers")).unwrap());
    let refused = bench.refuses(on);
    assert!(
        refused.contains("shield-off by root (login carol)") && refused.contains("customers"),
        "{refused}"
    );
    assert_eq!(bench.up(), [someones(15, NET)], "all or none");
    bench.admin.shield_off(Some(NET), None).unwrap();
    let off = bench.last().id;
    bench.as_carol(|b| b.shield(&[NET], 30));
    let refused = bench.refuses(off);
    assert!(
        refused.contains("shield-on by root (login carol)"),
        "{refused}"
    );
    assert_eq!(bench.up()[0].1, 30);
}

// Mutants: that nothing is up is compared, and not who saw to it; what one act said of a network is not what
// the next one followed.
#[test]
fn that_nothing_is_up_says_not_who_took_it_down() {
    // One that is over by itself hides that somebody took it down.
    let mut bench = enrolled();
    bench.as_carol(|b| b.shield(&[NET], 24 * 60));
    bench.shield(&[NET], 1);
    let on = bench.last().id;
    bench.as_carol(|b| b.admin.shield_off(None, Some("customers")).unwrap());
    bench.clock.pass(Span::from_mins(2));
    let refused = bench.refuses(on);
    assert!(
        refused.contains("shield-off by root (login carol)"),
        "{refused}"
    );
    assert_eq!(bench.up(), []);

    // Put up once more by somebody, and over by itself. Mutant: only who took it down is looked for.
    let mut bench = enrolled();
    bench.shield(&[NET], 30);
    bench.admin.shield_off(Some(NET), None).unwrap();
    let off = bench.last().id;
    bench.as_carol(|b| b.shield(&[NET], 1));
    bench.clock.pass(Span::from_mins(2));
    let refused = bench.refuses(off);
    assert!(
        refused.contains("shield-on by root (login carol)"),
        "{refused}"
    );

    // Taken down, put up and taken down again.
    let mut bench = enrolled();
    bench.shield(&[NET, OTHER], 30);
    bench.admin.shield_off(Some(NET), None).unwrap();
    let off = bench.last().id;
    bench.as_carol(|b| {
        b.shield(&[NET], 5);
        b.admin.shield_off(Some(NET), Some("customers")).unwrap();
    });
    let refused = bench.refuses(off);
    assert!(refused.contains("customers"), "{refused}");
    // Until what came since is taken back: then it is the newest.
    let all = bench.admin.undoables().unwrap();
    let carols = all.iter().filter(|act| !act.own);
    let carols: Vec<i64> = carols.map(|act| act.id).collect();
    for id in carols {
        assert!(bench.refuses(off).contains("meantime"), "{id}");
        bench.takes_back(id).unwrap();
    }
    let undone = bench.takes_back(off).unwrap();
    let mut up = bench.up();
    up.sort();
    assert_eq!(up, [someones(30, OTHER), someones(30, NET)]);
    // Done again and taken back again, it still is; and so is what was before it.
    let redone = bench.takes_back(undone.redo.unwrap()).unwrap();
    bench.takes_back(redone.redo.unwrap()).unwrap();
    let first = bench.last();
    assert_eq!(first.about, format!("{NET} and 1 more"));
    bench.takes_back(first.id).unwrap();
    assert_eq!(bench.up(), []);
}

// Mutants: the guards of `shield on` are not asked when one comes back; there may be any number.
#[test]
fn a_shield_that_comes_back_is_asked_about_as_when_it_was_put_up() {
    let mut bench = enrolled();
    bench.shield(&["127.0.0.0/8"], 15);
    bench.admin.shield_off(None, None).unwrap();
    let entry = bench.last().id;
    let refused = bench.takes_back(entry).unwrap_err();
    assert!(matches!(refused, AdminError::NotSure(_)), "{refused}");
    let mut asked = undo::Asked {
        reason: None,
        own: None,
        sure: Sure::Yes,
        seen: None,
    };
    let stop = Stop::default();
    bench.admin.undo(entry, asked, &stop, |_, _| ()).unwrap();
    bench.admin.shield_off(None, None).unwrap();
    bench.shield(&[NET], 15);
    bench.admin.shield_off(None, None).unwrap();
    let entry = bench.last().id;
    asked.sure = Sure::No;
    asked.own = Some("203.0.113.9".parse().unwrap());
    let refused = bench
        .admin
        .undo(entry, asked, &stop, |_, _| ())
        .unwrap_err();
    assert!(
        refused.to_string().contains("your own session"),
        "{refused}"
    );
    let many: Vec<String> = (0..SHIELDS).map(|last| format!("192.0.2.{last}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    bench.shield(&many, 15);
    assert!(bench.refuses(entry).contains("64 is the most"));
    assert_eq!(bench.up().len(), 64);
    // Helpdesk may neither.
    bench.role(Role::Helpdesk);
    assert_eq!(
        bench.takes_back(entry).unwrap_err().kind(),
        Kind::NotPermitted
    );
}
