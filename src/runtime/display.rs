//! Whether there is a screen for windows: not whether a variable says so, but whether somebody answers there.

use std::ffi::OsString;
use std::path::PathBuf;

/// Whether windows can be shown, by the variables that `var` knows.
///
/// # Errors
/// Says in words why not.
pub(super) fn answers(
    var: impl Fn(&str) -> Option<OsString>,
    over_ssh: bool,
) -> Result<(), String> {
    if cfg!(any(target_os = "macos", windows)) && !over_ssh {
        return Ok(());
    }
    let set = |name: &str| var(name).filter(|value| !value.is_empty());
    let mut silent = Vec::new();
    if let Some(name) = set("WAYLAND_DISPLAY") {
        let folder = set("XDG_RUNTIME_DIR").map(PathBuf::from).unwrap_or_default();
        if takes_calls(&folder.join(&name)) {
            return Ok(());
        }
        silent.push(format!("WAYLAND_DISPLAY is {}", name.display()));
    }
    if let Some(name) = set("DISPLAY") {
        let name = name.to_string_lossy().into_owned();
        if x_answers(&name) {
            return Ok(());
        }
        silent.push(format!("DISPLAY is {name}"));
    }
    let place = if over_ssh { "there is no display over SSH" } else { "there is no display" };
    if silent.is_empty() {
        return Err(place.to_owned());
    }
    Err(format!("{place}: {}, where nothing answers", silent.join(", and ")))
}

/// Whether an X server answers at `[host]:number[.screen]`.
fn x_answers(name: &str) -> bool {
    let Some((host, rest)) = name.rsplit_once(':') else { return false };
    let Ok(number) = rest.split('.').next().unwrap_or_default().parse::<u16>() else {
        return false;
    };
    if host.is_empty() || host == "unix" {
        return takes_calls(&PathBuf::from(format!("/tmp/.X11-unix/X{number}")));
    }
    // Such as `localhost:10`, which `ssh -X` sets.
    let Some(port) = number.checked_add(6000) else { return false };
    let places = std::net::ToSocketAddrs::to_socket_addrs(&(host, port));
    places.is_ok_and(|mut places| {
        let wait = std::time::Duration::from_millis(300);
        places.any(|place| std::net::TcpStream::connect_timeout(&place, wait).is_ok())
    })
}

#[cfg(unix)]
fn takes_calls(socket: &std::path::Path) -> bool {
    use std::os::unix::net::UnixStream;
    if UnixStream::connect(socket).is_ok() {
        return true;
    }
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt as _;
        use std::os::unix::{ffi::OsStrExt as _, net::SocketAddr};
        let name = SocketAddr::from_abstract_name(socket.as_os_str().as_bytes());
        name.is_ok_and(|name| UnixStream::connect_addr(&name).is_ok())
    }
    #[cfg(not(target_os = "linux"))]
    false
}

#[cfg(not(unix))]
fn takes_calls(_: &std::path::Path) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_display_is_one_that_answers() {
        let folder = tempfile::tempdir().expect("a folder");
        let _listener =
            std::os::unix::net::UnixListener::bind(folder.path().join("way")).expect("a socket");
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let number = tcp.local_addr().expect("an address").port().wrapping_sub(6000);
        let check = |pairs: &[(&str, &str)], over_ssh| {
            let runtime = ("XDG_RUNTIME_DIR", folder.path().to_str().expect("a path"));
            let find = |name: &str| {
                let mut all = pairs.iter().chain([&runtime]);
                all.find(|(known, _)| *known == name).map(|(_, value)| value.into())
            };
            answers(find, over_ssh)
        };
        assert_eq!(check(&[("WAYLAND_DISPLAY", "way")], false), Ok(()));
        assert_eq!(check(&[("DISPLAY", &format!("127.0.0.1:{number}.0"))], true), Ok(()));
        assert_eq!(check(&[("DISPLAY", "")], false), Err("there is no display".to_owned()));
        let stale = check(&[("DISPLAY", ":65000"), ("WAYLAND_DISPLAY", "gone")], true);
        let said = stale.expect_err("nobody is there");
        assert!(said.contains("over SSH") && said.contains("DISPLAY is :65000"), "{said}");
        assert!(check(&[("DISPLAY", "nonsense")], false).is_err());
    }
}
