//! `--param name=value`.

use std::collections::BTreeMap;

use super::error::CliError;
use crate::domain::code::Code;

/// The parameters as given; the last of two with one name wins, as with other options.
pub(super) fn parse(given: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    given
        .iter()
        .map(|param| {
            param
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .ok_or_else(|| {
                    let message = format!("`{param}` is no parameter");
                    CliError::input(Code::Parameter, message, "write `--param name=value`")
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_hold_an_equals_sign_and_a_name_must_be_there() {
        let params = parse(&["where=a=b".to_owned(), "empty=".to_owned()]).unwrap();
        assert_eq!(params["where"], "a=b");
        assert_eq!(params["empty"], "");
        assert!(parse(&["=x".to_owned()]).is_err() && parse(&["x".to_owned()]).is_err());
    }
}
