//! The rules that a sign-in goes by: read, their groups looked up, and read anew where they changed before
//! the decision.

use gatepost_words::ident::Person;

use super::{Fault, Login};
use crate::host::{Host, Now};
use crate::people;
use crate::policy::rules::Groups;
use crate::policy::versions::InForce;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::signin::Opening;

/// How often a sign-in reads the policy anew because it was changed meanwhile.
const POLICY_TRIES: u32 = 4;

impl<H: Host> Login<'_, H> {
    /// Does what depends on the policy. The groups that its rules name are looked up outside any
    /// transaction; where the transaction then finds other rules, they are looked up anew, so often and
    /// no more: who keeps changing the policy keeps nobody's sign-in waiting, and it is refused.
    pub(super) fn under_the_policy<T>(
        &mut self,
        mut act: impl FnMut(&mut Store, &Now, &Opening<'_>) -> Result<T, StoreError>,
    ) -> Result<(Now, T), Fault> {
        let mut tries = POLICY_TRIES;
        loop {
            let now = self.host.now();
            match act(&mut self.store, &now, &self.case.opening()) {
                Err(moved) if moved.is_moved() && tries > 1 => tries -= 1,
                done => return Ok((now, done?)),
            }
            let person = self.case.person.as_ref();
            let (rules, groups) = resolve(&self.store, &now, person)?;
            for remark in remarks(&rules, &groups) {
                if !self.notes.contains(&remark) {
                    self.notes.push(remark);
                }
            }
            (self.case.rules, self.case.groups) = (rules, groups);
        }
    }
}

/// The rules in force, and in which of the groups that they name the person is.
pub(super) fn resolve(
    store: &Store,
    now: &Now,
    person: Option<&Person>,
) -> Result<(InForce, Groups), StoreError> {
    let rules = store.policy(now)?;
    let groups = match person {
        Some(person) => people::groups(person, rules.rules()),
        None => Groups::Unknown,
    };
    Ok((rules, groups))
}

/// What an administrator should know of rules and groups.
pub(super) fn remarks(rules: &InForce, groups: &Groups) -> Vec<String> {
    let missing = match groups {
        Groups::Known { missing, .. } => missing.as_slice(),
        Groups::Unknown => &[],
    };
    let absent = missing
        .iter()
        .map(|group| format!("a rule names a group that is not there: {group}"));
    rules.trouble().into_iter().chain(absent).collect()
}
