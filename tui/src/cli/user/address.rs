//! `gatepost user set-mail`.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use gatepost_shared::admin::users::{Asked, Proof, accepted};

use super::Why;
use crate::cli::Context;
use crate::cli::complete::users;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::words;

#[derive(Debug, Args)]
pub(crate) struct SetMail {
    /// The account's name
    #[arg(add = ArgValueCompleter::new(users))]
    user: String,
    /// Where its codes are to go
    address: String,
    /// Take the address on your word, which the audit records, instead of mailing a code
    #[arg(long)]
    confirmed: bool,
    #[command(flatten)]
    why: Why,
}

pub(super) fn run(context: &Context, set: &SetMail) -> Result<Exit, Failure> {
    let proof = if set.confirmed {
        Proof::Word
    } else {
        Proof::Code
    };
    let asked = Asked::from(&set.why);
    let moved = context
        .admin()?
        .set_mail(&set.user, &set.address, proof, asked)?;
    let user = &moved.user;
    context.one(&moved, || {
        if moved.confirmed {
            return format!(
                "{user}'s codes go to {}, confirmed by your word. Codes that were open no longer \
                 work.",
                moved.address_told()
            );
        }
        let meanwhile = if moved.before.is_empty() {
            "no code goes anywhere".to_owned()
        } else {
            format!("codes go to {}", moved.before_told())
        };
        format!(
            "{user}'s codes are to go to {}, which is not confirmed yet: until then, {meanwhile}.",
            moved.address_told()
        )
    })?;
    if !moved.before.is_empty() {
        words(&format!("{} is told by mail.", moved.before_told()));
    }
    if moved.confirmed {
        words(&format!(
            "This cannot be undone; the way back is: gatepost user set-mail {user} ADDRESS"
        ));
        return Ok(Exit::Ok);
    }
    if !accepted(&moved.mail) {
        return Ok(super::not_sent(user, &moved.address, &moved.mail));
    }
    words(&format!(
        "A code is on its way to {}. Next, with what is in that mail: gatepost user verify {user} \
         CODE. gatepost undo takes the change back for ten minutes.",
        moved.address
    ));
    Ok(Exit::Ok)
}
