//! Putting a version in force: apply, try, confirm, roll back.
//!
//! A change is made from a [`Diff`], which only [`Admin::policy_diff`] makes: so whoever changes
//! something was told who is affected, and it is refused where another version came in between.

use gatepost_words::text::{log_value, quote};
use gatepost_words::time::Span;
use serde::Serialize;

use super::TRY;
use super::diff::{Diff, Stopped};
use crate::admin::roles::Right;
use crate::admin::{Admin, AdminError, reason, stamp};
use crate::store::error::{Problem, StoreError};
use crate::store::policies::{Draft, How};
use crate::syslog::{self, Severity};

/// Whether a change may lock out whoever makes it, or everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// It is refused then.
    Kept,
    /// They said that they mean it.
    Waived,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The version in force now.
    pub version: i64,
    /// The one before.
    pub before: Option<i64>,
    /// For a try: the seconds after which the one that was kept is in force again.
    pub seconds: Option<i64>,
}

impl Admin {
    /// Puts a candidate in force, to stay.
    pub fn policy_apply(
        &mut self,
        diff: &Diff,
        why: Option<&str>,
        guard: Guard,
    ) -> Result<Done, AdminError> {
        self.may(Right::Policy)?;
        guarded(diff, guard)?;
        let how = diff.restores().map_or(How::Apply, How::Rollback);
        self.put(diff, how, why)
    }

    /// Puts a candidate in force for a while. It may lock people out: it ends by itself.
    pub fn policy_try(
        &mut self,
        diff: &Diff,
        span: Span,
        why: Option<&str>,
    ) -> Result<Done, AdminError> {
        self.may(Right::Policy)?;
        let [least, most] = TRY;
        if span < least || span > most {
            return Err(AdminError::Usage(format!(
                "a try takes {least} to {most}, not {span}"
            )));
        }
        let mut done = self.put(diff, How::Try(span), why)?;
        done.seconds = Some(span.secs_up());
        Ok(done)
    }

    /// Keeps the version that is being tried, where it is still that one.
    pub fn policy_confirm(&mut self, version: i64, why: Option<&str>) -> Result<Done, AdminError> {
        self.may(Right::Policy)?;
        let now = self.host.now();
        let before = self.store.policy_pointer()?.map(|pointer| pointer.kept());
        self.store
            .confirm_policy(&now, &self.actor, version, &reason(why))
            .map_err(|error| self.told(error, Some(version)))?;
        self.log_policy("policy-confirm", version);
        Ok(Done {
            version,
            before,
            seconds: None,
        })
    }

    fn put(&mut self, diff: &Diff, how: How, why: Option<&str>) -> Result<Done, AdminError> {
        if diff.lines.is_empty() && diff.base_trouble.is_none() {
            return Err(AdminError::Usage(format!(
                "that is what is in force already, as policy version {}: nothing is changed",
                diff.base.unwrap_or(0)
            )));
        }
        let now = self.host.now();
        let reason = reason(why);
        let draft = Draft {
            text: diff.text(),
            base: diff.base,
            how,
            reason: &reason,
        };
        let version = self
            .store
            .add_policy(&now, &self.actor, &draft)
            .map_err(|error| self.told(error, diff.base))?;
        let act = match how {
            How::Setup | How::Apply => "policy-apply",
            How::Try(_) => "policy-try",
            How::Rollback(_) => "policy-rollback",
        };
        self.log_policy(act, version);
        Ok(Done {
            version,
            before: diff.base,
            seconds: None,
        })
    }

    /// A refused swap, told with what came in between.
    fn told(&self, error: StoreError, base: Option<i64>) -> AdminError {
        let Problem::PolicyMoved { found } = error.problem else {
            return error.into();
        };
        AdminError::PolicyMoved {
            base: base.unwrap_or(0),
            found: found.unwrap_or(0),
            by: self.made_by(found),
        }
    }

    /// `, which bob made on 2026-11-24T12:00:00Z (because)`
    fn made_by(&self, version: Option<i64>) -> String {
        let found = version.and_then(|version| self.version(version).ok().flatten());
        let by = found.map_or_else(String::new, |version| {
            let why = if version.reason.is_empty() {
                String::new()
            } else {
                format!(" ({})", version.reason)
            };
            format!(
                ", which {} made on {}{why}",
                version.by,
                stamp(version.created)
            )
        });
        gatepost_words::text::sanitise(&by)
    }

    /// A change that is not taken back, since what it put in force no longer is.
    pub(in crate::admin) fn no_longer_in_force(
        &self,
        made: i64,
        to: i64,
        found: Option<i64>,
    ) -> AdminError {
        AdminError::NoLongerInForce {
            made,
            to,
            found: found.unwrap_or(0),
            by: self.made_by(found),
        }
    }

    /// The same, where the store says so.
    pub(in crate::admin) fn moved_before_undo(
        &self,
        error: StoreError,
        made: i64,
        to: i64,
    ) -> AdminError {
        let Problem::PolicyMoved { found } = error.problem else {
            return error.into();
        };
        self.no_longer_in_force(made, to, found)
    }

    pub(in crate::admin) fn log_policy(&self, act: &str, version: i64) {
        let line = format!(
            "event=admin act={} version={version} by={}",
            log_value(act),
            quote(self.actor.name.clone())
        );
        syslog::write(Severity::Notice, &line);
    }
}

/// How long a try shall take, as typed: `5m`, `90s`, `1h`.
pub fn length(text: &str) -> Result<Span, AdminError> {
    let [least, most] = TRY;
    let parsed: Option<jiff::SignedDuration> = text.parse().ok();
    parsed
        .filter(|parsed| !parsed.is_negative())
        .and_then(|parsed| i64::try_from(parsed.as_millis()).ok())
        .map(Span::from_millis)
        .filter(|span| *span >= least && *span <= most)
        .ok_or_else(|| {
            let text = gatepost_words::text::sanitise(text);
            AdminError::Usage(format!(
                "{text} is no length for a try: give {least} to {most}, such as 5m"
            ))
        })
}

/// Refuses what would lock out whoever does it, or everybody, and what nobody looked at to the end.
pub(in crate::admin) fn guarded(diff: &Diff, guard: Guard) -> Result<(), AdminError> {
    if guard == Guard::Waived {
        return Ok(());
    }
    let who = if diff.locks_you_out {
        "you"
    } else if diff.locks_everybody_out {
        "everybody who can sign in now"
    } else if diff.stopped == Stopped::Early {
        return Err(AdminError::Usage(
            "who is affected was not found out to the end: let it finish first".to_owned(),
        ));
    } else {
        return Ok(());
    };
    Err(AdminError::LocksOut(who))
}
