//! Passwords within PostgreSQL addresses, so that they can be masked wherever the address turns up.

/// Every password in an address (`postgres://user:password@host`, `?password=…`, `password=…`), as written and
/// percent-decoded.
pub(super) fn passwords(address: &str) -> Vec<String> {
    let mut found = Vec::new();
    match address.split_once("://") {
        Some((_, rest)) => {
            let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
            // Up to the last `@`: a password that wasn't encoded may hold one, or a slash.
            if let Some((_, password)) = rest.rsplit_once('@').and_then(|(login, _)| login.split_once(':')) {
                found.push(password.to_owned());
            }
            let parts = query.split('&').filter_map(|part| part.split_once('='));
            found.extend(parts.filter(|(key, _)| is_password(key)).map(|(_, value)| value.to_owned()));
        }
        None => found.extend(settings(address).into_iter().filter(|(key, _)| is_password(key)).map(|(_, value)| value)),
    }
    let decoded: Vec<String> = found.iter().map(|password| decode(password)).collect();
    found.extend(decoded);
    found.retain(|password| !password.is_empty());
    found.sort();
    found.dedup();
    found
}

fn is_password(key: &str) -> bool {
    key == "password" || key == "sslpassword"
}

/// The pairs of `key=value key='quoted value'`.
fn settings(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let mut value = String::new();
        let mut characters = after.trim_start().char_indices();
        let trimmed = after.trim_start();
        let quoted = trimmed.starts_with('\'');
        if quoted {
            characters.next();
        }
        let mut end = trimmed.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                '\'' if quoted => {
                    end = at + 1;
                    break;
                }
                space if space.is_whitespace() && !quoted => {
                    end = at;
                    break;
                }
                other => value.push(other),
            }
        }
        pairs.push((key.trim().to_owned(), value));
        rest = trimmed[end..].trim_start();
    }
    pairs
}

/// The text with `%41` and the like decoded; what isn't such a code stays.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = code.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| bytes[at] == b'%');
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn passwords_are_found_wherever_an_address_can_hold_one() {
        assert_eq!(passwords("postgres://me:p%40ss@db/x"), ["p%40ss", "p@ss"]);
        assert_eq!(passwords("postgres://me@db/x?sslmode=require&password=s3cret"), ["s3cret"]);
        assert_eq!(passwords("host=db password='it\\'s one' user=me"), ["it's one"]);
        assert_eq!(passwords("user=me password=plain"), ["plain"]);
        assert_eq!(passwords("postgres://me:a@b/c@db/x"), ["a@b/c"]);
        assert!(passwords("postgres://me@db:5432/x").is_empty());
    }

    proptest! {
        #[test]
        fn no_address_makes_it_panic(address in "\\PC*") {
            passwords(&address);
            passwords(&format!("postgres://{address}"));
        }
    }
}
