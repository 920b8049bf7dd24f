//! Shields: refuse a source, or a network, for a while; it ends by itself.

use std::net::IpAddr;

use gatepost_words::text::sanitise;
use gatepost_words::time::Span;
use serde::Serialize;

use super::roles::Right;
use super::{Admin, AdminError, reason, stamp};
use crate::policy::limits;
use crate::policy::network::Network;
use crate::policy::shield::{BadShield, shieldable};
use crate::store::shields;

/// Whether a person said that they mean it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    /// Not yet.
    No,
    /// They did.
    Yes,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Addresses and networks; empty: those that the attack meter suspects.
    pub sources: &'a [String],
    /// For how long.
    pub time: Span,
    /// Why.
    pub reason: Option<&'a str>,
    /// Where the person's own session comes from, as far as it says: a reason to ask, and nothing else.
    pub own: Option<IpAddr>,
    /// Whether they mean it.
    pub sure: Sure,
}

/// A shield that is up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shield {
    /// An address or a network.
    pub source: String,
    /// How much longer, in seconds.
    pub seconds_left: i64,
    /// When that is on the wall, RFC 3339.
    pub until: String,
    /// Why.
    pub reason: String,
    /// Who put it up.
    pub by: String,
    /// When, RFC 3339.
    pub since: String,
}

/// Shields that were taken down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lowered {
    /// Their networks.
    pub lowered: Vec<String>,
}

impl Admin {
    /// Puts shields up; those that are up then.
    pub fn shield_on(&mut self, asked: &Asked<'_>) -> Result<Vec<Shield>, AdminError> {
        self.may(Right::Shield)?;
        let time = limits::check_shield_time(asked.time)
            .map_err(|bad| AdminError::Usage(bad.to_string()))?;
        let networks = if asked.sources.is_empty() {
            self.suspected()?
        } else {
            let networks = asked.sources.iter().map(|source| shieldable(source));
            networks
                .collect::<Result<Vec<_>, _>>()
                .map_err(|bad| AdminError::Usage(bad.to_string()))?
        };
        if asked.sure == Sure::No {
            for network in &networks {
                harmless(network, asked.own)?;
            }
        }
        let now = self.host.now();
        let why = reason(asked.reason);
        self.store
            .raise_shields(&now, &self.actor, &networks, time, &why)?;
        for network in &networks {
            self.log_of("shield-on", &network.to_string());
        }
        self.shields()
    }

    /// The networks of the sources that the attack meter suspects, as far as they can be shielded.
    fn suspected(&self) -> Result<Vec<Network>, AdminError> {
        let suspects = self.suspects()?;
        let instead = suspects.unshieldable();
        if suspects.networks.is_empty() && !instead.is_empty() {
            return Err(AdminError::Useless(instead.join("; ")));
        }
        let up = self.store.shields(&self.host.now())?;
        let is_up = |network: &Network| up.iter().any(|shield| shield.network == *network);
        let free = usize::try_from(limits::SHIELDS)
            .unwrap_or(usize::MAX)
            .saturating_sub(up.len());
        // The worst come first: where there are more than may be shielded, those are.
        let networks: Vec<Network> = suspects
            .networks
            .into_iter()
            .scan(free, |free, network| {
                if !is_up(&network) {
                    *free = free.checked_sub(1)?;
                }
                Some(network)
            })
            .collect();
        if networks.is_empty() {
            return Err(AdminError::Useless(
                "no source looks like an attack now (gatepost attack): name one, with --source \
                 203.0.113.9"
                    .to_owned(),
            ));
        }
        Ok(networks)
    }

    /// Takes one shield down, or all.
    pub fn shield_off(
        &mut self,
        source: Option<&str>,
        why: Option<&str>,
    ) -> Result<Lowered, AdminError> {
        self.may(Right::Shield)?;
        let network: Option<Network> = source
            .map(shieldable)
            .transpose()
            .map_err(|bad: BadShield| AdminError::Usage(bad.to_string()))?;
        let now = self.host.now();
        let lowered =
            self.store
                .lower_shields(&now, &self.actor, network.as_ref(), &reason(why))?;
        for network in &lowered {
            self.log_of("shield-off", network);
        }
        Ok(Lowered { lowered })
    }

    /// The shields that are up, the one that stays longest first.
    pub fn shields(&self) -> Result<Vec<Shield>, AdminError> {
        self.may(Right::Look)?;
        let now = self.host.now();
        let shields = self.store.shields(&now)?;
        let shown = |shield: shields::Shield| Shield {
            source: shield.network.to_string(),
            seconds_left: shield.left.secs_up(),
            until: stamp(now.wall.plus(shield.left).millis()),
            reason: sanitise(&shield.reason),
            by: sanitise(&shield.by),
            since: stamp(shield.since),
        };
        Ok(shields.into_iter().map(shown).collect())
    }
}

