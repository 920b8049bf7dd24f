//! A list of people is looked at, then imported.

use super::{act, found, press, said, twin, types, users};
use crate::console::effect::{Effect, Said, Slot};
use crate::console::message::{Act, Found, Job, Key, Planned};
use crate::console::model::Model;
use crate::console::model::dialog::{About, Focus};
use crate::console::update::import;

// Mutants: the list is imported without being looked at; what was chosen is lost on the way.
#[test]
fn a_list_is_looked_at_then_imported() {
    let mut model = users();
    press(&mut model, Key::Char(':'));
    types(&mut model, "import");
    press(&mut model, Key::Enter);
    types(&mut model, "people.csv");
    assert_eq!(
        twin(&model),
        "gatepost user import people.csv --format csv --dry-run"
    );
    while model.dialog.as_ref().unwrap().focus != Focus::Do {
        press(&mut model, Key::Tab);
    }
    let effects = press(&mut model, Key::Enter);
    let [Effect::Plan(job, looked)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let planned = |add| {
        Ok(Planned {
            counts: [add, 0, 1, 2],
            lines: vec!["line 3: wrong dave this machine has no such user".into()],
        })
    };
    let look = |model: &mut Model, add| {
        model.planning = Some((*job, looked.clone()));
        found(model, Found::Planned(*job, planned(add)));
    };
    found(&mut model, Found::Planned(Job::Plan(99), planned(3)));
    assert!(model.dialog.is_none(), "that was another list");
    // Mutant: the deed does not say by which job its list was looked at.
    let looked_by = |model: &Model| {
        let About::Change(deed) = &model.dialog.as_ref().unwrap().about else {
            panic!("no change is asked about")
        };
        deed.looked
    };
    look(&mut model, 0);
    assert!(model.dialog.is_none(), "there is nothing to do");
    look(&mut model, 3);
    assert_eq!(model.dialog.as_ref().unwrap().title, "Import 3 accounts?");
    assert_eq!(looked_by(&model), Some(*job));
    assert_eq!(twin(&model), "gatepost user import people.csv --format csv");
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Long(import @ Job::Import(_), deed)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(deed.said.get(Slot::File), "people.csv");
    assert!(model.jobs.runs(*import));
    found(&mut model, Found::Ended(*import, Ok("3 enrolled.".into())));
    look(&mut model, 21);
    assert!(model.is_typing(), "the focus is where it is typed");
    assert_eq!(act(&mut model, Act::Confirm), []);
    assert_eq!(said(&model), "Type 21 to do it.");
}

// Mutants: the list before is still looked at, or stays among the jobs that run.
#[test]
fn of_two_lists_the_newer_one_is_looked_at() {
    let mut model = users();
    let look =
        |model: &mut Model, file: &str| import::look(model, Said::of([(Slot::File, file.into())]));
    let first = look(&mut model, "large.csv");
    let [Effect::Plan(large, _)] = first.as_slice() else {
        panic!("{first:?}")
    };
    let second = look(&mut model, "small.csv");
    let [Effect::Stop(stopped), Effect::Plan(small, _)] = second.as_slice() else {
        panic!("{second:?}")
    };
    assert_eq!((stopped, large == small), (large, false));
    let planned = Planned {
        counts: [2, 0, 0, 0],
        lines: Vec::new(),
    };
    found(&mut model, Found::Planned(*large, Ok(planned)));
    assert!(model.dialog.is_none() && !model.jobs.runs(*large));
    assert!(model.jobs.runs(*small));
}
