//! What goes to the clipboard.

use super::*;
use crate::app::AppOptions;
use crate::event::Event;
use crate::fixture::*;

fn copied(events: Vec<Event>, key: Action) -> Result<String, String> {
    let mut app = App::new(model(100), AppOptions::default());
    app.apply(events);
    app.hits.screen.width = 120;
    app.act(Action::Top);
    app.act(Action::Copy);
    app.act(key);
    let requests = app.take_requests();
    match &requests[..] {
        [Request::Copy(text)] => Ok(text.clone()),
        _ => Err(app.notice.map(|notice| notice.text).unwrap_or_default()),
    }
}

fn command_of(change: impl FnOnce(&mut Exec)) -> Result<String, String> {
    let mut exec = exec(MS, 50_000, 4711, &["/usr/bin/ls", "-l", "a b"]);
    change(&mut exec);
    copied(vec![Event::Exec(Box::new(exec))], Action::CopyCommand)
}

#[test]
fn a_command_does_the_same_again() {
    let of = |change: fn(&mut Exec)| command_of(change).unwrap();
    assert_eq!(
        of(|_| {}),
        "(cd -- /home/alice/src && /usr/bin/ls -l 'a b')"
    );
    assert_eq!(of(|e| e.cwd = None), "/usr/bin/ls -l 'a b'");
    let called = |e: &mut Exec| e.args = crate::event::Args::from_list(&["-ls", "$(x)"]);
    assert_eq!(
        of(called),
        "(cd -- /home/alice/src && exec -a -ls /usr/bin/ls '$(x)')"
    );
    let bare = |e: &mut Exec| {
        e.args = crate::event::Args::from_list(&["ls"]);
        e.filename = Some(b"ls"[..].into());
    };
    assert_eq!(of(bare), "(cd -- /home/alice/src && ./ls)");
    let held = |e: &mut Exec| e.filename = Some(b"/dev/fd/3"[..].into());
    assert_eq!(of(held), "(cd -- /home/alice/src && /usr/bin/ls -l 'a b')");
    let none = |e: &mut Exec| {
        e.args = crate::event::Args::from_list::<&str>(&[]);
        e.cwd = None;
    };
    assert_eq!(of(none), "/usr/bin/ls");
}

#[test]
fn half_a_command_is_not_copied() {
    let not = |change: fn(&mut Exec)| command_of(change).unwrap_err();
    let cut = |e: &mut Exec| {
        e.args.capture = Capture::Truncated;
        e.args.true_size = Some(9_000);
    };
    assert!(not(cut).contains("8.8 KiB of the arguments were not captured"));
    let relative = |e: &mut Exec| {
        e.filename = Some(b"./x"[..].into());
        e.cwd = None;
    };
    assert!(not(relative).contains("relative"));
    let unknown = |e: &mut Exec| (e.filename, e.exe) = (None, None);
    assert!(not(unknown).contains("not known"));
}

#[test]
fn everything_of_a_row_is_copied() {
    let events = || vec![ran(MS, 50_000, 4711, &["/usr/bin/ls", "-l", "a\tb\u{1b}"])];
    assert_eq!(copied(events(), Action::CopyPid).unwrap(), "50000");
    let argv = copied(events(), Action::CopyArgv).unwrap();
    assert_eq!(argv, "/usr/bin/ls -l $'a\\011b\\033'");
    let json = copied(events(), Action::CopyJson).unwrap();
    assert!(json.starts_with("{\"event\":\"exec\"") && json.ends_with("}\n"));
    let row = copied(events(), Action::CopyRow).unwrap();
    assert!(row.ends_with("\t/usr/bin/ls -l a\\tb\\e"), "{row:?}");
    assert!(row.contains("\t50000\t4711\tbash\talice\tok\t"), "{row:?}");
    let first = copied(vec![lost(MS, 3)], Action::CopyPid).unwrap_err();
    assert!(first.contains("lost"));
}

#[test]
fn what_no_terminal_takes_is_not_sent() {
    let long = "x".repeat(CLIPBOARD);
    let events = vec![ran(MS, 50_000, 4711, &["/bin/echo", &long])];
    let why = copied(events, Action::CopyArgv).unwrap_err();
    assert!(
        why.contains("73 KiB") && why.contains("not copied"),
        "{why}"
    );
}