/// Asks back where a shield would refuse this machine, or the person who puts it up.
pub(super) fn harmless(network: &Network, own: Option<IpAddr>) -> Result<(), AdminError> {
    if network.covers_loopback() {
        return Err(AdminError::NotSure(format!(
            "{network} is this machine itself: sign-ins over its own address would be refused; add \
             --yes if you mean it"
        )));
    }
    match own.filter(|own| network.covers(*own)) {
        Some(own) => Err(AdminError::NotSure(format!(
            "{network} covers {own}, where your own session comes from: you could not sign in again \
             from there; add --yes if you mean it"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use gatepost_words::ident::{Service, Source};
    use gatepost_words::time::Span;

    use super::super::roles::Role;
    use super::super::tests::{Bench, bench};
    use super::super::why::Verdict;
    use super::super::{AdminError, Kind};
    use super::{Asked, Sure};
    use crate::policy::limits::SHIELDS;

    const OWN: &str = "198.51.100.7";

    fn raise(bench: &mut Bench, sources: &[&str], sure: Sure) -> Result<Vec<String>, AdminError> {
        let sources: Vec<String> = sources.iter().map(|one| (*one).to_owned()).collect();
        let own: IpAddr = OWN.parse().unwrap();
        let asked = Asked {
            sources: &sources,
            time: Span::from_mins(15),
            reason: Some("spray"),
            own: Some(own),
            sure,
        };
        let shields = bench.admin.shield_on(&asked)?;
        Ok(shields.into_iter().map(|shield| shield.source).collect())
    }

    // Mutants: a network is not read, or its width not looked at; the time has no bounds.
    #[test]
    fn a_shield_is_put_up_listed_and_taken_down() {
        let mut bench = bench();
        assert_eq!(
            raise(&mut bench, &["203.0.113.9/24"], Sure::No).unwrap(),
            ["203.0.113.0/24"]
        );
        for bad in ["0.0.0.0/0", "example.org"] {
            let refused = raise(&mut bench, &["192.0.2.1", bad], Sure::Yes).unwrap_err();
            assert_eq!(refused.kind(), Kind::Usage, "{bad}");
        }
        let too_long = Asked {
            sources: &["192.0.2.1".to_owned()],
            time: Span::from_hours(25),
            reason: None,
            own: None,
            sure: Sure::Yes,
        };
        assert_eq!(
            bench.admin.shield_on(&too_long).unwrap_err().kind(),
            Kind::Usage
        );
        let up = bench.admin.shields().unwrap();
        assert_eq!(up.len(), 1, "all or none");
        assert_eq!((up[0].seconds_left, up[0].reason.as_str()), (900, "spray"));
        // The same again begins anew, and is no second one.
        bench.clock.pass(Span::from_mins(10));
        raise(&mut bench, &["203.0.113.0/24"], Sure::No).unwrap();
        assert_eq!(bench.admin.shields().unwrap()[0].seconds_left, 900);
        let off = bench
            .admin
            .shield_off(Some("203.0.113.77/24"), None)
            .unwrap();
        assert_eq!(off.lowered, ["203.0.113.0/24"]);
        let off = bench.admin.shield_off(Some("203.0.113.0/24"), None);
        assert_eq!(off.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(bench.admin.shield_off(None, None).unwrap().lowered, [""; 0]);
        let kinds: Vec<String> = bench
            .admin
            .store
            .events_after(0, 100)
            .unwrap()
            .into_iter()
            .map(|event| event.kind)
            .collect();
        assert_eq!(kinds, ["shield-on", "shield-on", "shield-off"]);
    }

    // Mutants: harmless() is not asked; or refuses for good.
    #[test]
    fn a_shield_against_oneself_needs_a_yes() {
        for network in ["127.0.0.1", "::1", OWN, "198.51.0.0/16"] {
            let mut bench = bench();
            let refused = raise(&mut bench, &["192.0.2.1", network], Sure::No).unwrap_err();
            assert!(matches!(refused, AdminError::NotSure(_)), "{refused}");
            assert_eq!(bench.admin.shields().unwrap(), []);
            assert!(raise(&mut bench, &[network], Sure::Yes).is_ok());
        }
    }

    // Mutant: the number of shields has no bound: each login reads all of them.
    #[test]
    fn so_many_shields_are_up_at_the_most() {
        let mut bench = bench();
        for number in 0..SHIELDS {
            raise(&mut bench, &[&format!("203.0.113.{number}")], Sure::No).unwrap();
        }
        let refused = raise(&mut bench, &["192.0.2.1"], Sure::No).unwrap_err();
        assert!(refused.to_string().contains("64 is the most"), "{refused}");
        assert_eq!(bench.admin.shields().unwrap().len(), 64);
        // One that is up may be put up again, and those that ended take no place.
        raise(&mut bench, &["203.0.113.1"], Sure::No).unwrap();
        bench.clock.pass(Span::from_mins(15));
        assert_eq!(
            raise(&mut bench, &["192.0.2.1"], Sure::No).unwrap(),
            ["192.0.2.1"]
        );
    }

    // Mutant: without a source, everything is shielded, or nothing and that in silence.
    #[test]
    fn without_a_source_the_suspects_are_shielded() {
        let mut bench = bench();
        bench.enrol_daemon();
        let refused = raise(&mut bench, &[], Sure::No).unwrap_err();
        assert!(
            refused.to_string().contains("no source looks like"),
            "{refused}"
        );
        assert!(!bench.admin.attack().unwrap().attack);
        let now = crate::host::Host::now(bench.clock.as_ref());
        bench.admin.store.seed_wrong(&now, "ip:203.0.113.9", 6);
        bench.admin.store.seed_wrong(&now, "uid:1000", 6);
        let attack = bench.admin.attack().unwrap();
        assert!(attack.attack && !attack.at_least);
        assert_eq!(attack.wrong_codes, 12);
        assert_eq!(attack.wrong_per_minute[9], 12);
        assert_eq!(attack.why[0], "203.0.113.9: 6 wrong codes within a minute");
        assert!(attack.shieldable);
        assert!(attack.unshieldable[0].starts_with("this machine (uid 1000) cannot be shielded"));
        assert_eq!(raise(&mut bench, &[], Sure::No).unwrap(), ["203.0.113.9"]);
        // What is read has a bound, and says so.
        bench.admin.store.seed_wrong(&now, "ip:203.0.113.9", 6000);
        let attack = bench.admin.attack().unwrap();
        assert!(attack.at_least);
        assert_eq!(attack.wrong_codes, 5000);
        // Ten minutes later it is over.
        bench.clock.pass(Span::from_mins(10));
        assert!(!bench.admin.attack().unwrap().attack);
        assert!(!bench.admin.status().unwrap().attack.attack);
    }

    // Mutants: local suspects count as shieldable; shield_on() says that nothing looks like an attack; root is told
    // to end itself; a name is taken for somebody on this machine.
    #[test]
    fn where_no_suspect_can_be_shielded_both_say_what_to_do_instead() {
        for (source, told) in [
            (
                "uid:1",
                "this machine (uid 1) cannot be shielded: that is daemon. See what they run (ps -fu 1), end \
                 it (loginctl terminate-user 1), and lock their account if they have one (gatepost user \
                 lock daemon)",
            ),
            (
                "uid:0",
                "this machine (uid 0) cannot be shielded: that is root, for whoever is at the console or \
                 for a service. See what runs (ps -fu 0), and lock the account that is tried (gatepost user \
                 lock USER)",
            ),
            (
                "uid:3999999999",
                "this machine (uid 3999999999) cannot be shielded, and no user of that uid is found. See \
                 what runs (ps -fu 3999999999), and end it (loginctl terminate-user 3999999999)",
            ),
            (
                "name:host.example.org;uid:0",
                "host.example.org cannot be shielded: it is no address. Name the address with --source; \
                 UseDNS no in sshd_config has sshd say it",
            ),
        ] {
            let mut bench = bench();
            bench.enrol_daemon();
            let now = crate::host::Host::now(bench.clock.as_ref());
            bench.admin.store.seed_wrong(&now, source, 6);
            let attack = bench.admin.attack().unwrap();
            assert_eq!(
                (attack.attack, attack.shieldable),
                (true, false),
                "{source}"
            );
            assert_eq!(attack.unshieldable, [told]);
            let refused = raise(&mut bench, &[], Sure::No).unwrap_err();
            assert_eq!(refused.kind(), Kind::No, "{source}");
            assert_eq!(refused.to_string(), told);
        }
    }

    // Mutants: look() does not look for shields; why does not say which.
    #[test]
    fn why_says_that_a_source_is_shielded() {
        let mut bench = bench();
        bench.enrol_daemon();
        raise(&mut bench, &["203.0.113.0/24"], Sure::No).unwrap();
        let person = crate::people::find(&super::super::tests::name("daemon")).unwrap();
        let service = Service::new("sshd").unwrap();
        let why = |from| {
            let source = Source::from_pam(Some(from), None, 0);
            bench
                .admin
                .explain(&person, &service, &source, None)
                .unwrap()
        };
        let shielded = why("203.0.113.9");
        assert_eq!(shielded.verdict, Verdict::Refused);
        let begins = "daemon would be refused: 203.0.113.9 is shielded until ";
        assert!(
            shielded.sentence.starts_with(begins),
            "{}",
            shielded.sentence
        );
        assert!(shielded.steps[0].contains("gatepost shield off 203.0.113.0/24"));
        assert_eq!(why("203.0.114.9").verdict, Verdict::Asked);
        let nowhere = why("");
        assert_eq!(nowhere.verdict, Verdict::Asked);
        assert!(
            nowhere
                .steps
                .iter()
                .any(|step| step.contains("shielded is 203.0.113.0/24"))
        );
    }

    // Mutant: a verb does not begin with may().
    #[test]
    fn an_admin_may_and_others_look() {
        let mut bench = bench();
        bench.role(Role::Helpdesk);
        let refused = raise(&mut bench, &["192.0.2.1"], Sure::Yes).unwrap_err();
        assert_eq!(refused.kind(), Kind::NotPermitted);
        let refused = bench.admin.shield_off(None, None).unwrap_err();
        assert_eq!(refused.kind(), Kind::NotPermitted);
        bench.role(Role::Auditor);
        bench.admin.shields().unwrap();
        bench.admin.attack().unwrap();
        bench.admin.status().unwrap();
    }
}
