//! IP addresses and ranges (IAM User Guide, "IP address condition operators").

use std::net::IpAddr;

/// Whether an address lies in a range such as `203.0.113.0/24` or `2001:db8::/32`, or is the one address named.
pub(super) fn is_within(address: &str, range: &str) -> bool {
    let Ok(address) = address.trim().parse::<IpAddr>() else {
        return false;
    };
    let (base, prefix) = match range.trim().split_once('/') {
        Some((base, prefix)) => (base, Some(prefix)),
        None => (range.trim(), None),
    };
    let Ok(base) = base.parse::<IpAddr>() else {
        return false;
    };
    let (Some((left, width)), Some((right, _))) = (bits(address, base), bits(base, address)) else {
        return false;
    };
    let prefix = match prefix.map(str::parse::<u32>) {
        None => width,
        Some(Ok(prefix)) if prefix <= width => prefix,
        Some(_) => return false,
    };
    // A shift by the whole width, for the prefix 0, leaves nothing to compare.
    (left ^ right).checked_shr(width - prefix).unwrap_or(0) == 0
}

/// The first and the last address of a range, nothing when it is none.
pub(crate) fn range(range: &str) -> Option<(IpAddr, IpAddr)> {
    let (base, prefix) = range.trim().split_once('/').unwrap_or((range.trim(), ""));
    let base = base.parse::<IpAddr>().ok()?;
    let (bits, width) = bits(base, base)?;
    let prefix = if prefix.is_empty() { width } else { prefix.parse::<u32>().ok()? };
    let free = width.checked_sub(prefix)?;
    let rest = 1_u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
    let address = |bits: u128| match base {
        IpAddr::V4(_) => u32::try_from(bits).ok().map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(_) => Some(IpAddr::V6(bits.into())),
    };
    Some((address(bits & !rest)?, address(bits | rest)?))
}

/// The bits of an address and how many there are, nothing when the other is of the other version.
fn bits(address: IpAddr, other: IpAddr) -> Option<(u128, u32)> {
    match (address, other) {
        (IpAddr::V4(address), IpAddr::V4(_)) => Some((u128::from(address.to_bits()), 32)),
        (IpAddr::V6(address), IpAddr::V6(_)) => Some((address.to_bits(), 128)),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn addresses_are_compared_by_prefix_within_one_version() {
        for (address, range, expected) in [
            ("203.0.113.7", "203.0.113.0/24", true),
            ("203.0.114.7", "203.0.113.0/24", false),
            ("203.0.113.7", "203.0.113.99/24", true),
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.8", false),
            ("203.0.113.7", "203.0.113.7/32", true),
            ("203.0.113.7", "203.0.113.6/32", false),
            ("203.0.113.7", "203.0.113.6/31", true),
            ("8.8.8.8", "0.0.0.0/0", true),
            ("203.0.113.7", "203.0.113.0/33", false),
            ("203.0.113.7", "203.0.113.0/", false),
            ("2001:db8::1", "2001:db8::/32", true),
            ("2001:db9::1", "2001:db8::/32", false),
            ("2001:DB8:0:0::1", "2001:db8::1", true),
            ("::1", "::/0", true),
            ("::1", "0.0.0.0/0", false),
            ("203.0.113.7", "::/0", false),
            ("here", "0.0.0.0/0", false),
        ] {
            assert_eq!(is_within(address, range), expected, "`{address}` in `{range}`");
        }
    }
}
