//! What is to be set up: from the command line, from what is there already, or from whoever sits at
//! the terminal, in this order. The secret is on no command line.

use std::io::Read;
use std::path::Path;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::error::SetupError;
use super::files::Places;
use super::terminal::Terminal;
use crate::config::{Draft, header_safe};
use crate::daemon::args::SetupArgs;

/// Bytes of the longest secret that is read; Autotask's have 25.
const SECRET_BYTES: u64 = 4 * 1024;

/// What Autotask calls the three.
const USERNAME: &str = "Username (Key)";
const SECRET: &str = "Password (Secret)";
const CODE: &str = "Integration code (tracking identifier)";

/// What is to be set up.
pub(super) struct Answers {
    pub(super) username: String,
    pub(super) integration_code: SecretString,
    /// None where the one that is there is kept.
    pub(super) secret: Option<SecretString>,
    discovery_url: Option<String>,
}

impl Answers {
    /// Gathers them, and asks for what is missing where somebody can be asked.
    pub(super) fn gather(
        args: &SetupArgs,
        draft: &Draft,
        places: &Places,
        terminal: Option<&Terminal>,
    ) -> Result<Answers, SetupError> {
        let given = [
            ("--username", args.username.as_deref()),
            ("--integration-code", args.integration_code.as_deref()),
        ];
        for (option, value) in given {
            judge(&format!("the value of {option}"), value.unwrap_or("x"))?;
        }
        let there = ["username", "integration-code"].map(|key| draft.value(key));
        let secret_there = places.has_secret();
        if terminal.is_none() {
            let has_secret = args.secret_file.is_some() || args.secret_stdin || secret_there;
            let missing: Vec<&'static str> = [
                (args.username.is_none() && there[0].is_none()).then_some("the user name"),
                (args.integration_code.is_none() && there[1].is_none())
                    .then_some("the integration code"),
                (!has_secret).then_some("the secret"),
            ]
            .into_iter()
            .flatten()
            .collect();
            if !missing.is_empty() {
                return Err(places.missing(missing));
            }
        }
        let [username_there, code_there] = there;
        let username = value(args.username.clone(), username_there, terminal, USERNAME)?;
        let code = value(args.integration_code.clone(), code_there, terminal, CODE)?;
        let secret = match (&args.secret_file, args.secret_stdin, terminal) {
            (Some(file), ..) => Some(from_file(file)?),
            (None, true, _) => Some(from(std::io::stdin().lock(), "standard input")?),
            (None, false, Some(terminal)) => asked_secret(terminal, secret_there)?,
            (None, false, None) => None,
        };
        Ok(Answers {
            username,
            integration_code: code.into(),
            secret,
            discovery_url: args.discovery_url.clone(),
        })
    }

    /// Puts what belongs into the configuration there; a value that stands there already stays.
    pub(super) fn fill_in(&self, draft: &mut Draft) {
        let code = self.integration_code.expose_secret();
        let mut put = |key: &str, value: &str| {
            if draft.value(key).as_deref() != Some(value) {
                draft.set(key, value);
            }
        };
        put("username", &self.username);
        put("integration-code", code);
        if let Some(url) = &self.discovery_url {
            put("discovery-url", url);
        }
    }
}

/// What was given; else what a person types, who may take what is there; else what is there.
fn value(
    given: Option<String>,
    there: Option<String>,
    terminal: Option<&Terminal>,
    what: &str,
) -> Result<String, SetupError> {
    if let Some(given) = given {
        return Ok(given);
    }
    let Some(terminal) = terminal else { return Ok(there.unwrap_or_default()) };
    loop {
        let typed = terminal.line(what, there.as_deref())?;
        match (header_safe(&typed), &there) {
            (_, Some(there)) if typed.is_empty() => return Ok(there.clone()),
            (Ok(()), _) => return Ok(typed),
            (Err(fault), _) => terminal.remark(&format!("it {fault}"))?,
        }
    }
}

/// The secret that a person types; none where Enter alone keeps the one that is there.
fn asked_secret(terminal: &Terminal, is_there: bool) -> Result<Option<SecretString>, SetupError> {
    let keeps = |typed: &str| typed.is_empty() && is_there;
    let fault = |typed: &str| if keeps(typed) { Ok(()) } else { header_safe(typed) };
    let typed = terminal.secret(SECRET, is_there, fault)?;
    Ok((!keeps(&typed)).then(|| SecretString::from(typed.as_str())))
}

fn from_file(path: &Path) -> Result<SecretString, SetupError> {
    let failed =
        |source| SetupError::Io { doing: "read the secret in", path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    from(file, &path.display().to_string())
}

fn from(source: impl Read, name: &str) -> Result<SecretString, SetupError> {
    let what = || format!("the secret in {name}");
    let mut text = Zeroizing::new(String::with_capacity(SECRET_BYTES as usize));
    source.take(SECRET_BYTES).read_to_string(&mut text).map_err(|error| SetupError::BadValue {
        what: what(),
        why: format!("cannot be read: {error}"),
    })?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    judge(&what(), secret)?;
    Ok(SecretString::from(secret))
}

fn judge(what: &str, text: &str) -> Result<(), SetupError> {
    let bad = |fault: &str| SetupError::BadValue { what: what.to_owned(), why: fault.to_owned() };
    header_safe(text).map_err(bad)
}
