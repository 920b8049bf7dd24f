//! Networks of IP addresses: how they are written, and what lies in them. Pure.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use gatepost_words::text::sanitise;

/// A network, its host bits cleared. v4-mapped ones are folded to IPv4, as sources are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// What was typed is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no address and no network: give one such as 203.0.113.9 or 2001:db8::/64")]
pub struct NoNetwork(String);

impl Network {
    /// One address.
    pub fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self {
            address,
            prefix: bits(address),
        }
    }

    /// Whether that address is in it.
    pub fn covers(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        bits(address) == bits(self.address) && cleared(address, self.prefix) == self.address
    }

    /// Whether it covers addresses of the machine itself.
    pub fn covers_loopback(&self) -> bool {
        match self.address {
            IpAddr::V4(address) => {
                address.is_loopback() || self.covers(IpAddr::V4(Ipv4Addr::LOCALHOST))
            }
            IpAddr::V6(_) => self.covers(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        }
    }

    /// The address that it begins with.
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// How many bits are the same in all of its addresses.
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }

    /// The same network, or the wider one of that many bits.
    #[must_use]
    pub fn widened(&self, prefix: u8) -> Self {
        let prefix = prefix.min(self.prefix);
        Self {
            address: cleared(self.address, prefix),
            prefix,
        }
    }

    fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let length = bits(address);
        if prefix > length {
            return None;
        }
        // ::ffff:203.0.113.0/120 is 203.0.113.0/24: its sources come folded.
        let canonical = address.to_canonical();
        let prefix = if bits(canonical) == length {
            prefix
        } else {
            prefix.checked_sub(128 - 32)?
        };
        Some(Self {
            address: cleared(canonical, prefix),
            prefix,
        })
    }
}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let shape = || NoNetwork(sanitise(text));
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(prefix)),
        };
        let address: IpAddr = address.parse().map_err(|_no_address| shape())?;
        let Some(prefix) = prefix else {
            return Ok(Self::of(address));
        };
        let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|_| is_number);
        prefix
            .and_then(|prefix| Self::new(address, prefix))
            .ok_or_else(shape)
    }
}

impl fmt::Display for Network {
    /// As it is typed: one address without its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix == bits(self.address) {
            return write!(f, "{}", self.address);
        }
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

const fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The address without the bits behind `prefix`.
fn cleared(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX
                .checked_shl(32_u32.saturating_sub(u32::from(prefix)))
                .unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX
                .checked_shl(128_u32.saturating_sub(u32::from(prefix)))
                .unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Network;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_is_read_and_written_in_one_way() {
        let cases = [
            ("203.0.113.9", "203.0.113.9"),
            ("203.0.113.9/32", "203.0.113.9"),
            ("203.0.113.9/24", "203.0.113.0/24"),
            ("10.9.8.7/8", "10.0.0.0/8"),
            ("2001:DB8::1", "2001:db8::1"),
            ("2001:db8:1:2:3::/64", "2001:db8:1:2::/64"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9/120", "203.0.113.0/24"),
            ("10.9.8.7/0", "0.0.0.0/0"),
        ];
        for (typed, written) in cases {
            assert_eq!(network(typed).to_string(), written, "{typed}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in [
            "",
            "/24",
            "203.0.113.9/",
            "203.0.113.9/33",
            "203.0.113.9/+8",
            "203.0.113.9/24/24",
            "203.0.113",
            "2001:db8::/129",
            "::ffff:0.0.0.0/64",
            "example.org",
            " 203.0.113.9",
        ] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    // Mutants: host bits are compared; IPv4 is looked for in IPv6; mapped sources are not folded.
    #[test]
    fn a_network_covers_its_own_addresses_alone() {
        let cases = [
            ("203.0.113.9", "203.0.113.9", true),
            ("203.0.113.9", "203.0.113.8", false),
            ("203.0.113.0/24", "203.0.113.255", true),
            ("203.0.113.0/24", "203.0.114.0", false),
            ("203.0.113.0/25", "203.0.113.128", false),
            ("203.0.113.0/24", "::ffff:203.0.113.7", true),
            ("2001:db8::/64", "2001:db8::ffff:1", true),
            ("2001:db8::/64", "2001:db8:0:1::1", false),
            ("2001:db8::/32", "203.0.113.9", false),
            ("10.0.0.0/8", "::10.1.2.3", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("::/0", "203.0.113.9", false),
        ];
        for (shield, source, covered) in cases {
            let source: IpAddr = source.parse().unwrap();
            assert_eq!(network(shield).covers(source), covered, "{shield} {source}");
        }
    }

    #[test]
    fn a_network_of_the_machine_itself_is_known() {
        let cases = [
            ("127.0.0.1", true),
            ("127.0.0.0/8", true),
            ("127.9.0.0/16", true),
            ("::1", true),
            ("::/32", true),
            ("126.0.0.0/8", false),
            ("2001:db8::/32", false),
        ];
        for (text, is) in cases {
            assert_eq!(network(text).covers_loopback(), is, "{text}");
        }
    }

    #[test]
    fn a_wider_network_has_fewer_bits() {
        assert_eq!(
            network("2001:db8:1:2:3::/80").widened(64),
            network("2001:db8:1:2::/64")
        );
        assert_eq!(
            network("203.0.113.0/24").widened(64),
            network("203.0.113.0/24")
        );
    }
}
