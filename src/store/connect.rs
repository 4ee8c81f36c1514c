//! How the pool connects: to each host of the address in its turn, for its share of a call's deadline.
//!
//! The driver goes to the next host when one refuses. A machine that is gone refuses nothing, and a server that hangs takes
//! the connection and says nothing from then on: neither may keep the daemon from the hosts behind it.

use std::time::Duration;

use deadpool_postgres::{ConfigConnectImpl, Connect};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::postgres::hosts_alone;

/// Connects to the first host that lets us in.
pub(super) struct InTurn {
    driver: ConfigConnectImpl<MakeRustlsConnect>,
    /// How long all hosts may take together.
    limit: Duration,
}

impl InTurn {
    /// Connects with that TLS, and gives all hosts together so long.
    pub(super) const fn new(tls: MakeRustlsConnect, limit: Duration) -> Self {
        Self { driver: ConfigConnectImpl { tls }, limit }
    }
}

impl Connect for InTurn {
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let mut hosts = hosts_alone(config);
        // The last one has what is left: at least two shares.
        let share = self.limit / u32::try_from(hosts.len() + 1).unwrap_or(u32::MAX);
        for host in &mut hosts {
            // A name may stand for several addresses, and the driver tries one after the other.
            let limit = host.get_connect_timeout().map_or(share, |limit| share.min(*limit));
            host.connect_timeout(limit);
        }
        let last = hosts.pop().unwrap_or_else(|| config.clone());
        async move {
            for host in hosts {
                if let Ok(Ok(connected)) = timeout(share, self.driver.connect(&host)).await {
                    return Ok(connected);
                }
            }
            self.driver.connect(&last).await
        }
        .boxed()
    }
}
