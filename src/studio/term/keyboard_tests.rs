use crossterm::event::KeyCode::{BackTab, Char, Delete, Enter, Esc, F, Left, PageUp, Up};

use super::*;

/// What comes of `pieces`, each of which arrives by itself, and then nothing more.
fn read(pieces: &[&[u8]]) -> Vec<Input> {
    let (mut keyboard, mut all) = (Keyboard::default(), Vec::new());
    for piece in pieces {
        keyboard.read(piece, |input| all.push(input));
    }
    wait(&mut keyboard, Duration::MAX, &mut all);
    all
}

/// Nothing comes for `pause`.
fn wait(keyboard: &mut Keyboard, mut pause: Duration, all: &mut Vec<Input>) {
    while let Some(rest) = keyboard.patience().and_then(|patience| pause.checked_sub(patience)) {
        keyboard.settle(|input| all.push(input));
        pause = rest;
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, modifiers).into())
}

fn plain(code: KeyCode) -> Input {
    key(code, KeyModifiers::NONE)
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;

#[test]
fn keys_are_read_in_every_form_that_terminals_send() {
    let table: [(&[u8], KeyCode, KeyModifiers); 20] = [
        (b"a", Char('a'), NONE),
        (b"A", Char('A'), SHIFT),
        ("月".as_bytes(), Char('月'), NONE),
        (b"\r", Enter, NONE),
        (b"\x03", Char('c'), CONTROL),
        (b"\x1f", Char('_'), CONTROL),
        (b"\x1b", Esc, NONE),
        (b"\x1b[A", Up, NONE),
        (b"\x1bOA", Up, NONE),
        (b"\x1b[1;5D", Left, CONTROL),
        (b"\x1b[5~", PageUp, NONE),
        (b"\x1b[3;2~", Delete, SHIFT),
        (b"\x1b[Z", BackTab, SHIFT),
        (b"\x1bOP", F(1), NONE),
        (b"\x1b[[A", F(1), NONE),
        (b"\x1b[15~", F(5), NONE),
        (b"\x1b\r", Enter, ALT),
        (b"\x1bu", Char('u'), ALT),
        ("\x1bä".as_bytes(), Char('ä'), ALT),
        (b"\x1b[97;5u", Char('a'), CONTROL),
    ];
    for (bytes, code, modifiers) in table {
        assert_eq!(read(&[bytes]), [key(code, modifiers)], "{bytes:?}");
        // A slow link cuts anywhere.
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single), [key(code, modifiers)], "{bytes:?} byte by byte");
    }
}

#[test]
fn an_escape_counts_once_nothing_follows() {
    let mut keyboard = Keyboard::default();
    let mut all = Vec::new();
    keyboard.read(b"\x1b", |input| all.push(input));
    assert_eq!((all.len(), keyboard.patience()), (0, Some(ESCAPE)));
    keyboard.settle(|input| all.push(input));
    assert_eq!((std::mem::take(&mut all), keyboard.patience()), (vec![plain(Esc)], Some(BELATED)));
    keyboard.settle(|input| all.push(input));
    assert_eq!((all.len(), keyboard.patience()), (0, None));
    assert_eq!(read(&[b"\x1b\x1b[A"]), [plain(Esc), plain(Up)]);
    assert_eq!(read(&[b"\x1b[1;\x1b[A"]), [plain(Up)], "what was broken off is no key");
    for (bytes, char, held) in [(b"\x1bP", 'P', ALT | SHIFT), (b"\x1b[", '[', ALT)] {
        assert_eq!(read(&[bytes]), [key(Char(char), held)]);
    }
}

#[test]
fn a_paste_comes_whole_and_what_looks_like_keys_or_replies_stays_text_in_it() {
    let text = "one\r\x1b[A two \x1b[1;1R 月";
    let bytes = format!("\x1b[200~{text}\x1b[201~x");
    let expected = [Input::Paste(text.to_owned()), plain(Char('x'))];
    assert_eq!(read(&[bytes.as_bytes()]), expected);
    let single: Vec<&[u8]> = bytes.as_bytes().chunks(1).collect();
    assert_eq!(read(&single), expected);
}

/// Else no key would ever count again.
#[test]
fn a_paste_without_an_end_ends_when_nothing_comes_any_more() {
    let (mut keyboard, mut all) = (Keyboard::default(), Vec::new());
    keyboard.read(b"\x1b[200~a fox", |input| all.push(input));
    assert!(all.is_empty() && keyboard.patience() == Some(REST));
    keyboard.settle(|input| all.push(input));
    keyboard.read(b"x", |input| all.push(input));
    assert_eq!(all, [Input::Paste("a fox".to_owned()), plain(Char('x'))]);
}

#[test]
fn an_endless_paste_is_cut_and_what_follows_it_counts() {
    let mut bytes = PASTE_BEGIN.to_vec();
    bytes.extend(std::iter::repeat_n(b'p', MAX_PASTE_BYTES + 1000));
    bytes.extend_from_slice(b"\x1b[201~q");
    let all = read(&[&bytes]);
    let [Input::Paste(text), last] = &all[..] else { panic!("{}", all.len()) };
    assert!((MAX_PASTE_BYTES..MAX_PASTE_BYTES + 100).contains(&text.len()), "{}", text.len());
    assert_eq!(*last, plain(Char('q')));
}

