//! What a person can ask the screen to do. Keys map to these in [`crate::keymap`].

macro_rules! actions {
    ($(#[doc = $doc:literal] $name:ident,)*) => {
        /// One thing that the screen can do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $doc] $name,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns what it does, in a sentence.
            pub fn doc(self) -> &'static str {
                let doc = match self {
                    $(Self::$name => $doc,)*
                };
                doc.trim()
            }

            /// Returns its name in a configuration, such as "page-up".
            pub fn name(self) -> String {
                let name = match self {
                    $(Self::$name => stringify!($name),)*
                };
                let mut out = String::new();
                for c in name.chars() {
                    if c.is_ascii_uppercase() && !out.is_empty() {
                        out.push('-');
                    }
                    out.push(c.to_ascii_lowercase());
                }
                out
            }
        }
    };
}

actions! {
    /// Moves one line up.
    Up,
    /// Moves one line down.
    Down,
    /// Moves one screenful up.
    PageUp,
    /// Moves one screenful down.
    PageDown,
    /// Moves half a screenful up.
    HalfUp,
    /// Moves half a screenful down.
    HalfDown,
    /// Goes to the first line.
    Top,
    /// Goes to the last line.
    Bottom,
    /// Scrolls the commands to their beginning's side.
    Left,
    /// Scrolls the commands to their end's side.
    Right,
    /// Scrolls the commands to their beginning.
    LineStart,
    /// Scrolls the commands to their end.
    LineEnd,
    /// Shows the table of events.
    ViewEvents,
    /// Shows the tree of processes.
    ViewTree,
    /// Shows rows put together.
    ViewGroup,
    /// Shows how much happened when.
    ViewRate,
    /// Shows what failed.
    ViewFailures,
    /// Shows the next view.
    NextView,
    /// Shows the view before.
    PreviousView,
    /// Shows the tree, or the table if the tree is shown.
    ToggleTree,
    /// Keeps the newest event selected, or no longer.
    Follow,
    /// Freezes the view, or thaws it; the capture goes on.
    Pause,
    /// Looks at the moment of the event before.
    MomentBefore,
    /// Looks at the moment of the next event.
    MomentNext,
    /// Looks at the moment a second earlier.
    SecondBefore,
    /// Looks at the moment a second later.
    SecondNext,
    /// Replays slower.
    Slower,
    /// Replays faster.
    Faster,
    /// Replays one event.
    StepReplay,
    /// Asks for a text to find; hides nothing.
    Search,
    /// Goes to the next event that was searched.
    SearchNext,
    /// Goes to the previous event that was searched.
    SearchPrevious,
    /// Asks for a filter; hides what does not pass.
    Filter,
    /// Asks for a filter by pid.
    FilterPid,
    /// Asks for a filter by task name.
    FilterComm,
    /// Asks for a filter by user.
    FilterUser,
    /// Goes back to the filter before.
    UndoFilter,
    /// Shows everything again.
    ClearFilter,
    /// Shows the terms of the filter.
    FilterList,
    /// Takes the selected term out of the filter.
    RemoveTerm,
    /// Shows failures only, or no longer.
    FailuresOnly,
    /// Goes to the next failed exec.
    NextFailure,
    /// Goes to the previous failed exec.
    PreviousFailure,
    /// Offers the fields to sort by.
    SortMenu,
    /// Sorts by the column to the left.
    SortLeft,
    /// Sorts by the column to the right.
    SortRight,
    /// Turns the order around.
    InvertSort,
    /// Unfolds a process, or goes to its first child.
    Unfold,
    /// Folds a process, or goes to its parent.
    Fold,
    /// Folds a process, or unfolds it.
    ToggleFold,
    /// Unfolds every process, or folds every process.
    ToggleAll,
    /// Shows processes that executed nothing too, or no longer.
    ShowIdle,
    /// Offers the fields to group by.
    GroupBy,
    /// Marks what is selected, or no longer.
    Mark,
    /// Offers the fields that can be columns.
    Columns,
    /// Moves the selected column one to the left.
    ColumnBefore,
    /// Moves the selected column one to the right.
    ColumnAfter,
    /// Makes the selected column wider.
    Wider,
    /// Makes the selected column narrower.
    Narrower,
    /// Gives the selected column its usual width.
    UsualWidth,
    /// Takes the columns that there are by default.
    ResetColumns,
    /// Asks what to copy.
    Copy,
    /// Asks for the name of a file to save to.
    Save,
    /// Copies a command that does the same.
    CopyCommand,
    /// Copies the process id.
    CopyPid,
    /// Copies the arguments.
    CopyArgv,
    /// Copies the event.
    CopyJson,
    /// Copies the cells.
    CopyRow,
    /// Shows the next part of the details.
    NextTab,
    /// Shows the part of the details before.
    PreviousTab,
    /// Marks the cell to the left.
    CellLeft,
    /// Marks the cell to the right.
    CellRight,
    /// Keeps only the rows that have the marked cell's value.
    KeepCell,
    /// Hides the rows that have the marked cell's value.
    ExcludeCell,
    /// Keeps only the rows that have the selected fact.
    KeepFact,
    /// Hides the rows that have the selected fact.
    ExcludeFact,
    /// Show secrets of a command line that are masked, or mask them again.
    Reveal,
    /// Gives less time to a column of the chart.
    FinerSpan,
    /// Gives more time to a column of the chart.
    CoarserSpan,
    /// Tells PATH misses by what was looked for, or all in one line.
    SplitMisses,
    /// Shows the events behind the selected line.
    Drill,
    /// Shows every fact of the selected line.
    Details,
    /// Goes to the parent.
    Parent,
    /// Shows the processes above and below.
    Lineage,
    /// Makes the selected process the root of the tree, or shows all again.
    Zoom,
    /// Shows the whole command of the selected line below the view, or no longer.
    Wrap,
    /// Marks the selected row, or takes the mark away.
    ToggleMark,
    /// Goes to the next marked row.
    NextMark,
    /// Goes to the marked row before.
    PreviousMark,
    /// Asks what to do: every action by its name, and commands.
    Palette,
    /// Shows the screen in the next theme.
    NextTheme,
    /// Shows the keys and the columns.
    Help,
    /// Closes what is on top.
    Close,
    /// Ends the program.
    Quit,
    /// Paints the whole screen anew.
    Redraw,
    /// Stops the program and gives the terminal to the shell.
    Suspend,
    /// Takes what is selected or was typed.
    Accept,
    /// Swaps searching and filtering.
    SwapPrompt,
    /// Puts what is offered into the line, or asks for offers.
    Complete,
    /// Offers lines that were typed earlier.
    Recall,
    /// Moves the text cursor left.
    CursorLeft,
    /// Moves the text cursor right.
    CursorRight,
    /// Moves the text cursor to the start.
    CursorStart,
    /// Moves the text cursor to the end.
    CursorEnd,
    /// Deletes the character before the text cursor.
    EraseChar,
    /// Deletes the character under the text cursor.
    DeleteChar,
    /// Deletes the word before the text cursor.
    EraseWord,
    /// Deletes the text before the text cursor.
    EraseLine,
}
