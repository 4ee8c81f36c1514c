//! Names of encodings, as job files and servers write them.

use encoding_rs::Encoding;

/// The encoding of that name. Beside the names that browsers know, those that Windows and its programs have.
pub fn charset_named(name: &str) -> Option<&'static Encoding> {
    let name = name.trim().to_ascii_lowercase();
    let known = match name.as_str() {
        // Windows' own extension of EUC-KR, which is what browsers mean by it, too.
        "cp949" | "ms949" | "x-windows-949" | "uhc" => "euc-kr",
        "cp932" | "ms932" => "shift_jis",
        "cp936" | "ms936" => "gbk",
        "cp950" | "ms950" => "big5",
        other => other,
    };
    Encoding::for_label(known.as_bytes())
        .or_else(|| Encoding::for_label(format!("windows-{}", known.strip_prefix("cp")?).as_bytes()))
}

#[cfg(test)]
mod tests {
    use encoding_rs::{EUC_KR, UTF_16LE, WINDOWS_1252};

    use super::*;

    #[test]
    fn korean_has_many_names() {
        let korean = ["CP949", "euc-kr", "ms949", "windows-949", "ks_c_5601-1987"];
        assert!(korean.iter().all(|name| charset_named(name) == Some(EUC_KR)));
        assert_eq!(charset_named("cp1252"), Some(WINDOWS_1252));
        assert_eq!(charset_named("utf-16"), Some(UTF_16LE));
        assert_eq!(charset_named("klingon"), None);
    }
}
