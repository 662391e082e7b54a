//! Which addresses a result is fetched from: those of the public internet, those of the kind that the service
//! itself is at, and what the config lets in. What a service names is its word only, and must not lead this
//! machine's requests into the network around it.
//!
//! A result's address is the service's word: `runtime/reach.rs` lets it lead to public servers, to the range of the
//! service's own address, and to what the config lets in. The resolver of the very client that connects does the
//! judging, so that a name can't lead elsewhere the second time; every redirect is a fetch of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use crate::domain::text::one_line;

/// Ranges where no public server is, each with what is there (IANA's special-purpose address registries).
const SPECIAL: [(IpNet, &str); 30] = [
    (v4([0, 0, 0, 0], 8), "no address"),
    (v4([10, 0, 0, 0], 8), "a private network"),
    (v4([100, 64, 0, 0], 10), "a carrier's own network"),
    (v4([127, 0, 0, 0], 8), "this machine"),
    (v4([169, 254, 0, 0], 16), "the local link"),
    (v4([172, 16, 0, 0], 12), "a private network"),
    (v4([192, 0, 0, 0], 24), "a reserved range"),
    (v4([192, 0, 2, 0], 24), "a range for documents"),
    (v4([192, 88, 99, 0], 24), "a reserved range"),
    (v4([192, 168, 0, 0], 16), "a private network"),
    (v4([198, 18, 0, 0], 15), "a range for tests, which some VPNs answer with for every name"),
    (v4([198, 51, 100, 0], 24), "a range for documents"),
    (v4([203, 0, 113, 0], 24), "a range for documents"),
    (v4([224, 0, 0, 0], 4), "multicast"),
    (v4([240, 0, 0, 0], 4), "a reserved range"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "this machine"),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "a private network"),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "a private network"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "the local link"),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "a private network"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast"),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "a range for documents"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "a reserved range"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "a range for documents"),
    // All that is not 2000::/3, which alone is given to public servers.
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 3), "a reserved range"),
    (v6([0x4000, 0, 0, 0, 0, 0, 0, 0], 3), "a reserved range"),
    (v6([0x6000, 0, 0, 0, 0, 0, 0, 0], 3), "a reserved range"),
    (v6([0x8000, 0, 0, 0, 0, 0, 0, 0], 3), "a reserved range"),
    (v6([0xa000, 0, 0, 0, 0, 0, 0, 0], 3), "a reserved range"),
    (v6([0xc000, 0, 0, 0, 0, 0, 0, 0], 2), "a reserved range"),
];

/// Endings of names that lead nowhere in public.
const LOCAL_NAMES: [&str; 6] = ["local", "internal", "home.arpa", "lan", "localdomain", "intranet"];

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> IpNet {
    IpNet::V4(ipnet::Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length))
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], length: u8) -> IpNet {
    IpNet::V6(ipnet::Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length))
}

/// Why nothing was fetched.
#[derive(Clone, Debug, Error)]
pub(super) enum Blocked {
    #[error(
        "the file's address leads to {to}, which is {what}, so it was not opened; if that is right, let it in under [network] in the config: allow = [\"{range}\"]"
    )]
    Special { to: String, range: String, what: &'static str },
    #[error(
        "the file's address leads to {0}, which is a name of private networks, so the proxy was not asked for it; if that is right, name it in NO_PROXY, and let its range in under [network] in the config"
    )]
    LocalName(String),
    #[error("the file's address has a user and a password in it, so it was not opened")]
    Password,
}

/// What may be reached for the results of one service.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// What the config lets in.
    pub(super) allow: Arc<[IpNet]>,
    /// The host of the service's own address.
    pub(super) base: Option<String>,
}

