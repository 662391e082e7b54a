//! Commands for a shell: lines that a person pastes.

use crate::domain::text::is_hidden;

/// How the user's own machine reaches the files of this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopyFrom {
    /// `user@host`.
    pub address: String,
    /// The port of its SSH server, where this session came in by one.
    pub port: Option<u16>,
}

impl CopyFrom {
    /// A command for the user's own machine that fetches the file at `path`.
    pub fn line(&self, path: &str) -> String {
        let port = self.port.filter(|port| *port != 22);
        let port = port.map(|port| format!("-P {port} ")).unwrap_or_default();
        if path.contains(char::is_control) {
            return format!(
                "# scp can't name this file: there is a line break or the like in {}",
                shell_word(path)
            );
        }
        // Before OpenSSH 9 the far shell reads the path, since then scp itself does, as a pattern: for both a
        // backslash makes a character stand for itself.
        let plain = |c: char| is_plain(c) || !c.is_ascii();
        let escaped = |c: char| if plain(c) { c.to_string() } else { format!("\\{c}") };
        let path: String = path.chars().map(escaped).collect();
        format!("scp {port}{} .", shell_word(&format!("{}:{path}", self.address)))
    }

    /// A command for the user's own machine that makes this one's loopback `port` its own.
    pub fn forward(&self, port: u16) -> String {
        let server = self.port.filter(|port| *port != 22);
        let server = server.map(|server| format!("-p {server} ")).unwrap_or_default();
        format!("ssh -N -L {port}:127.0.0.1:{port} {server}{}", shell_word(&self.address))
    }
}

/// `text` as one word of a POSIX shell. What nobody sees, and line breaks, are written out (`$'…'`, POSIX
/// 2024, which bash, zsh and ksh have long known).
pub fn shell_word(text: &str) -> String {
    // A word that begins with = is a program's name to zsh.
    if text.chars().all(is_plain) && !text.is_empty() && !text.starts_with('=') {
        return text.to_owned();
    }
    if !text.contains(is_hidden) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let written = |c: char| match c {
        '\'' | '\\' => format!("\\{c}"),
        c if is_hidden(c) => {
            c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}")).collect()
        }
        c => c.to_string(),
    };
    format!("$'{}'", text.chars().map(written).collect::<String>())
}

/// Whether a shell takes `c` as it is.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "@%_+=:,./-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forwarding_line_knows_the_port_too() {
        let mut from = CopyFrom { address: "ana@box".to_owned(), port: None };
        assert_eq!(from.forward(4711), "ssh -N -L 4711:127.0.0.1:4711 ana@box");
        from.port = Some(2222);
        assert_eq!(from.forward(80), "ssh -N -L 80:127.0.0.1:80 -p 2222 ana@box");
    }

    #[test]
    fn the_copy_line_survives_a_shell_and_knows_the_port() {
        let mut from = CopyFrom { address: "ana@box".to_owned(), port: Some(22) };
        assert_eq!(from.line("/data/a.mp4"), "scp ana@box:/data/a.mp4 .");
        from.port = Some(2222);
        let nasty = from.line("/d/it's $HOME 月[1].mp4");
        assert_eq!(nasty, r"scp -P 2222 'ana@box:/d/it\'\''s\ \$HOME\ 月\[1\].mp4' .");
        assert!(from.line("/d/a\nb.mp4").starts_with("# "), "it does nothing where it is pasted");
    }

    /// A real shell reads each word back as it was.
    #[test]
    fn a_word_of_a_shell_is_one_word() {
        for text in [
            "/d/a b",
            "it's",
            "",
            "=ls",
            "~/x",
            "$(id)`id`;&|<>*?[x]!",
            "a\nb",
            "\u{1b}[2J",
            "a\u{202e}'\\b",
            "月",
        ] {
            let word = shell_word(text);
            assert!(!word.contains(is_hidden), "{word}");
            let mut shell = std::process::Command::new("bash");
            let Ok(said) = shell.args(["-c", &format!("printf %s {word}")]).output() else {
                return;
            };
            assert_eq!(String::from_utf8_lossy(&said.stdout), text, "{word}");
        }
    }
}
