//! What happened by the hour and the day: when it is read, and that its words say what its bars show.

use gatepost_shared::admin::browse::{Activity, Series, SignIns, Summary};

use super::{act, detail, found, fresh, update, users};
use crate::console::effect::Effect;
use crate::console::message::{Act, Found, Message, Mouse, Screen, Step};
use crate::console::model::Model;
use crate::console::model::text::Line;

fn counted(counts: &[u32], at: &str) -> Series {
    Series {
        counts: counts.to_vec(),
        total: counts.iter().copied().map(u64::from).sum(),
        most: counts.iter().copied().max().unwrap_or(0),
        most_at: None,
        most_here: Some(at.to_owned()),
        at_least: false,
    }
}

fn summary(accounts: u64) -> Found {
    Found::Summary(Ok(Summary {
        accounts,
        ..Summary::default()
    }))
}

fn words(lines: &[Line]) -> Vec<String> {
    let words = |line: &Line| {
        let after = line.bars.as_ref().map_or("", |bars| bars.words.as_str());
        format!("{}{after}", line.text)
    };
    lines.iter().map(words).collect()
}

fn busy() -> Activity {
    let mut hours = vec![0; 24];
    hours[23] = 1_204;
    Activity {
        since_here: "14:00".into(),
        let_in: counted(&hours, "13:00"),
        refused: counted(&[2, 1], "14:00"),
        wrong_codes: counted(&[4], "14:00"),
        mails_accepted: counted(&hours, "13:00"),
        ..Activity::default()
    }
}

// Mutants: it is asked for at the start, where it would be read beside what is painted first; on every
// screen; not with each of the counts.
#[test]
fn the_hours_are_read_after_the_counts_and_on_home_alone() {
    let mut model = fresh(Screen::Home);
    let begun = super::begin(&mut model);
    assert!(!begun.contains(&Effect::Activity), "{begun:?}");
    let first = found(&mut model, summary(1));
    assert_eq!(first, [Effect::Activity, Effect::Missing]);
    assert_eq!(found(&mut model, summary(1)), [Effect::Activity]);
    act(&mut model, Act::Go(Screen::Users));
    assert_eq!(found(&mut model, summary(1)), []);
    act(&mut model, Act::Go(Screen::Home));
    let again = found(&mut model, summary(1));
    assert_eq!(again, [Effect::Activity, Effect::Missing]);
}

// Mutants: what waits is not told; it leads elsewhere; nothing is told where nothing waits.
#[test]
fn home_names_what_waits_and_leads_there() {
    let mut model = fresh(Screen::Home);
    let told = |model: &Model| -> Vec<(String, &'static str)> {
        let links = model.home.links().into_iter();
        links.map(|link| (link.text, link.filter)).collect()
    };
    found(&mut model, summary(9));
    found(&mut model, Found::Missing(Ok(0)));
    assert!(told(&model).iter().all(|(text, _)| {
        !["refused for good", "7 days", "without"]
            .iter()
            .any(|word| text.contains(word))
    }));
    let waits = Summary {
        accounts: 9,
        unconfirmed: 3,
        unconfirmed_long: 2,
        bounced: 1,
        ..Summary::default()
    };
    found(&mut model, Found::Summary(Ok(waits)));
    found(&mut model, Found::Missing(Ok(4)));
    let told = told(&model);
    for wanted in [
        (
            "1 account whose newest mail the relay refused for good",
            "mail:bounced",
        ),
        (
            "3 accounts have no confirmed address, 2 of them for over 7 days",
            "state:unconfirmed sort:enrolled",
        ),
        ("4 people of this machine without an account", "state:none"),
    ] {
        assert!(
            told.iter()
                .any(|(text, filter)| (text.as_str(), *filter) == wanted),
            "{told:?}"
        );
    }
}