#[test]
fn replies_are_told_from_keys() {
    let table: [(&[u8], Reply); 7] = [
        (b"\x1b[12;40R", Reply::Cursor),
        (b"\x1b[6;18;9t", Reply::Cell { width_px: 9, height_px: 18 }),
        (b"\x1b[?62;4;22c", Reply::Attributes { sixel: true }),
        (b"\x1b[?4;22c", Reply::Attributes { sixel: false }),
        (b"\x1bP>|XTerm(390)\x1b\\", Reply::Version("XTerm(390)".to_owned())),
        (b"\x1b_Gi=31;OK\x1b\\", Reply::Kitty { id: 31, ok: true }),
        (b"\x1b_Gi=31,p=2;ENOENT:no\x1b\\", Reply::Kitty { id: 31, ok: false }),
    ];
    for (bytes, reply) in table {
        let between = [b"a", bytes, b"b"].concat();
        let expected = [plain(Char('a')), Input::Reply(reply), plain(Char('b'))];
        assert_eq!(read(&[&between]), expected, "{bytes:?}");
        let single: Vec<&[u8]> = between.chunks(1).collect();
        assert_eq!(read(&single), expected, "{bytes:?} byte by byte");
    }
}

#[test]
fn what_nobody_asked_for_types_nothing() {
    let strange: [&[u8]; 7] = [
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1b]52;c;cm0gLXJm\x07",
        b"\x1bP1$r0m\x1b\\",
        b"\x1b_Gno\x1b\\",
        b"\x1b[?2026;2$y",
        b"\x1b[8;24;80t",
        b"\x1b[?997;1n",
    ];
    for bytes in strange {
        let between = [bytes, b"b"].concat();
        assert_eq!(read(&[&between]), [plain(Char('b'))], "{bytes:?}");
    }
}

#[test]
fn clicks_wheel_and_focus_are_read() {
    let mouse = |kind, column, row| {
        Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
    };
    let click = MouseEventKind::Down(MouseButton::Left);
    assert_eq!(read(&[b"\x1b[<0;20;10M"]), [mouse(click, 19, 9)]);
    assert_eq!(read(&[b"\x1b[M !!"]), [mouse(click, 0, 0)]);
    assert_eq!(read(&[b"\x1b[<64;1;1M"]), [mouse(MouseEventKind::ScrollUp, 0, 0)]);
    assert_eq!(read(&[b"\x1b[I\x1b[O"]), [Input::Focus(true), Input::Focus(false)]);
}

#[test]
fn no_bytes_are_kept_without_end() {
    let mut keyboard = Keyboard::default();
    for beginning in [&b"\x1b["[..], b"\x1bP", b"\x1b]", b"\x1b_", &[0xe3]] {
        keyboard.read(beginning, |_| {});
        for _ in 0..10_000 {
            keyboard.read(b"00000000", |_| {});
        }
        assert!(keyboard.sequence.len() <= MAX_STRING_BYTES + 2, "{}", keyboard.sequence.len());
        keyboard.settle(|_| {});
    }
}

#[test]
fn a_repeat_is_told_from_a_press_where_the_terminal_does() {
    let kinds = |bytes: &[u8]| -> Vec<KeyEventKind> {
        let kind = |input| match input {
            Input::Key(press) => press.event.kind,
            other => panic!("{other:?}"),
        };
        read(&[bytes]).into_iter().map(kind).collect()
    };
    assert_eq!(
        kinds(b"\x1b[15;1:1~\x1b[15;1:2~\x1b[15;1:3~"),
        [KeyEventKind::Press, KeyEventKind::Repeat]
    );
    assert_eq!(kinds(b"\x1b[13;1:2u"), [KeyEventKind::Repeat]);
}

/// Keys in all forms and replies, each whole.
const STREAM: [&[u8]; 36] = [
    b"a",
    b"A",
    "月".as_bytes(),
    b"\r",
    b"\x03",
    b"[",
    b"1",
    b"~",
    b"\x1b[A",
    b"\x1bOA",
    b"\x1bOP",
    b"\x1b[[A",
    b"\x1b[1;5D",
    b"\x1b[15~",
    b"\x1b[3;2~",
    b"\x1b[Z",
    b"\x1b[27;5;99~",
    b"\x1b[27;3;13~",
    b"\x1b[97;5u",
    b"\x1b[97:65;2:1;65u",
    b"\x1b[15;1:2~",
    b"\x1b[I",
    b"\x1b[<0;20;10M",
    b"\x1b[M !!",
    b"\x1b[200~a\x1b[A fox\x1b[201~",
    b"\x1b[12;40R",
    b"\x1b[6;18;9t",
    b"\x1b[?62;4;22c",
    b"\x1bP>|XTerm(390)\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    b"\x1b]52;c;cm0gLXJm\x07",
    b"\x1bP1$r0m\x1b\\",
    b"\x1b[?2026;2$y",
    b"\x1b[?997;1n",
    b"\x1b[8;24;80t",
];

