//! The parameters of a run: what was given, completed by the job's defaults.

use std::collections::BTreeMap;

use super::code::Code;
use super::failure::{Failure, Side};
use super::job::{Job, Param};

/// Completes the parameters that were given for a run of `job` with its defaults. A parameter that the job doesn't know,
/// and one without a default that wasn't given, are failures.
pub fn complete(job: &Job, given: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Failure> {
    let wrong = |message: String| Failure::permanent(Code::Parameter, Side::Internal, message);
    let known: Vec<&str> = job.params.iter().map(|param| param.name.as_str()).collect();
    if let Some(unknown) = given.keys().find(|name| !known.contains(&name.as_str())) {
        let hint = match known.as_slice() {
            [] => "it has no parameters".to_owned(),
            names => format!("its parameters: {}", names.join(", ")),
        };
        return Err(wrong(format!("job `{}` has no parameter `{unknown}`", job.name)).with_hint(hint));
    }
    let mut complete = given;
    for param in &job.params {
        match &param.default {
            _ if complete.contains_key(&param.name) => {}
            Some(default) => drop(complete.insert(param.name.clone(), default.clone())),
            None => {
                return Err(wrong(format!(
                    "job `{}` needs parameter `{}`, which has no default",
                    job.name, param.name
                ))
                .with_hint(format!("give it: --param {}=…", param.name)));
            }
        }
    }
    Ok(complete)
}

/// The parameters of a run that nobody gave any: those that have a default.
pub fn defaults(params: Vec<Param>) -> BTreeMap<String, String> {
    params.into_iter().filter_map(|param| Some((param.name, param.default?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::Overlap;

    fn job() -> Job {
        let param = |name: &str, default: Option<&str>| Param {
            name: name.to_owned(),
            default: default.map(ToOwned::to_owned),
            description: None,
        };
        Job {
            name: "j".to_owned(),
            description: None,
            schedule: None,
            overlap: Overlap::Queue,
            params: vec![param("account", Some("a")), param("day", None)],
            locks: vec![],
            timeout: None,
            deadline: None,
            notify: None,
            steps: vec![],
        }
    }

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn defaults_fill_what_was_not_given() {
        let params = complete(&job(), given(&[("day", "2026-11-20")])).unwrap();
        assert_eq!(params, given(&[("account", "a"), ("day", "2026-11-20")]));
    }

    #[test]
    fn an_unknown_or_missing_parameter_is_a_failure_that_names_it() {
        let unknown = complete(&job(), given(&[("acount", "b"), ("day", "x")])).unwrap_err();
        assert_eq!((unknown.code, unknown.message.contains("`acount`")), (Code::Parameter, true));
        let missing = complete(&job(), BTreeMap::new()).unwrap_err();
        assert_eq!((missing.code, missing.message.contains("`day`")), (Code::Parameter, true));
    }
}
