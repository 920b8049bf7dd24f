//! Mail as a service: read as a whole, and notices that wait tried again.

use gatepost_shared::admin::postbox::Again;
use gatepost_shared::admin::roles::Right;
use gatepost_shared::admin::templates::{Kind, Preview};
use gatepost_shared::admin::{Admin, AdminError};

use super::super::message::Post;
use super::{Desk, said};

/// Notices that are shown.
const SHOWN: u32 = 50;

/// Reads all of it. Templates are tried only for those who may: the sender is started for that.
pub(super) fn read(desk: &Desk) -> Result<Post, String> {
    let admin = desk.admin()?;
    let read = || -> Result<Post, AdminError> {
        let may_try = admin.may(Right::Mail).is_ok();
        Ok(Post {
            fared: admin.mail_health()?,
            waiting: admin.mail_queue(0, SHOWN)?,
            templates: admin.templates()?,
            checks: may_try.then(|| admin.check_templates()).transpose()?,
        })
    };
    read().map_err(|error| said(&error))
}

/// Has the sender print a message.
pub(super) fn preview(desk: &Desk, kind: Kind) -> Result<Preview, String> {
    let admin = desk.admin()?;
    let found = admin.preview_template(kind.word());
    found.map_err(|error| said(&error))
}

/// Tries the notices that wait; the sentence says what became of them.
pub(super) fn retry(
    admin: &mut Admin,
    reason: Option<&str>,
) -> Result<Result<String, String>, AdminError> {
    let done = admin.retry_mail(Again::All, reason)?;
    Ok(match (done.due, done.sent) {
        (0, _) => Ok("No notice waited. Codes are never queued.".to_owned()),
        (due, 0) => Err(format!(
            "{due} notices were tried, and no relay took one: h shows how relays fare"
        )),
        (due, sent) => Ok(format!(
            "Notices that waited: {due}; {sent} were sent now, the timer sends the others."
        )),
    })
}
