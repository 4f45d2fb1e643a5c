//! The cookies of browsers: what they are called, how they are read and how they are set.

use std::time::Duration;

/// The cookie that holds a browser session. Decided once, from how people reach the server, for every face that
/// reads or sets the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCookie {
    is_secure: bool,
}

/// The cookie by which a browser is known in which somebody signed in before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownBrowserCookie {
    is_secure: bool,
}

impl SessionCookie {
    /// `is_secure` says that people reach the server by HTTPS alone.
    pub fn new(is_secure: bool) -> Self {
        Self { is_secure }
    }

    /// The cookie that goes the same way and outlives the session.
    pub fn known_browser(self) -> KnownBrowserCookie {
        KnownBrowserCookie { is_secure: self.is_secure }
    }

    /// Where the way is encrypted the browser itself keeps other hosts from setting the cookie (RFC 6265bis,
    /// section 4.1.3.2).
    pub fn name(self) -> &'static str {
        if self.is_secure { "__Host-kontor_session" } else { "kontor_session" }
    }

    /// The cookie's value in the lines of a request's `Cookie` headers.
    pub fn find<'a>(self, lines: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        find(self.name(), lines)
    }

    /// The `Set-Cookie` header that keeps a value for so long; with no time at all it takes the cookie away.
    pub fn header(self, value: &str, life: Duration) -> String {
        header("/", self.name(), value, life, self.is_secure)
    }
}

impl KnownBrowserCookie {
    /// As [`SessionCookie::name`].
    pub fn name(self) -> &'static str {
        if self.is_secure { "__Secure-kontor_known" } else { "kontor_known" }
    }

    /// As [`SessionCookie::find`].
    pub fn find<'a>(self, lines: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        find(self.name(), lines)
    }

    /// As [`SessionCookie::header`]; it is sent where one signs in and nowhere else.
    pub fn header(self, value: &str, life: Duration) -> String {
        header("/sign-in", self.name(), value, life, self.is_secure)
    }
}

fn find<'a>(name: &str, lines: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    lines
        .into_iter()
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value)
}

fn header(path: &str, name: &str, value: &str, life: Duration, is_secure: bool) -> String {
    let (seconds, secure) = (life.as_secs(), if is_secure { "; Secure" } else { "" });
    format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_by_its_whole_name_among_others() {
        let (plain, secure) = (SessionCookie::new(false), SessionCookie::new(true));
        let lines = ["theme=dark; kontor_session2=no", "a; kontor_session=abc=; __Host-kontor_session=def"];
        assert_eq!(plain.find(lines), Some("abc="));
        assert_eq!(secure.find(lines), Some("def"));
        assert_eq!(plain.find(["theme=dark", "kontor_session"]), None);
        assert_eq!(plain.known_browser().find(["kontor_session=a; kontor_known=b"]), Some("b"));
    }

    #[test]
    fn a_cookie_of_an_encrypted_way_goes_no_other_way() {
        let day = Duration::from_secs(86_400);
        let plain = SessionCookie::new(false).header("abc", day);
        assert_eq!(plain, "kontor_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400");
        let secure = SessionCookie::new(true).header("", Duration::ZERO);
        assert_eq!(secure, "__Host-kontor_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure");
        let known = SessionCookie::new(true).known_browser().header("abc", day);
        let expected =
            "__Secure-kontor_known=abc; Path=/sign-in; HttpOnly; SameSite=Lax; Max-Age=86400; Secure";
        assert_eq!(known, expected);
    }
}
