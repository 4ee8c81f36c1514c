//! Names of encodings, as job files and servers write them.

use encoding_rs::{EUC_KR, Encoding};

/// Names of Korean Windows' encoding that browsers don't know, but servers and people use.
const KOREAN: &[&str] = &["cp949", "ms949", "x-windows-949", "uhc"];

/// The encoding of that name; browsers' names and a few more.
pub fn charset_named(name: &str) -> Option<&'static Encoding> {
    let korean = KOREAN.iter().any(|known| name.trim().eq_ignore_ascii_case(known));
    // What browsers call EUC-KR is CP949, all of it.
    if korean { Some(EUC_KR) } else { Encoding::for_label(name.as_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_has_many_names() {
        assert!(
            ["CP949", "euc-kr", "ms949", "windows-949", "ks_c_5601-1987"]
                .iter()
                .all(|name| charset_named(name) == Some(EUC_KR))
        );
        assert_eq!(charset_named("klingon"), None);
    }
}
