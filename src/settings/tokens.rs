//! The HTTP server: where it listens, who may read and act, and by which address people know it.

use crate::domain::role::Role;
use crate::spec::authored::At;

use super::raw::RawHttp;
use super::resolve::{LISTEN, Resolver};
use super::settings::{HttpSettings, TokenSettings};

/// The name of the token that `token_file` alone gives.
const ALONE: &str = "token";

impl Resolver<'_, '_> {
    /// The HTTP server.
    pub(super) fn http(&mut self, raw: &RawHttp, at: At<'_>) -> HttpSettings {
        let tokens = self.tokens(raw, at);
        let listen = raw.listen.as_ref().map_or(Some(LISTEN), |text| {
            let listen = text.replace("localhost:", "127.0.0.1:").parse().ok();
            if listen.is_none() {
                let hint = "write address and port: `127.0.0.1:8321`, `[::1]:8321`, `0.0.0.0:8321`";
                self.wrong(at.key("listen"), format!("`{text}` is no address to listen on"), hint);
            }
            listen
        });
        if let Some(listen) =
            listen.filter(|listen| !listen.ip().is_loopback() && raw.token_file.is_none() && raw.tokens.is_none())
        {
            let message = format!("`{listen}` can be reached from other machines, and there is no token");
            self.wrong(at.key("listen"), message, "add `token_file` or `tokens`, or listen on 127.0.0.1");
        }
        HttpSettings { listen: listen.unwrap_or(LISTEN), tokens, public_url: self.public_url(raw, at) }
    }

    fn tokens(&mut self, raw: &RawHttp, at: At<'_>) -> Vec<TokenSettings> {
        let alone = self.secret_file(raw.token_file.as_ref(), at, "token_file");
        let alone = alone.map(|token| TokenSettings { name: ALONE.to_owned(), role: Role::Operate, token });
        let mut tokens: Vec<TokenSettings> = alone.into_iter().collect();
        for (index, raw) in raw.tokens.iter().flatten().enumerate() {
            let at = at.key("tokens").item(index);
            let token = self.secret_file(raw.token_file.as_ref(), at, "token_file");
            let (Some(name), Some(role), Some(token)) = (&raw.name, raw.role, token) else { continue };
            if !is_name(name) {
                let hint = "write letters, digits, `-`, `_` or `.`, at most 63";
                self.wrong(at.key("name"), format!("`{name}` is no name for a token"), hint);
            }
            // Of two tokens with one name, or two names of one token, nobody could say later who did something.
            if tokens.iter().any(|other| other.name == *name) {
                self.wrong(at.key("name"), format!("there are two tokens named `{name}`"), "give each its own name");
            }
            if let Some(other) = tokens.iter().find(|other| other.token == token) {
                let message = format!("`{name}` and `{}` have the same token", other.name);
                self.wrong(at.key("token_file"), message, "make one for each: `openssl rand -hex 32`");
            }
            tokens.push(TokenSettings { name: name.clone(), role, token });
        }
        if raw.tokens.as_ref().is_some_and(Vec::is_empty) {
            self.wrong(at.key("tokens"), "`tokens` is empty", "delete it, or name a token");
        }
        tokens
    }

    fn public_url(&mut self, raw: &RawHttp, at: At<'_>) -> Option<String> {
        let url = raw.public_url.as_ref()?.trim_end_matches('/');
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains(['/', '?', '#', '@', ' '])) {
            let hint = "write scheme and host, and a port if there is one: `https://windlass.example.com`";
            self.wrong(at.key("public_url"), format!("`{url}` is no address of a server"), hint);
            return None;
        }
        Some(url.to_owned())
    }
}

/// Whether a text can stand in a cookie and in a line of the record as it is.
fn is_name(name: &str) -> bool {
    let legal = |each: char| each.is_ascii_alphanumeric() || "-_.".contains(each);
    (1..=63).contains(&name.len()) && name.chars().all(legal)
}
