use super::*;

fn asked() -> Images {
    let mut images = Images::default();
    let questions = images.wish(Wish::Auto, Between::Nothing).expect("questions");
    assert!(questions.ends_with(b"\x1b[c"), "every terminal answers the last one");
    images
}

fn after(replies: impl IntoIterator<Item = Reply>) -> Option<Form> {
    let mut images = asked();
    replies.into_iter().for_each(|reply| images.take(reply));
    images.form()
}

fn named(name: &str) -> Reply {
    Reply::Version(name.to_owned())
}

#[test]
fn half_blocks_are_drawn_until_something_better_is_proved() {
    let cell = || Reply::Cell { width_px: 9, height_px: 20 };
    let (sixel, none) = (Reply::Attributes { sixel: true }, Reply::Attributes { sixel: false });
    let kitty = |id: u32, ok: bool| Reply::Kitty { id, ok };
    assert_eq!(after([]), None, "nothing is said");
    assert_eq!(after([none, cell(), named("XTerm(379)")]), None);
    assert_eq!(after([sixel.clone()]), None, "a cell may have any size");
    assert_eq!(after([cell(), sixel.clone()]), Some(Form::Sixel));
    assert_eq!(after([kitty(KITTY_ID, true)]), Some(Form::Kitty));
    assert_eq!(after([kitty(KITTY_ID, false)]), None, "it says why not");
    assert_eq!(after([kitty(7, true)]), None, "another program's picture");
    assert_eq!(after([named("WezTerm 2024"), cell(), sixel]), Some(Form::Iterm2));
    assert_eq!(after([kitty(KITTY_ID, true), named("iTerm2 3.5.1")]), Some(Form::Iterm2));
}

#[test]
fn what_the_config_says_needs_no_proof_and_is_not_outdone_by_one() {
    let form = |wish, between| {
        let mut images = Images::default();
        let is_asked = images.wish(wish, between).is_some();
        images.take(Reply::Kitty { id: KITTY_ID, ok: true });
        (images.form(), is_asked)
    };
    assert_eq!(form(Wish::HalfBlocks, Between::Nothing), (None, false));
    assert_eq!(form(Wish::Off, Between::Nothing), (None, false));
    assert_eq!(form(Wish::Auto, Between::Multiplexer), (None, false));
    assert_eq!(form(Wish::Auto, Between::Plain), (None, false));
    assert_eq!(form(Wish::Kitty, Between::Plain), (Some(Form::Kitty), true));
    assert_eq!(form(Wish::Iterm2, Between::Nothing), (Some(Form::Iterm2), true));
    assert_eq!(form(Wish::Iterm2, Between::Multiplexer), (None, false));
    assert_eq!(form(Wish::Sixel, Between::Multiplexer), (Some(Form::Sixel), true));
}

#[test]
fn a_cell_of_a_size_that_none_has_is_not_believed() {
    let mut images = asked();
    for (width_px, height_px) in [(0, 20), (9, 0), (65535, 20)] {
        images.take(Reply::Cell { width_px, height_px });
        assert_eq!(images.cell_px(), LEAST_CELL_PX);
    }
    images.take(Reply::Cell { width_px: 9, height_px: 20 });
    assert_eq!(images.cell_px(), (9, 20));
}
