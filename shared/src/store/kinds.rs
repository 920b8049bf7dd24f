//! Every kind of event there is. An event is made from one of these and from nothing else, so that
//! whoever asks for a kind that is none can be told so, and no list of them goes out of date.

use std::fmt;

/// Names each kind once.
macro_rules! kinds {
    ($($(#[$what:meta])+ $kind:ident = $name:literal;)+) => {
        /// What an event tells.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$what])+ $kind,)+
        }

        impl Kind {
            /// All of them, by the alphabet.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// As the log, its filters and the export call it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

// A kind is never renamed or taken off: logs have it for years.
kinds! {
    /// A bypass code was made.
    BypassNew = "bypass-new";
    /// Bypass codes were ended.
    BypassRevoke = "bypass-revoke";
    /// A bypass code let somebody in.
    BypassUsed = "bypass-used";
    /// A new code at a prompt.
    Challenge = "challenge";
    /// How a sign-in ended.
    Decision = "decision";
    /// An attempt to hand a message to a relay.
    Delivery = "delivery";
    /// A code was typed, and counted.
    Guess = "guess";
    /// A code was typed that the limits let nobody compare.
    Locked = "locked";
    /// Notices were made due again.
    MailRetry = "mail-retry";
    /// The test message was sent.
    MailTest = "mail-test";
    /// A sign-in began.
    Opened = "opened";
    /// Rules were put in force.
    PolicyApply = "policy-apply";
    /// Rules that were tried are kept.
    PolicyConfirm = "policy-confirm";
    /// Earlier rules were brought back.
    PolicyRollback = "policy-rollback";
    /// Setup made the first rules.
    PolicySetup = "policy-setup";
    /// Rules were put in force for a while.
    PolicyTry = "policy-try";
    /// That while is over.
    PolicyTryEnded = "policy-try-ended";
    /// Old events were removed.
    Purged = "purged";
    /// Recovery codes were made.
    RecoveryNew = "recovery-new";
    /// Recovery codes were taken away.
    RecoveryRemove = "recovery-remove";
    /// Something was set up.
    Setup = "setup";
    /// A shield was taken down.
    ShieldOff = "shield-off";
    /// A shield was put up.
    ShieldOn = "shield-on";
    /// A code was typed from behind a shield.
    Shielded = "shielded";
    /// Known sources were forgotten.
    SourceRevoke = "source-revoke";
    /// The store was copied.
    StoreBackup = "store-backup";
    /// The store's clock goes on from now.
    StoreClockReset = "store-clock-reset";
    /// The store was brought to a newer version.
    StoreMigrate = "store-migrate";
    /// A copy was restored.
    StoreRestore = "store-restore";
    /// A sign-in found that an old copy of the store came back.
    StoreRestored = "store-restored";
    /// The store's file was shrunk.
    StoreVacuum = "store-vacuum";
    /// Sign-ins that were counted and not recorded one by one.
    Strangers = "strangers";
    /// A message's template was not replaced after all, though the event before says so.
    TemplateReplaceFailed = "template-replace-failed";
    /// A message's template was replaced.
    TemplateReplaced = "template-replaced";
    /// A message's template is the built-in one again.
    TemplateReset = "template-reset";
    /// An act was taken back, or done again.
    Undo = "undo";
    /// Addresses were shown in full.
    Unmask = "unmask";
    /// An account was enrolled.
    UserAdd = "user-add";
    /// An address was confirmed by its code.
    UserConfirmed = "user-confirmed";
    /// An account was disabled.
    UserDisable = "user-disable";
    /// An account was enabled.
    UserEnable = "user-enable";
    /// An account was locked.
    UserLock = "user-lock";
    /// Something was noted about an account.
    UserNote = "user-note";
    /// An account was removed.
    UserRemove = "user-remove";
    /// An account was given another address.
    UserSetMail = "user-set-mail";
    /// An account was unlocked.
    UserUnlock = "user-unlock";
    /// A confirmation code was sent.
    UserVerifySent = "user-verify-sent";
}

impl Kind {
    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    // Mutants: two kinds have one name; one stands out of its order.
    #[test]
    fn every_kind_has_a_name_of_its_own_in_the_order_of_the_alphabet() {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Some(*kind));
        }
        assert_eq!(Kind::named("zzz"), None);
    }

    // Mutant: a kind is made, and the guide says nothing of it.
    #[test]
    fn the_guide_names_every_kind() {
        let guide = include_str!("../../../docs/admin-guide.md");
        for kind in Kind::ALL {
            assert!(guide.contains(&format!("`{kind}`")), "{kind}");
        }
    }
}
