//! Where a server may be: the hosts of a configuration, and the addresses that their names stand for.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use rand::seq::SliceRandom as _;
use tokio::net::lookup_host;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, LoadBalanceHosts};

/// A host as the configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The name that certificates and password files know the server by.
    host: Option<Host>,
    /// The address to use instead of asking for the name's.
    hostaddr: Option<IpAddr>,
    port: u16,
}

/// One address that a connection can be made to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::postgres) struct Address {
    /// Where.
    pub(super) peer: Peer,
    /// The name that the server's certificate must be for.
    pub(super) hostname: String,
}

/// The two kinds of sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.peer {
            Peer::Tcp(address) => address.fmt(f),
            Peer::Unix(path) => path.display().fmt(f),
        }
    }
}

/// The hosts of a configuration in the order in which they are tried. The error is one of the settings.
pub(super) fn places(config: &Config) -> Result<Vec<Place>, String> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let count = hosts.len().max(addresses.len());
    if count == 0 {
        return Err("both host and hostaddr are missing".to_owned());
    }
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        return Err(format!("{} hosts, but {} values of hostaddr", hosts.len(), addresses.len()));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(format!("{count} hosts, but {} ports", ports.len()));
    }
    let place = |at: usize| Place {
        host: hosts.get(at).cloned(),
        hostaddr: addresses.get(at).copied(),
        port: ports.get(at).or_else(|| ports.first()).copied().unwrap_or(5432),
    };
    let mut places: Vec<Place> = (0..count).map(place).collect();
    shuffle(&mut places, config);
    Ok(places)
}

/// The same configuration for each of its hosts alone, in the order in which they are tried. None where the settings of
/// hosts don't fit together: the driver says so.
pub(crate) fn hosts_alone(config: &Config) -> Vec<Config> {
    places(config).unwrap_or_default().iter().map(|place| place.alone(config)).collect()
}

impl Place {
    /// The configuration with this host only.
    fn alone(&self, all: &Config) -> Config {
        let mut one = Config::new();
        match &self.host {
            Some(Host::Tcp(name)) => {
                one.host(name);
            }
            Some(Host::Unix(folder)) => {
                one.host_path(folder);
            }
            None => {}
        }
        if let Some(address) = self.hostaddr {
            one.hostaddr(address);
        }
        one.port(self.port);
        if let Some(user) = all.get_user() {
            one.user(user);
        }
        if let Some(password) = all.get_password() {
            one.password(password);
        }
        if let Some(name) = all.get_dbname() {
            one.dbname(name);
        }
        if let Some(options) = all.get_options() {
            one.options(options);
        }
        if let Some(name) = all.get_application_name() {
            one.application_name(name);
        }
        if let Some(limit) = all.get_connect_timeout() {
            one.connect_timeout(*limit);
        }
        if let Some(limit) = all.get_tcp_user_timeout() {
            one.tcp_user_timeout(*limit);
        }
        if let Some(interval) = all.get_keepalives_interval() {
            one.keepalives_interval(interval);
        }
        if let Some(retries) = all.get_keepalives_retries() {
            one.keepalives_retries(retries);
        }
        one.keepalives(all.get_keepalives()).keepalives_idle(all.get_keepalives_idle());
        one.ssl_mode(all.get_ssl_mode()).ssl_negotiation(all.get_ssl_negotiation());
        one.target_session_attrs(all.get_target_session_attrs()).channel_binding(all.get_channel_binding());
        one.load_balance_hosts(all.get_load_balance_hosts());
        one
    }

    /// The addresses behind the name, at least one.
    pub(super) async fn addresses(&self, config: &Config) -> Result<Vec<Address>, std::io::Error> {
        let tcp = |address, hostname: String| Address { peer: Peer::Tcp(address), hostname };
        let name = match (&self.host, self.hostaddr) {
            (Some(Host::Unix(folder)), None) => {
                let path = folder.join(format!(".s.PGSQL.{}", self.port));
                return Ok(vec![Address { peer: Peer::Unix(path), hostname: String::new() }]);
            }
            (Some(Host::Tcp(name)), None) => name,
            (host, Some(ip)) => {
                let hostname = match host {
                    Some(Host::Tcp(name)) => name.clone(),
                    _ => ip.to_string(),
                };
                return Ok(vec![tcp(SocketAddr::new(ip, self.port), hostname)]);
            }
            (None, None) => return Err(std::io::Error::other("neither host nor hostaddr")),
        };
        let found = lookup_host((name.as_str(), self.port)).await?;
        let mut addresses: Vec<Address> = found.map(|address| tcp(address, name.clone())).collect();
        shuffle(&mut addresses, config);
        if addresses.is_empty() {
            return Err(std::io::Error::other("the name stands for no address"));
        }
        Ok(addresses)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.hostaddr) {
            (Some(Host::Tcp(name)), _) => write!(f, "{name}:{}", self.port),
            (Some(Host::Unix(path)), None) => write!(f, "{}:{}", path.display(), self.port),
            (_, Some(ip)) => SocketAddr::new(ip, self.port).fmt(f),
            (None, None) => write!(f, "port {}", self.port),
        }
    }
}

fn shuffle<T>(list: &mut [T], config: &Config) {
    if config.get_load_balance_hosts() == LoadBalanceHosts::Random {
        list.shuffle(&mut rand::rng());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(url: &str) -> Result<Vec<String>, String> {
        places(&url.parse().unwrap()).map(|places| places.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_host_alone_keeps_all_else() {
        let more = "user=u password=p dbname=d options='-c x=1' application_name=n connect_timeout=3 tcp_user_timeout=4 \
                    keepalives=0 keepalives_idle=5 keepalives_interval=6 keepalives_retries=7 sslmode=require \
                    sslnegotiation=direct target_session_attrs=read-write channel_binding=disable load_balance_hosts=disable";
        let all: Config = format!("host=a,b hostaddr=::1,::2 port=1,2 {more}").parse().unwrap();
        let alone: Vec<Config> = ["host=a hostaddr=::1 port=1", "host=b hostaddr=::2 port=2"]
            .map(|host| format!("{host} {more}").parse().unwrap())
            .into();
        assert_eq!(hosts_alone(&all), alone);
        assert_eq!(hosts_alone(&"host=a,b port=1,2,3".parse().unwrap()), []);
    }

    #[test]
    fn hosts_are_paired_with_ports_and_addresses() {
        assert_eq!(names("postgres://a:1,b:2/d").unwrap(), ["a:1", "b:2"]);
        assert_eq!(names("host=a,b port=7").unwrap(), ["a:7", "b:7"]);
        assert_eq!(names("host=/run/pg").unwrap(), ["/run/pg:5432"]);
        assert_eq!(names("hostaddr=::1").unwrap(), ["[::1]:5432"]);
        assert_eq!(names("host=a,b port=1,2,3").unwrap_err(), "2 hosts, but 3 ports");
        assert_eq!(names("host=a,b hostaddr=::1").unwrap_err(), "2 hosts, but 1 values of hostaddr");
        assert!(names("user=x").is_err());
    }
}