// Mutants: bars without figures; a figure that is cut; bars where there is no room; a store without
// accounts has them.
#[test]
fn the_hours_can_be_read_without_their_bars() {
    let mut model = fresh(Screen::Home);
    found(&mut model, summary(1));
    assert_eq!(model.home.hours(74), []);
    found(&mut model, Found::Activity(Ok(busy())));
    let lines = model.home.hours(77);
    assert_eq!(
        words(&lines),
        [
            "BY THE HOUR, SINCE 14:00",
            "let in        1,204, most 1,204 at 13:00",
            "refused       3, most 2 at 14:00; 4 wrong codes",
            "mails taken   1,204, most 1,204 at 13:00; 0 not taken",
        ]
    );
    let bars: Vec<usize> = lines
        .iter()
        .map(|line| line.bars.as_ref().map_or(0, |bars| bars.counts.len()))
        .collect();
    assert_eq!(bars, [0, 24, 2, 24]);
    let tight = words(&model.home.hours(64));
    assert_eq!(tight[1], "let in        1,204, most 1,204 at 13:00");
    assert_eq!(tight[3], "mails taken   1,204, most 1,204 at 13:00");
    assert_eq!(model.home.hours(63), []);
    found(&mut model, summary(0));
    assert_eq!(model.home.hours(74), []);
}

// Mutant: counts of the newest alone are given for all there are.
#[test]
fn what_was_not_looked_at_is_said() {
    let mut model = fresh(Screen::Home);
    found(&mut model, summary(1));
    let mut activity = busy();
    activity.let_in.at_least = true;
    found(&mut model, Found::Activity(Ok(activity)));
    let words = words(&model.home.hours(74));
    assert_eq!(
        words[0],
        "BY THE HOUR, SINCE 14:00, OF THE NEWEST 20,000 EACH"
    );
    assert_eq!(
        words[1],
        "let in        at least 1,204, most 1,204 at 13:00"
    );
}

fn of_alice(model: &Model, width: usize) -> Vec<String> {
    let lines = words(&model.users.lines(&model.keys, width));
    let lines = lines.into_iter().skip_while(|line| line != "SIGN-INS");
    lines.take_while(|line| !line.is_empty()).collect()
}

// Mutants: they are read before the page; another account's are shown; bars have no room.
#[test]
fn an_accounts_days_come_after_its_page() {
    let mut model = users();
    act(&mut model, Act::Open);
    assert_eq!(found(&mut model, Found::User(Ok(detail("bob")))), []);
    let asked = found(&mut model, Found::User(Ok(detail("alice"))));
    let wanted = [
        Effect::SignIns("alice".into()),
        Effect::Applies("alice".into()),
    ];
    assert_eq!(asked, wanted);
    let mut days = SignIns {
        since: "2026-10-24".into(),
        let_in: counted(&[1, 60], "2026-11-21"),
        refused: counted(&[0, 0], "2026-11-22"),
        services: vec!["sshd".into(), "sudo".into()],
    };
    days.refused.most_here = None;
    let bobs = Found::SignIns("bob".into(), Ok(days.clone()));
    found(&mut model, bobs);
    assert_eq!(of_alice(&model, 80), ["SIGN-INS", "none yet"]);
    found(&mut model, Found::SignIns("alice".into(), Ok(days)));
    assert_eq!(
        of_alice(&model, 80),
        [
            "SIGN-INS",
            "30 days: 61 let in, most 60 on 2026-11-21; 0 refused; at sshd, sudo",
            "let in   ",
            "none yet",
        ]
    );
    assert!(!of_alice(&model, 10).contains(&"let in   ".to_owned()));
    let gone = Err(("alice".to_owned(), "gone".to_owned()));
    assert_eq!(found(&mut model, Found::User(gone)), []);
}

// Mutants: the selected row is below the screen's edge; a click means the row that stood there before.
#[test]
fn a_selected_row_of_home_is_seen_on_a_low_screen() {
    let mut model = fresh(Screen::Home);
    model.size = (60, 15);
    model.home.attack = Some("attack".into());
    model.home.shields = 1;
    let summary = Summary {
        accounts: 9,
        bounced: 1,
        ..Summary::default()
    };
    found(&mut model, Found::Summary(Ok(summary)));
    found(&mut model, Found::Missing(Ok(4)));
    act(&mut model, Act::Move(Step::Last));
    let (last, height) = (model.home.links().len() - 1, model.text_height());
    assert!(last >= height, "{last} {height}");
    assert_eq!(model.home.selected, last);
    assert_eq!(model.home.top(height), last + 1 - height);
    update(&mut model, Message::Mouse(Mouse::Click(5, 3)));
    assert_eq!(model.home.selected, last + 1 - height);
}
