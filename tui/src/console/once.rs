//! Home, read once and told as text: for whoever has no terminal, or wants none taken over.

use gatepost_shared::admin::{Admin, AdminError};

use super::message::{Found, FoundPolicy, Message};
use super::model::Model;
use super::update::update;
use super::view::plain;
use super::work::{said, standing};
use super::{Options, look};

/// Rows of a screen that nobody sees.
const ROWS: u16 = 24;

/// What Home says now, in so many columns. The store is read here, and what cannot be read is an error:
/// a text with a hole in it would say that all is well.
pub(crate) fn once(admin: &Admin, options: Options, columns: u16) -> Result<String, AdminError> {
    let look = look(options.ascii);
    let mut model = Model::new(options.host, options.actor, look, (columns, ROWS));
    let read = [
        Found::Summary(Ok(admin.summary()?)),
        Found::Standing(Ok(standing(admin)?)),
        Found::Policy(FoundPolicy::State(admin.policy_state()?)),
        Found::Activity(Ok(admin.activity()?)),
        // Said in its row, as on the screen: the rest does not stand on the machine's users.
        Found::Missing(admin.missing().map_err(|error| said(&error))),
    ];
    for found in read {
        // What would be read next on a screen was read above.
        let _more = update(&mut model, Message::Found(Box::new(found)));
    }
    Ok(plain::home(&model, usize::from(columns)))
}