impl Reach {
    /// Whether `url` itself may be opened. Of a name the addresses are looked at when it is resolved, which is the
    /// proxy's task where there is one, so that only the name can be judged then.
    pub(super) async fn check(&self, url: &Url, by_proxy: bool) -> Result<(), Blocked> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Blocked::Password);
        }
        let host = host(url);
        match host.parse() {
            Ok(address) => self.open([address], &host).await.map(drop),
            Err(_) if by_proxy => match local(&host) {
                Some(place) if self.base.as_deref().and_then(local) != Some(place) => {
                    Err(Blocked::LocalName(one_line(&host, 100)))
                }
                _ => Ok(()),
            },
            Err(_) => Ok(()),
        }
    }

    /// Those of `addresses`, to which `name` leads, that may be reached; an error where none may.
    async fn open(
        &self,
        addresses: impl IntoIterator<Item = IpAddr>,
        name: &str,
    ) -> Result<Vec<IpAddr>, Blocked> {
        let lets_in = |address| self.allow.iter().any(|range| range.contains(&address));
        let mut open = Vec::new();
        let mut blocked = Vec::new();
        for address in addresses {
            match special(address) {
                Some(range) if !lets_in(address) && !lets_in(embedded(address)) => {
                    blocked.push((address, range));
                }
                _ => open.push(address),
            }
        }
        if blocked.is_empty() {
            return Ok(open);
        }
        let ours: Vec<IpNet> =
            self.base_addresses().await.into_iter().filter_map(special).map(|one| one.0).collect();
        open.extend(blocked.iter().filter(|(_, range)| ours.contains(&range.0)).map(|one| one.0));
        match blocked.first() {
            Some((address, (range, what))) if open.is_empty() => {
                let to = match name.parse() == Ok(*address) {
                    true => name.to_owned(),
                    false => format!("{} at {address}", one_line(name, 100)),
                };
                Err(Blocked::Special { to, range: range.to_string(), what })
            }
            _ => Ok(open),
        }
    }

    /// Where the service itself is.
    async fn base_addresses(&self) -> Vec<IpAddr> {
        let Some(base) = &self.base else { return Vec::new() };
        match base.parse() {
            Ok(address) => vec![address],
            Err(_) => lookup(base).await.unwrap_or_default(),
        }
    }
}

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let name = name.as_str();
            let open = this.open(lookup(name).await?, name).await?;
            Ok(Box::new(open.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

async fn lookup(name: &str) -> std::io::Result<Vec<IpAddr>> {
    Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
}

/// The host of `url` as addresses and names are compared.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// The range of `address` that is not for public servers, and what is there.
fn special(address: IpAddr) -> Option<(IpNet, &'static str)> {
    let address = embedded(address);
    SPECIAL.into_iter().find(|(range, _)| range.contains(&address))
}

/// The IPv4 address that an IPv6 one stands for: mapped, behind NAT64, or by 6to4.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let pair = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => pair(high, low),
        _ => address,
    }
}

/// Where a host is that no public server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Local {
    Machine,
    Network,
}

