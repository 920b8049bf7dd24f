//! Dialogs about accounts: the selected one, or those that are marked.

use gatepost_shared::admin::browse::{UserDetail, UserRow};
use gatepost_shared::admin::sources;
use gatepost_shared::admin::users::State;
use gatepost_words::text::sanitise;

use super::super::effect::{Deed, Effect, Said, Slot, Verb};
use super::super::model::Model;
use super::super::model::dialog::{About, Dialog, Entry, Field, Focus, Needs};
use super::super::model::text::{Tone, counted, grouped};
use super::super::model::twin::{ALL_SOURCES, BY_CODE, BY_WORD};
use super::dialog::MAILED;

/// What a dialog about an account says and asks.
struct Words {
    title: String,
    text: Vec<String>,
    for_good: Option<&'static str>,
    fields: Vec<Field>,
    does: String,
    leaves: &'static str,
}

impl Words {
    fn of<const N: usize>(
        title: String,
        text: [&str; N],
        does: &str,
        leaves: &'static str,
    ) -> Self {
        Self {
            title,
            text: text.map(str::to_owned).to_vec(),
            for_good: None,
            fields: Vec::new(),
            does: does.to_owned(),
            leaves,
        }
    }

    fn for_good(self, what: &'static str) -> Self {
        Self {
            for_good: Some(what),
            ..self
        }
    }

    fn asking(self, fields: impl IntoIterator<Item = Field>) -> Self {
        Self {
            fields: fields.into_iter().collect(),
            ..self
        }
    }

    /// The dialog; what must be typed has the focus, else the button that changes nothing.
    fn dialog(self, deed: Deed) -> Dialog {
        let offered = self
            .fields
            .iter()
            .position(|field| matches!(field.slot, Slot::Note | Slot::Address));
        let first = Focus::first(&self.fields);
        Dialog {
            title: self.title,
            text: self.text,
            for_good: self.for_good,
            fields: self.fields,
            does: self.does,
            leaves: self.leaves,
            focus: match (first, offered) {
                (Focus::Leave, Some(at)) => Focus::Field(at),
                (first, _) => first,
            },
            about: About::Change(deed),
        }
    }
}

/// A dialog about an account.
pub(super) fn about_account(model: &mut Model, verb: Verb, row: &UserRow) {
    if let Some(words) = words(model, verb, row) {
        let mut deed = Deed::on_row(verb, row);
        // The note is the page's, and the row may have been read since.
        if verb == Verb::Note
            && let Some(page) = page_of(model, row)
        {
            deed.seen.insert(row.key.clone(), page.version);
        }
        model.dialog = Some(words.dialog(deed));
    }
}

fn page_of<'a>(model: &'a Model, row: &UserRow) -> Option<&'a UserDetail> {
    let page = model.users.page.as_ref()?.as_ref().ok()?;
    Some(page).filter(|page| page.key == row.key)
}

fn words(model: &Model, verb: Verb, row: &UserRow) -> Option<Words> {
    let user = &row.user;
    let reason = || [Field::reason(&model.reason)];
    Some(match verb {
        Verb::Unlock => unlocking(row).asking(reason()),
        Verb::Lock => locking(user).asking(reason()),
        Verb::Disable => disabling(user).asking(reason()),
        Verb::Enable => Words::of(
            format!("Enable {user}?"),
            ["Sign-ins are possible again, with a code."],
            &format!("Enable {user}"),
            "Leave disabled",
        )
        .asking(reason()),
        Verb::SetMail => moving(model, user),
        Verb::Confirm => confirming(user),
        Verb::Verify | Verb::Invite => Words::of(
            format!("Send {user} a new confirmation code?"),
            ["A mail goes out now; a code that was sent earlier no longer works."],
            "Send a code",
            "Send nothing",
        )
        .for_good(MAILED),
        Verb::Note => noting(model, row),
        Verb::Remove => removing(model, row),
        Verb::Enrol
        | Verb::Forget
        | Verb::Undo
        | Verb::Import
        | Verb::Restore
        | Verb::Unmask
        | Verb::TestMail
        | Verb::RetryMail
        | Verb::TryRules(_)
        | Verb::ApplyRules(_)
        | Verb::KeepTry(_)
        | Verb::Bypass
        | Verb::Revoke(_)
        | Verb::Shield
        | Verb::EndShield => return None,
    })
}

