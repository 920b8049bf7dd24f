//! What may be shielded: networks that are refused for a while. Pure.
//!
//! Only literal addresses are ever shielded: a name is what somebody's DNS says, and a local caller
//! is the administrator too.

use std::net::IpAddr;

use super::limits::{SHIELD_WIDEST_V4, SHIELD_WIDEST_V6};
use super::network::{Network, NoNetwork};

/// What was typed cannot be shielded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadShield {
    /// It is no network.
    #[error(transparent)]
    Shape(#[from] NoNetwork),
    /// It covers too much.
    #[error(
        "{0} is too wide to be shielded: at the widest /{SHIELD_WIDEST_V4} for IPv4 and \
         /{SHIELD_WIDEST_V6} for IPv6"
    )]
    Wide(Network),
}

/// The network, if it may be shielded.
pub fn shieldable(text: &str) -> Result<Network, BadShield> {
    let network: Network = text.parse()?;
    let widest = match network.address() {
        IpAddr::V4(_) => SHIELD_WIDEST_V4,
        IpAddr::V6(_) => SHIELD_WIDEST_V6,
    };
    if network.prefix() < widest {
        return Err(BadShield::Wide(network));
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::{BadShield, shieldable};

    // Mutants: a shorter prefix is taken; the prefix of a mapped one is not folded with it, and so
    // ::ffff:0.0.0.0/96 is all of IPv4.
    #[test]
    fn what_is_too_wide_or_no_network_is_not_shielded() {
        for wide in [
            "0.0.0.0/0",
            "10.0.0.0/7",
            "::/0",
            "2001:db8::/31",
            "::ffff:0.0.0.0/96",
            "::ffff:10.0.0.0/103",
        ] {
            let refused = shieldable(wide);
            assert!(matches!(refused, Err(BadShield::Wide(_))), "{wide}");
        }
        assert!(matches!(
            shieldable("example.org"),
            Err(BadShield::Shape(_))
        ));
        assert!(shieldable("10.0.0.0/8").is_ok());
        assert!(shieldable("2001:db8::/32").is_ok());
    }
}