/// Chance that is the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// What comes of `bytes` where reads and pauses cut them anywhere; `whole` says where none does.
fn cut(bytes: &[u8], chance: &mut Chance, whole: impl Fn(&[u8]) -> bool) -> Vec<Input> {
    const PAUSES_MS: [u64; 6] = [0, 0, 45, 60, 200, 450];
    let (mut keyboard, mut all, mut start) = (Keyboard::default(), Vec::new(), 0);
    for end in 1..=bytes.len() {
        if end < bytes.len() && (whole(&bytes[..end]) || chance.below(3) == 0) {
            continue;
        }
        keyboard.read(&bytes[start..end], |input| all.push(input));
        let pause = PAUSES_MS[chance.below(PAUSES_MS.len())];
        wait(&mut keyboard, Duration::from_millis(pause), &mut all);
        start = end;
    }
    wait(&mut keyboard, Duration::MAX, &mut all);
    all
}

/// The same keys come out however the bytes come apart, and nothing of a reply becomes text. One thing can't be
/// decided: whether an escape that comes alone is a key.
#[test]
fn bytes_may_come_apart_anywhere_but_behind_an_escape() {
    let mut chance = Chance(4711);
    for _ in 0..3000 {
        let parts: Vec<&[u8]> = (0..6).map(|_| STREAM[chance.below(STREAM.len())]).collect();
        let bytes = parts.concat();
        let expected = read(&[&bytes]);
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let behind_an_escape = |begun: &[u8]| begun.ends_with(b"\x1b");
        assert_eq!(cut(&bytes, &mut chance, behind_an_escape), expected, "{shown:?}");
        // Where it counted as a key there is an Esc more, and all else is the same.
        let more = cut(&bytes, &mut chance, |_| false);
        let more: Vec<Input> = more.into_iter().filter(|input| *input != plain(Esc)).collect();
        assert_eq!(more, expected, "{shown:?}");
    }
}

/// Byte by byte, as over a serial line: an Esc at most, and nothing typed.
#[test]
fn a_slow_line_types_nothing() {
    for bytes in STREAM.iter().filter(|bytes| bytes[0] == ESC) {
        for pause in [50, 100, 300, 499] {
            let (mut keyboard, mut all) = (Keyboard::default(), Vec::new());
            for byte in *bytes {
                keyboard.read(&[*byte], |input| all.push(input));
                wait(&mut keyboard, Duration::from_millis(pause), &mut all);
            }
            let expected: Vec<Input> = std::iter::once(plain(Esc)).chain(read(&[bytes])).collect();
            assert_eq!(all, expected, "{bytes:?} with {pause} ms between");
        }
    }
}

/// Esc and then a letter that sequences have too, as a person presses them.
#[test]
fn what_a_person_types_behind_an_escape_counts() {
    for (text, pause) in [
        ("[", 100),
        ("[2", 300),
        ("P", 400),
        ("Px", 100),
        ("O", 45),
        ("[x", 60),
        ("u", 45),
        ("[A", 600),
    ] {
        let (mut keyboard, mut all) = (Keyboard::default(), Vec::new());
        for byte in [&[ESC][..], text.as_bytes()].concat() {
            keyboard.read(&[byte], |input| all.push(input));
            wait(&mut keyboard, Duration::from_millis(pause), &mut all);
        }
        wait(&mut keyboard, Duration::MAX, &mut all);
        let typed: Vec<Input> =
            text.chars().flat_map(|c| read(&[c.to_string().as_bytes()])).collect();
        assert_eq!(all, [vec![plain(Esc)], typed].concat(), "{text} with {pause} ms between");
    }
}

#[test]
fn a_key_counts_behind_a_reply_that_broke_off() {
    let typed = [plain(Char('a')), plain(Enter)];
    for broken in ["\x1bP>|XTer", "\x1b_Gi=3", "\x1b]11;rg"] {
        assert_eq!(read(&[broken.as_bytes(), b"\x1b[A"]), [plain(Up)], "{broken:?}");
        assert_eq!(read(&[broken.as_bytes(), b"\r"]), [plain(Enter)], "{broken:?}");
        let (mut keyboard, mut all) = (Keyboard::default(), Vec::new());
        keyboard.read(broken.as_bytes(), |input| all.push(input));
        wait(&mut keyboard, REST, &mut all);
        keyboard.read(b"a\r", |input| all.push(input));
        assert_eq!(all, typed, "{broken:?}");
    }
    assert_eq!(
        read(&[b"\x1bPa\r"]),
        [key(Char('P'), KeyModifiers::ALT | SHIFT), typed[0].clone(), typed[1].clone()]
    );
    assert_eq!(read(&[b"\x1b[\r"]), [key(Char('['), KeyModifiers::ALT), plain(Enter)]);
    assert_eq!(read(&[b"\x1b[1\r"]), [plain(Enter)]);
}
