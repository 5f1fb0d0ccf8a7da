//! What is executed is shown, and keys do what the help says.

use super::{execute, filter, has_row, only, rows};
use crate::elf;
use crate::live::storm::storm;
use crate::tmux::Tmux;
use std::process::Command;

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn an_exec_is_shown_on_screens_of_both_sizes() {
    for (width, height) in [(80, 24), (120, 40)] {
        let tmux = Tmux::open(width, height);
        tmux.start(&only("true"));
        execute("seen-by-the-screen");
        let screen = tmux.wait("the row", |screen| {
            has_row(screen, "/bin/true seen-by-the-screen")
        });
        let lines: Vec<_> = screen.lines().collect();
        assert_eq!(lines.len(), usize::from(height));
        assert!(lines[0].contains("live"), "{screen}");
        assert!(lines.last().unwrap().contains("f filter"), "{screen}");
        assert!(screen.contains("COMMAND"), "{screen}");
        tmux.press(&["q"]);
        tmux.wait_for_prompt();
    }
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn filters_narrow_the_list_and_are_taken_back() {
    let tmux = Tmux::open(120, 40);
    tmux.start(&only("true"));
    let alpha = execute("alpha-one");
    execute("beta-two");
    let both = |screen: &str| has_row(screen, "alpha-one") && has_row(screen, "beta-two");
    let alpha_only = |screen: &str| has_row(screen, "alpha-one") && !has_row(screen, "beta-two");
    tmux.wait("both", both);

    tmux.press(&["f"]);
    tmux.type_text("alpha");
    tmux.wait("a filter as it is typed", alpha_only);
    tmux.press(&["Enter"]);
    tmux.wait_for(&format!("filter {} alpha", filter("true")));
    tmux.press(&["BSpace"]);
    tmux.wait("the filter before", both);

    tmux.press(&["f"]);
    tmux.type_text("beta");
    tmux.wait("beta", |screen| !has_row(screen, "alpha-one"));
    tmux.press(&["Escape"]);
    tmux.wait("the prompt given up", both);

    tmux.press(&["g", "p"]);
    let text = format!("{} pid={alpha}", filter("true"));
    tmux.wait("by pid", |s| alpha_only(s) && s.contains(&text));
    tmux.press(&["Enter"]);
    tmux.wait_for(&format!("filter {text}"));
    tmux.press(&["BSpace"]);
    tmux.wait("the filter before", both);

    tmux.press(&["c", "Enter"]);
    let text = format!("filter {} comm=true", filter("true"));
    tmux.wait("by comm", |s| both(s) && s.contains(&text));
    tmux.press(&["f"]);
    tmux.type_text("pid=x");
    tmux.wait_for("`x` is not a number");
    tmux.press(&["Escape"]);
    tmux.wait("the prompt given up", |s| !s.contains("pid=x"));
    tmux.press(&["q"]);
    tmux.wait_for_prompt();
}

/// Returns how many execs wait while the view is paused.
fn waiting(screen: &str) -> u32 {
    let (before, _) = screen.split_once(" waiting").unwrap_or_default();
    let (_, number) = before.rsplit_once('+').unwrap_or_default();
    number.replace(',', "").parse().unwrap_or(0)
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn sort_pause_details_and_help() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = elf::write(dir.path());
    let tmux = Tmux::open(120, 40);
    tmux.start(&only("true"));
    let zulu = execute("zulu");
    execute("alpha");
    let order = |screen: &str| -> Vec<char> {
        let last = rows(screen).filter_map(|row| row.split_whitespace().last());
        last.filter_map(|word| word.chars().next()).collect()
    };
    tmux.wait("in order of arrival", |s| order(s) == ['z', 'a']);
    // The fields are in the order of the columns: the eighth after the time is the command.
    tmux.press(&["s"]);
    tmux.wait_for("─ sort by ─");
    for _ in 0..8 {
        tmux.press(&["Down"]);
    }
    tmux.press(&["Enter"]);
    tmux.wait("by command", |s| {
        s.contains("COMMAND ▲") && order(s) == ['a', 'z']
    });
    tmux.press(&["I"]);
    tmux.wait("turned around", |s| {
        s.contains("COMMAND ▼") && order(s) == ['z', 'a']
    });

    tmux.press(&["Space"]);
    let paused = tmux.wait_for("paused, +");
    execute("mike");
    // What waits counts every exec, tmux's calls among them: after so many, that one is in.
    storm(&tiny, 250);
    tmux.wait("those that wait", |s| waiting(s) >= waiting(&paused) + 500);
    assert_eq!(order(&tmux.screen()), ['z', 'a'], "the view stands still");
    tmux.press(&["Space"]);
    tmux.wait("what came meanwhile", |s| order(s) == ['z', 'm', 'a']);

    tmux.press(&["g", "Enter"]);
    let title = format!("─ {zulu} true ─");
    tmux.wait("details", |s| s.contains(&title) && s.contains("ARGV0"));
    tmux.press(&["Escape"]);
    tmux.wait("no details", |s| !s.contains("ARGV0"));
    tmux.press(&["?"]);
    tmux.wait_for("─ help ─");
    tmux.press(&["Escape"]);
    tmux.wait("no help", |s| !s.contains("─ help ─"));
    tmux.press(&["q"]);
    tmux.wait_for_prompt();
}

#[test]
#[ignore = "needs root: cargo xtask test runs it"]
fn the_tree_shows_children_below_their_parent_and_folds() {
    let tmux = Tmux::open(120, 40);
    tmux.start(&only("sleep"));
    let mut child = Command::new("/bin/sleep").arg("611").spawn().unwrap();
    tmux.wait("its row", |screen| has_row(screen, "/bin/sleep 611"));
    tmux.press(&["t"]);
    let pid = child.id().to_string();
    let line = |screen: &str, pid: &str| {
        let first = |line: &str| line.trim_start_matches(['▌', ' ']).split(' ').next() == Some(pid);
        screen.lines().position(first)
    };
    let screen = tmux.wait("the tree", |s| {
        s.contains("[2 Tree]") && line(s, &pid).is_some()
    });
    let above = line(&screen, &std::process::id().to_string());
    assert_eq!(
        above.map(|above| above + 1),
        line(&screen, &pid),
        "{screen}"
    );
    // It is selected: to the parent, and fold that.
    tmux.press(&["-", "-"]);
    tmux.wait("folded", |s| line(s, &pid).is_none());
    tmux.press(&["+"]);
    tmux.wait("unfolded", |s| line(s, &pid).is_some());
    tmux.press(&["t"]);
    tmux.wait("the table", |s| has_row(s, "/bin/sleep 611"));
    child.kill().unwrap();
    child.wait().unwrap();
    tmux.wait("its end", |s| rows(s).any(|row| row.contains("KILL")));
    tmux.press(&["q"]);
    tmux.wait_for_prompt();
}
