//! Everything that a key, the palette or the mouse can ask for. Help, footer and keymap are made
//! from this one table, so they can't be wrong.

use std::str::FromStr;

macro_rules! actions {
    ($($variant:ident, $name:literal, $short:literal, $title:literal;)*) => {
        /// A named intent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $(#[doc = $title] $variant,)*
        }

        impl Action {
            /// Every action, in the order of the help.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in the keymap file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// A word or two for the footer.
            pub fn short(self) -> &'static str {
                match self { $(Self::$variant => $short,)* }
            }

            /// A sentence for help and palette.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }

        impl FromStr for Action {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok(Self::$variant),)*
                    other => Err(format!("'{other}' is not a valid action; the default keymap lists them")),
                }
            }
        }
    };
}

actions! {
    Submit, "submit", "submit", "Submit what prompt and settings say";
    NextPane, "next-pane", "next pane", "Go to the next pane";
    PreviousPane, "previous-pane", "previous pane", "Go to the previous pane";
    FocusPrompt, "prompt", "prompt", "Write the prompt";
    FocusSettings, "settings", "settings", "Choose model and settings";
    FocusJobs, "jobs", "jobs", "Go to the jobs";
    FocusPreview, "preview", "preview", "Go to the preview";
    Models, "models", "models", "Choose from all models, also retired and delisted ones";
    History, "history", "history", "Go to the history, or back to the studio";
    Search, "search", "search", "Search the history";
    Back, "back", "back", "Go one level back";
    Palette, "palette", "commands", "List everything that can be done";
    Help, "help", "help", "Show the keys of this pane";
    Editor, "editor", "editor", "Write the prompt in your own editor";
    Undo, "undo", "undo", "Undo the last change";
    Redo, "redo", "redo", "Redo the change";
    Up, "up", "up", "Go up";
    Down, "down", "down", "Go down";
    Left, "left", "value", "The value before, or a second back in the clip";
    Right, "right", "value", "The value after, or a second on in the clip";
    First, "first", "first", "Go to the first";
    Last, "last", "last", "Go to the last";
    PageUp, "page-up", "page up", "Go up by half a page";
    PageDown, "page-down", "page down", "Go down by half a page";
    Reset, "reset", "default", "Put the setting back: no image, any seed";
    Enter, "enter", "details", "Open what is chosen, or change it";
    Promote, "promote", "promote", "Make the final of a draft, or the same larger";
    Sheet, "sheet", "sheet", "Show the contact sheet, or the poster";
    Open, "open", "open", "Open the clip in the system player";
    Play, "play", "play", "Play the clip, or pause it";
    Step, "step", "frame", "One frame on";
    StepBack, "step-back", "frame back", "One frame back";
    HalfSpeed, "half-speed", "half speed", "Half speed, or whole";
    Loop, "loop", "loop", "Play the clip over and over, or once";
    Zoom, "zoom", "zoom", "Show the clip on the whole terminal, or in its pane";
    Recall, "recall", "recall", "Bring the job back into the form";
    RecallPrompt, "recall-prompt", "prompt", "Bring the job's prompt back";
    RecallSeed, "recall-seed", "seed", "Bring the job's seed back";
    Remix, "remix", "remix", "Bring all but the seed back";
    Retry, "retry", "retry", "Submit the same again, as a new job";
    Cancel, "cancel", "cancel", "Stop the job, while it can be stopped";
    LookUp, "look-up", "look up", "Ask the provider for a job in doubt";
    Dashboard, "dashboard", "dashboard", "Open the provider's dashboard";
    Close, "close", "close", "Close a job in doubt";
    Mark, "mark", "mark", "Mark the job for the next comparison, or take the mark away";
    Compare, "compare", "compare", "Compare with the marked job, the closest relative or the next older clip";
    PickLeft, "pick-left", "left wins", "The left one is the better one: a star and a win";
    PickRight, "pick-right", "right wins", "The right one is the better one: a star and a win";
    Swap, "swap", "swap", "Swap the two sides";
    NextPair, "next-pair", "next pair", "Keep the better one, or the left one, and bring the next older clip";
    Chain, "chain", "next shot", "Go on from the last frame, as the first of the next shot";
    ExportFrame, "export-frame", "frame", "Write the shown frame as a PNG file";
    NextResult, "next-result", "result", "Bring the next result of the job to the front";
    PreviousResult, "previous-result", "result back", "Bring the result before to the front";
    Star, "star", "star", "Star the job, or take the star away";
    Note, "note", "note", "Write a note on the job";
    CopyPrompt, "copy-prompt", "copy prompt", "Copy the job's prompt";
    CopyUrl, "copy-url", "copy URL", "Copy the clip's address at the provider";
    CopyPath, "copy-path", "copy path", "Copy the clip's path";
    CopyScp, "copy-scp", "copy scp", "Copy an scp line that fetches the clip";
    ClearPrompt, "clear-prompt", "clear", "Empty the prompt; undo brings it back";
    ToggleMouse, "toggle-mouse", "mouse", "Give the terminal the mouse, or take it";
    NextTheme, "next-theme", "theme", "Take the next theme";
    SaveReport, "save-report", "report", "Save a report on what happened last, without texts and keys";
    Redraw, "redraw", "redraw", "Paint the whole screen again";
    Suspend, "suspend", "suspend", "Suspend the program; fg brings it back";
    Quit, "quit", "quit", "Quit; jobs go on at the provider";
}
