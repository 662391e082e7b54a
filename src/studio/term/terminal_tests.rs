use super::*;

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\x1b', "ESC").replace('\x07', "BEL")
}

#[test]
fn restore_undoes_everything_that_entry_does() {
    assert_eq!(
        shown(&restore_bytes(true, false)),
        "ESC\\ESC[?2026lESC[?1006lESC[?1002lESC[?1000lESC[?1004lESC[?2004lESC[mESC[0 qESC[23;2tESC[?1049lESC[?25h"
    );
    let entry = shown(&entry_bytes(true));
    let restore = shown(&restore_bytes(false, false));
    for mode in entry.split("ESC[?").skip(1).filter_map(|s| s.split_once('h')).map(|(mode, _)| mode)
    {
        let mode = mode.split('l').next().expect("as set up");
        assert!(restore.contains(&format!("ESC[?{mode}")), "mode {mode} stays on");
    }
    assert!(!restore.contains("[<u"), "keyboard flags are never pushed, so never popped");
}

#[test]
fn a_terminal_model_is_left_as_it_was_found() {
    let mut model = vt100::Parser::new(10, 40, 0);
    model.process(b"shell$ ");
    let before = model.screen().clone();
    model.process(&entry_bytes(true));
    model.process(b"\x1b[?2026h\x1b[1;31mhalf a fra");
    assert!(model.screen().alternate_screen() && model.screen().bracketed_paste());
    model.process(&restore_bytes(true, true));
    let after = model.screen();
    assert_eq!(after.contents(), before.contents());
    assert_eq!(after.cursor_position(), before.cursor_position());
    assert_eq!(after.input_mode_formatted(), before.input_mode_formatted());
    assert!(!after.alternate_screen() && !after.hide_cursor() && !after.bold());
    assert_eq!(after.fgcolor(), vt100::Color::Default);
}

#[test]
fn entry_asks_no_question() {
    let entry = shown(&entry_bytes(true));
    for question in ["[c", "[>c", "[6n", "[?u", "$p", "]11;?", "[14t"] {
        assert!(!entry.contains(question), "{question}");
    }
}

#[test]
fn titles_and_notifications_carry_no_control_characters() {
    let hostile = "a\x1b]0;x\x07b\nc\u{9b}31m\u{202e}d";
    assert_eq!(shown(&title_bytes(hostile)), "ESC]2;a]0;xb c31mdESC\\");
    assert_eq!(shown(&notify_bytes(hostile, false)), "ESC]9;a]0;xb c31mdESC\\BEL");
    assert_eq!(shown(&notify_bytes("4;1;50", false)), "ESC]9; 4;1;50ESC\\BEL");
    assert_eq!(shown(&notify_bytes("x", true)), "ESCPtmux;ESCESC]9;xESCESC\\ESC\\BEL");
    assert_eq!(title_bytes(&"é".repeat(10_000)).len(), LINE_MAX_CHARS * 2 + 6);
}

#[test]
fn copies_are_bounded_and_keep_their_lines() {
    assert_eq!(shown(&copy_bytes("a\n\tb\x1b", false).expect("as set up")), "ESC]52;c;YQoJYg==BEL");
    assert_eq!(
        shown(&copy_bytes("a", true).expect("as set up")),
        "ESC]52;c;YQ==BELESCPtmux;ESCESC]52;c;YQ==BELESC\\"
    );
    assert!(copy_bytes(&"x".repeat(COPY_MAX_BYTES), false).is_some());
    assert!(copy_bytes(&"x".repeat(COPY_MAX_BYTES + 1), false).is_none());
}

#[test]
fn a_hung_up_terminal_is_told_from_other_errors() {
    assert!(is_gone(&io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error())));
    assert!(is_gone(&io::ErrorKind::BrokenPipe.into()));
    assert!(!is_gone(&io::ErrorKind::WouldBlock.into()));
}