/// Where `host` is, an address or a name, if not in public.
fn local(host: &str) -> Option<Local> {
    if let Ok(address) = host.parse::<IpAddr>() {
        let place = if address.is_loopback() { Local::Machine } else { Local::Network };
        return special(address).map(|_| place);
    }
    let ends = |end: &str| {
        host.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if ends("localhost") {
        return Some(Local::Machine);
    }
    (!host.contains('.') || LOCAL_NAMES.into_iter().any(ends)).then_some(Local::Network)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(base: &str, allow: &[&str]) -> Reach {
        let allow = allow.iter().map(|range| range.parse().expect("a range")).collect();
        Reach { allow, base: Some(base.to_owned()) }
    }

    fn direct(address: &str) -> String {
        let bracketed = if address.contains(':') { format!("[{address}]") } else { address.into() };
        format!("https://{bracketed}/clip.mp4")
    }

    async fn check(reach: &Reach, url: &str, by_proxy: bool) -> Result<(), String> {
        let url = Url::parse(url).expect("an address");
        reach.check(&url, by_proxy).await.map_err(|blocked| blocked.to_string())
    }

    const PUBLIC: &str = "api.service.example";

    #[tokio::test]
    async fn no_file_is_fetched_from_where_no_public_server_is() {
        let reach = reach("8.8.8.8", &[]);
        let edges = SPECIAL.iter().flat_map(|(range, _)| [range.network(), range.broadcast()]);
        let forms = edges.flat_map(|edge| match edge {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                let nat64 = format!("64:ff9b::{a:02x}{b:02x}:{c:02x}{d:02x}");
                let six = format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1");
                vec![v4.to_string(), v4.to_ipv6_mapped().to_string(), nat64, six]
            }
            IpAddr::V6(v6) => vec![v6.to_string()],
        });
        // As people and libraries write the same, too.
        let odd = ["127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "127.0.0.1.", "::7f00:1"];
        for address in forms.chain(odd.map(str::to_owned)) {
            for by_proxy in [false, true] {
                let said = check(&reach, &direct(&address), by_proxy).await.expect_err(&address);
                assert!(said.contains("was not opened"), "{address}: {said}");
                assert!(said.contains("under [network] in the config: allow = ["), "{said}");
            }
        }
        let public = [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
            "2600::1",
            "2001:200::1",
            "2a00::1",
        ];
        for address in public {
            check(&reach, &direct(address), false).await.expect(address);
        }
    }

    /// A gateway within a company leads to files beside it, and to no other network.
    #[tokio::test]
    async fn where_the_service_itself_is_its_files_may_be() {
        let reach = reach("10.20.30.40", &[]);
        check(&reach, &direct("10.1.2.3"), false).await.expect("the same network");
        for other in ["127.0.0.1", "169.254.169.254", "192.168.0.1", "::1", "fd00::1"] {
            check(&reach, &direct(other), false).await.expect_err(other);
        }
    }

    #[tokio::test]
    async fn what_the_config_lets_in_is_let_in() {
        let reach = reach(PUBLIC, &["198.18.0.0/15", "fd00::/8"]);
        for address in ["198.18.0.7", "198.19.255.255", "::ffff:198.18.0.7", "fd12::1"] {
            check(&reach, &direct(address), false).await.expect(address);
        }
        check(&reach, &direct("10.0.0.1"), false).await.expect_err("not let in");
        let said = check(&self::reach(PUBLIC, &[]), &direct("198.18.0.7"), false).await;
        let said = said.expect_err("not let in");
        assert!(
            said.contains("some VPNs") && said.contains("allow = [\"198.18.0.0/15\"]"),
            "{said}"
        );
    }

    #[tokio::test]
    async fn an_address_with_a_user_or_a_password_is_not_opened() {
        for url in ["https://u@files.example/", "https://u:p@files.example/", "https://:p@1.1.1.1/"]
        {
            let said = check(&reach(PUBLIC, &[]), url, false).await.expect_err(url);
            assert!(said.contains("a user and a password"), "{said}");
        }
    }

    /// The name is the service's word; where it leads is what counts, and that is seen when it is looked up.
    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_connected_to() {
        let found = |reach: Reach| async move {
            let found = reach.resolve("localhost".parse().expect("a name")).await;
            found.map(|addresses| addresses.count()).map_err(|error| error.to_string())
        };
        let said = found(reach(PUBLIC, &[])).await.expect_err("not opened");
        assert!(said.contains("leads to localhost at ") && said.contains("this machine"), "{said}");
        for open in
            [reach("127.0.0.1", &[]), reach("localhost", &[]), reach(PUBLIC, &["127.0.0.1/32"])]
        {
            assert!(found(open).await.expect("opened") > 0);
        }
    }

    /// A proxy looks names up itself.
    #[tokio::test]
    async fn behind_a_proxy_names_of_private_networks_are_not_asked_for() {
        let local = [
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "printer.local",
            "metadata.google.internal",
            "nas",
            "router.lan",
            "x.home.arpa",
        ];
        for name in local {
            let url = format!("https://{name}/clip.mp4");
            let said = check(&reach(PUBLIC, &[]), &url, true).await.expect_err(name);
            assert!(said.contains("a name of private networks"), "{said}");
            check(&reach(PUBLIC, &[]), &url, false).await.expect("looked up");
            let (beside, other) = match name.to_lowercase().contains("localhost") {
                true => ("127.0.0.1", "gateway.internal"),
                false => ("gateway.internal", "127.0.0.1"),
            };
            check(&reach(beside, &[]), &url, true).await.expect("the service is there");
            check(&reach(other, &[]), &url, true).await.expect_err("the service is elsewhere");
        }
        for name in
            ["files.example", "notlocalhost.example", "local.example", "internal.example.com"]
        {
            let url = format!("https://{name}/clip.mp4");
            check(&reach(PUBLIC, &[]), &url, true).await.expect(name);
        }
    }
}
