//! `windlass explain`: the page of an error code.

use serde_json::json;

use super::arguments::{ExplainArguments, Global};
use super::error::{CliError, Exit};
use super::{output, suggest};
use crate::domain::code::Code;

/// Prints the page of a code, or the list of codes.
pub(super) fn run(arguments: &ExplainArguments, global: &Global) -> Result<Exit, CliError> {
    let Some(wanted) = &arguments.code else { return list(global) };
    let code: Code = wanted.parse().map_err(|()| {
        let known = Code::ALL.iter().map(|code| code.as_str());
        let hint = suggest::hint(wanted, known, "`windlass explain` lists the codes");
        CliError::input(Code::NotFound, format!("there is no error code `{wanted}`"), hint)
    })?;
    if global.json {
        output::json(&json!({"code": code, "title": code.title(), "page": code.page()}))?;
    } else {
        output::line(code.page().trim_end())?;
    }
    Ok(Exit::Done)
}

fn list(global: &Global) -> Result<Exit, CliError> {
    if global.json {
        let all: Vec<_> = Code::ALL.iter().map(|code| json!({"code": code, "title": code.title()})).collect();
        output::json(&all)?;
    } else {
        for code in Code::ALL {
            output::line(format!("{code}  {}", code.title()))?;
        }
    }
    Ok(Exit::Done)
}