fn unlocking(row: &UserRow) -> Words {
    let UserRow { user, standing, .. } = row;
    Words::of(
        format!("Unlock {user}?"),
        [
            &format!("{user} is {standing}."),
            "Wrong codes so far no longer count, and an administrator's lock ends. Whoever caused them \
             has that many tries again.",
        ],
        &format!("Unlock {user}"),
        "Leave as it is",
    )
}

fn locking(user: &str) -> Words {
    Words::of(
        format!("Lock {user}?"),
        [
            "No mailed code and no recovery code is taken until the account is unlocked, and open \
             codes die.",
            "Sessions that are open stay open.",
        ],
        &format!("Lock {user}"),
        "Leave as it is",
    )
}

fn disabling(user: &str) -> Words {
    Words::of(
        format!("Disable {user}?"),
        [
            "Sign-ins are refused until the account is enabled again, and open codes die.",
            "Sessions that are open stay open.",
        ],
        &format!("Disable {user}"),
        "Leave enabled",
    )
}

fn moving(model: &Model, user: &str) -> Words {
    let missing = Needs::Something("An address is missing.");
    Words::of(
        format!("Change where {user}'s codes go?"),
        [
            "A code is mailed to the new address, which is not used until that code is typed: C. \
             Until then codes go where they go now. The old address is told of both.",
        ],
        "Change the address",
        "Leave as it is",
    )
    .for_good(MAILED)
    .asking([
        Field::text(Slot::Address, "New address", "", missing),
        Field::reason(&model.reason),
    ])
}

fn confirming(user: &str) -> Words {
    let missing = Needs::Something("The code is missing.");
    Words::of(
        format!("Confirm {user}'s address"),
        [
            "Type the code from the mail that went there: who can read it out has the mailbox. From \
             then on codes go there.",
        ],
        "Take the code",
        "Leave unconfirmed",
    )
    .asking([Field::text(Slot::Code, "Code from the mail", "", missing)])
}

fn noting(model: &Model, row: &UserRow) -> Words {
    let page = page_of(model, row);
    let note = page.map_or("", |page| page.note.as_str());
    let user = &row.user;
    let mut words = Words::of(
        format!("Note something about {user}"),
        ["Administrators see it here and in gatepost user show; an empty one takes it away."],
        "Keep the note",
        "Leave as it is",
    );
    if page.is_none() {
        let text = "What is noted now was not read here yet: this takes its place.";
        words.text.push(text.to_owned());
    }
    words.asking([
        Field::text(Slot::Note, "Note", note, Needs::Nothing),
        Field::reason(&model.reason),
    ])
}

fn removing(model: &Model, row: &UserRow) -> Words {
    let user = &row.user;
    Words::of(
        format!("Remove {user}?"),
        [
            "Its addresses and recovery codes are deleted, open codes die, and sign-ins are refused \
             until it is enrolled again.",
            "For ten minutes z brings it back. Type its name first.",
        ],
        &format!("Remove {user}"),
        "Leave as it is",
    )
    .for_good("The owner is told by mail, which cannot be called back.")
    .asking([
        Field::typed(row.key.clone()),
        Field::reason(&model.reason),
    ])
}

/// The dialog in which somebody is enrolled; the selected row's name stands there where it has no account.
pub(super) fn about_enrolling(model: &mut Model) -> Vec<Effect> {
    let selected = model.users.list.selected();
    let is_open = |row: &&UserRow| matches!(row.state, None | Some(State::Removed));
    let user = selected.filter(is_open).map_or("", |row| row.key.as_str());
    let user_missing = Needs::Something("The user's name is missing.");
    let address_missing = Needs::Something("An address is missing.");
    let words = Words::of(
        "Enrol somebody".to_owned(),
        [
            "Somebody of this machine, and where the codes go. By a code: it is mailed there, and the \
             address is not used until that code is typed: C.",
        ],
        "Enrol",
        "Enrol nobody",
    )
    .for_good(MAILED)
    .asking([
        Field::text(Slot::User, "User", user, user_missing),
        Field::text(Slot::Address, "Address", "", address_missing),
        Field::choice(Slot::Proof, "Confirmed", &[BY_CODE, BY_WORD]),
        Field::reason(&model.reason),
    ]);
    model.dialog = Some(words.dialog(Deed::on(Verb::Enrol, [])));
    Vec::new()
}

