//! The commands that mend findings, as a person pastes them into a POSIX shell.
//!
//! What stands in them comes from the store, and a record is written by whoever may write it: every word is quoted, and
//! there is no command at all about an id that a terminal or the command line could take for something else.

use super::words::is_unseen;

/// The part of a command that a person fills in. It stands last: `<x>` with nothing after it is a mistake in every
/// shell, so that a command pasted as it is does nothing.
pub(super) const YOU: &str = "--by <you>";

/// `edgeward keys revoke <id> --reason <reason> --by <you>`.
pub(super) fn revoke(id: &str, reason: &str) -> Option<String> {
    of_key("revoke", id, &format!("--reason {reason} {YOU}"))
}

/// `edgeward keys update <id> <option>`.
pub(super) fn update(id: &str, option: &str) -> Option<String> {
    of_key("update", id, option)
}

/// `edgeward keys rotate <id> --overlap 7d`.
pub(super) fn rotate(id: &str) -> Option<String> {
    of_key("rotate", id, "--overlap 7d")
}

/// `--scopes` with these, as `update` takes them; with a place to fill in where there are none.
pub(super) fn scopes<'s>(scopes: impl Iterator<Item = &'s str>) -> String {
    let listed = scopes.collect::<Vec<_>>().join(" ");
    match word(&listed) {
        Some(listed) => format!("--scopes {listed}"),
        None => "--scopes <scopes>".to_owned(),
    }
}

/// `edgeward clients update <id> <option>`.
pub(super) fn update_client(id: &str, option: &str) -> Option<String> {
    of_client("update", id, option)
}

/// `edgeward clients add-secret <id> --secret-id <secret-id>`, with the new secret's id to fill in.
pub(super) fn add_client_secret(id: &str) -> Option<String> {
    of_client("add-secret", id, "--secret-id <secret-id>")
}

/// `edgeward clients revoke-secret <id> --secret-id <secret> --by <you>`.
pub(super) fn revoke_client_secret(id: &str, secret: &str) -> Option<String> {
    of_client("revoke-secret", id, &format!("--secret-id {} {YOU}", word(secret)?))
}

/// `edgeward clients remove <id> --by <you>`.
pub(super) fn remove_client(id: &str) -> Option<String> {
    of_client("remove", id, YOU)
}

fn of_client(verb: &str, id: &str, rest: &str) -> Option<String> {
    Some(format!("edgeward clients {verb} {} {rest}", word(id)?))
}

fn of_key(verb: &str, id: &str, rest: &str) -> Option<String> {
    Some(format!("edgeward keys {verb} {} {rest}", word(id)?))
}

/// One word of a shell; none for a text that cannot be one without risk.
fn word(text: &str) -> Option<String> {
    // A terminal acts on control characters before the shell sees the quotes, and a word that begins with a dash is an
    // option, quoted or not.
    if text.is_empty() || text.starts_with('-') || text.chars().any(is_unseen) {
        return None;
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.,:/@%+".contains(&byte);
    Some(if text.bytes().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_as_they_are_and_quoted_where_they_must_be() {
        assert_eq!(
            revoke("4fJ9aZ0kQ2mX7bTe", "unused").as_deref(),
            Some("edgeward keys revoke 4fJ9aZ0kQ2mX7bTe --reason unused --by <you>")
        );
        assert_eq!(
            revoke_client_secret("y5McnWS8tSdA7qhJ", "secret_1").as_deref(),
            Some("edgeward clients revoke-secret y5McnWS8tSdA7qhJ --secret-id secret_1 --by <you>")
        );
        assert_eq!(rotate("'; rm -rf /").as_deref(), Some(r"edgeward keys rotate ''\''; rm -rf /' --overlap 7d"));
        assert_eq!(
            update("$(id)`id`", "--expires 90d").as_deref(),
            Some("edgeward keys update '$(id)`id`' --expires 90d")
        );
    }

    #[test]
    fn there_is_no_command_about_what_a_terminal_or_an_option_could_be() {
        assert_eq!(revoke_client_secret("abc", "-rf"), None);
        for id in ["", "-rf", "--by", "a\nb", "a\rb", "a\u{1b}[201~b", "\u{202e}cba", "a\u{0}", "a\u{9b}b", "a\u{200b}"]
        {
            assert_eq!((revoke(id, "unused"), remove_client(id)), (None, None), "{id:?}");
        }
    }

    #[test]
    fn scopes_are_one_word() {
        assert_eq!(scopes(["a:read"].into_iter()), "--scopes a:read");
        assert_eq!(scopes(["a:read", "it's"].into_iter()), r"--scopes 'a:read it'\''s'");
        assert_eq!(scopes(std::iter::empty()), "--scopes <scopes>");
        assert_eq!(scopes(["-x"].into_iter()), "--scopes <scopes>");
    }

    #[test]
    fn a_shell_takes_every_word_for_what_it_is() {
        for text in
            ["plain", "'; rm -rf /", "a b  c", "$HOME `id` $(id) \\ \" !", "\u{5d0}\u{5d1} émoji 🔑", "*?[a]{b,c}~"]
        {
            let line = format!("printf %s {}", word(text).expect("a word"));
            let printed = std::process::Command::new("sh").args(["-c", &line]).output().expect("a shell");
            assert_eq!(String::from_utf8(printed.stdout).as_deref(), Ok(text));
        }
        // What a person must fill in stops the shell before anything runs.
        for pasted in ["echo ran --by <you>\n", "echo ran --owner <owner> --revoker <revoker>\n"] {
            let printed = std::process::Command::new("sh").args(["-c", pasted]).output().expect("a shell");
            assert!(printed.stdout.is_empty() && !printed.status.success());
        }
    }
}