/// The dialog about where somebody signs in from.
pub(super) fn about_sources(
    model: &mut Model,
    key: &str,
    found: Result<Vec<sources::Listed>, String>,
) {
    let selected = model.users.list.selected();
    let Some(row) = selected.filter(|row| row.key == key && model.dialog.is_none()) else {
        // They are elsewhere by now.
        return;
    };
    let sources = match found {
        Ok(sources) if sources.is_empty() => {
            let text = format!(
                "{}: no source is known; there was no sign-in with a code in the last 30 days.",
                row.user
            );
            return model.notes.say(model.now, Tone::Plain, text);
        }
        Ok(sources) => sources,
        Err(error) => return model.notes.say(model.now, Tone::Bad, error),
    };
    let shown = sources.iter().take(SHOWN).map(|source| {
        let free = if source.remembered { ", no code" } else { "" };
        format!(
            "{} {}, last {}{free}",
            source.source, source.service, source.last
        )
    });
    let mut text: Vec<String> = shown.collect();
    if sources.len() > SHOWN {
        text.push(format!("and {} more", sources.len() - SHOWN));
    }
    text.push("From what is forgotten, a code is asked for as from anywhere new.".to_owned());
    let mut ids: Vec<&str> = sources.iter().map(|source| source.id.as_str()).collect();
    ids.dedup();
    let choices: Vec<&str> = [ALL_SOURCES].into_iter().chain(ids).collect();
    let words = Words {
        title: format!("Forget where {} signs in from?", row.user),
        text,
        for_good: Some("What is forgotten is not brought back."),
        fields: vec![
            Field::choice(Slot::Source, "Which", &choices),
            Field::reason(&model.reason),
        ],
        does: "Forget".to_owned(),
        leaves: "Leave known",
    };
    model.dialog = Some(words.dialog(Deed::on_row(Verb::Forget, row)));
}

/// The dialog after somebody else changed the account meanwhile.
pub(super) fn about_change(model: &mut Model, user: &str, what: &str) -> Vec<Effect> {
    let asked = model.asked.take();
    let Some(deed) = asked.filter(|deed| deed.object() == user && model.dialog.is_none()) else {
        // They have asked for something else meanwhile, or are about to.
        model.notes.say(model.now, Tone::Bad, what);
        return super::again(model);
    };
    let user = sanitise(deed.object());
    model.dialog = Some(Dialog {
        title: format!("{user} was changed in the meantime"),
        text: vec![
            what.split(" Nothing was done;")
                .next()
                .unwrap_or(what)
                .to_owned(),
            "Nothing was done. Look again, or have it asked again about what is there now."
                .to_owned(),
        ],
        for_good: None,
        fields: Vec::new(),
        does: "Ask me again".to_owned(),
        leaves: "Look again",
        focus: Focus::Leave,
        about: About::Changed(deed),
    });
    super::again(model)
}

/// Asks again what was refused, about the account as it is now; what was typed stands there.
pub(super) fn again(model: &mut Model, deed: &Deed) -> Vec<Effect> {
    let rows = model.users.list.rows.iter();
    let row = rows
        .into_iter()
        .find(|row| row.key == deed.object())
        .cloned();
    let Some(row) = row else {
        let text = format!("{} is not in this list any more.", sanitise(deed.object()));
        model.notes.say(model.now, Tone::Care, text);
        return Vec::new();
    };
    about_account(model, deed.verb, &row);
    if let Some(dialog) = model.dialog.as_mut() {
        refill(&mut dialog.fields, &deed.said);
    }
    Vec::new()
}

/// Puts what was typed before into the fields; a word that must be typed is typed again.
fn refill(fields: &mut [Field], said: &Said) {
    for field in fields {
        if let Entry::Text(input) = &mut field.entry
            && !said.get(field.slot).is_empty()
        {
            *input = said.get(field.slot).into();
        }
    }
}

/// A dialog about many accounts; about more than a few, their number must be typed.
pub(super) fn about_many(model: &mut Model, deed: Deed) {
    let count = deed.objects.len();
    let many = counted(count as u64, "account", "accounts");
    let Some(ManyWords { asks, follows, .. }) = many_words(deed.verb) else {
        return;
    };
    let named: Vec<String> = deed
        .objects
        .iter()
        .take(SHOWN)
        .map(|name| sanitise(name))
        .collect();
    let mut named = named.join(", ");
    if count > SHOWN {
        let more = format!(" and {} more", grouped((count - SHOWN) as u64));
        named.push_str(&more);
    }
    let sends = matches!(deed.verb, Verb::Verify | Verb::Invite);
    let reason = (!sends).then(|| Field::reason(&model.reason));
    let typed = (count > UNTYPED).then(|| Field::typed(count.to_string()));
    let mut text = vec![named, follows.to_owned()];
    let unseen = count.saturating_sub(deed.seen.len());
    if unseen > 0 {
        text.push(format!(
            "{} were not listed here: done as they are now.",
            grouped(unseen as u64)
        ));
    }
    if typed.is_some() {
        text.push(format!("So many at once: type {count} first."));
    }
    let fields: Vec<Field> = typed.into_iter().chain(reason).collect();
    model.dialog = Some(Dialog {
        title: format!("{asks} {many}?"),
        text,
        for_good: sends.then_some(MAILED),
        does: if sends {
            "Send codes".to_owned()
        } else {
            format!("{asks} {many}")
        },
        leaves: "Leave as they are",
        focus: Focus::first(&fields),
        fields,
        about: About::Change(deed),
    });
}

/// How one thing that is done to many accounts is told.
pub(super) struct ManyWords {
    /// What is asked, before their number.
    asks: &'static str,
    /// What follows from it.
    follows: &'static str,
    /// What its job does, before their number.
    pub(super) doing: &'static str,
}

/// The words for many accounts; none for what is done to one at a time.
pub(super) const fn many_words(verb: Verb) -> Option<ManyWords> {
    Some(match verb {
        Verb::Unlock => ManyWords {
            asks: "Unlock",
            follows: "Wrong codes so far no longer count, on each of them.",
            doing: "Unlocking",
        },
        Verb::Lock => ManyWords {
            asks: "Lock",
            follows: "No mailed code and no recovery code of theirs is taken until they are unlocked.",
            doing: "Locking",
        },
        Verb::Disable => ManyWords {
            asks: "Disable",
            follows: "Sign-ins of all of them are refused until they are enabled again.",
            doing: "Disabling",
        },
        Verb::Enable => ManyWords {
            asks: "Enable",
            follows: "Sign-ins are possible again, with a code.",
            doing: "Enabling",
        },
        Verb::Verify | Verb::Invite => ManyWords {
            asks: "Send new confirmation codes to",
            follows: "A mail goes out to each, one after the other; codes that were sent earlier no longer work.",
            doing: "Mailing new codes to",
        },
        Verb::Confirm
        | Verb::SetMail
        | Verb::Note
        | Verb::Enrol
        | Verb::Remove
        | Verb::Forget
        | Verb::Undo
        | Verb::Import
        | Verb::Restore
        | Verb::Unmask
        | Verb::TestMail
        | Verb::RetryMail
        | Verb::TryRules(_)
        | Verb::ApplyRules(_)
        | Verb::KeepTry(_)
        | Verb::Bypass
        | Verb::Revoke(_)
        | Verb::Shield
        | Verb::EndShield => return None,
    })
}

/// Accounts that are acted on at once without their number being typed.
const UNTYPED: usize = 20;
/// How many accounts, or sources, a dialog names.
const SHOWN: usize = 5;
